#pragma once

#include <leat/result.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "broker/controller_link.h"
#include "protocol/messages/allocate_producer_ids.h"

namespace leat::broker {

/// Hands out producer ids from blocks that the controller allocates (C10). Safe from any thread.
class ProducerIds : public std::enable_shared_from_this<ProducerIds> {
 public:
  using Done = std::function<void(Result<std::int64_t>)>;
  /// `broker_epoch` is this broker's, since its registration.
  ProducerIds(std::shared_ptr<ControllerLink> controller, NodeId self, std::function<std::int64_t()> broker_epoch)
      : controller_(std::move(controller)), self_(self), broker_epoch_(std::move(broker_epoch)) {}
  void next(Done done);

 private:
  void ask_for_more();
  void refill(const Result<protocol::AllocateProducerIdsResponse>& block);

  const std::shared_ptr<ControllerLink> controller_;
  const NodeId self_;
  const std::function<std::int64_t()> broker_epoch_;
  std::mutex mutex_;  // a leaf: guards all below
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  std::deque<Done> waiting_;
  bool refilling_ = false;
};

}  // namespace leat::broker
