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
  explicit ProducerIds(metadata::Controller& controller) : controller_(controller) {}
  void next(Done done);

 private:
  void refill(Result<std::pair<std::int64_t, std::int32_t>> block);

  metadata::Controller& controller_;
  std::mutex mutex_;  // a leaf: guards all below
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  std::deque<Done> waiting_;
  bool refilling_ = false;
};

}  // namespace leat::broker
