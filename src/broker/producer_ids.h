#pragma once

#include <leat/result.h>

#include <deque>
#include <functional>
#include <mutex>

#include "metadata/controller.h"

namespace leat::broker {

/// Hands out producer ids from blocks that the controller allocates (C10). Safe from any thread.
class ProducerIds {
 public:
  using Done = std::function<void(Result<std::int64_t>)>;
  ProducerIds(metadata::Controller& controller, NodeId self) : controller_(controller), self_(self) {}
  void next(Done done);

 private:
  void ask_for_more();
  void refill(const protocol::AllocateProducerIdsResponse& block);

  metadata::Controller& controller_;
  const NodeId self_;
  std::mutex mutex_;  // a leaf: guards all below
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  std::deque<Done> waiting_;
  bool refilling_ = false;
};

}  // namespace leat::broker
