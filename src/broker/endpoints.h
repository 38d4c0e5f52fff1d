#pragma once

#include <mutex>
#include <vector>

#include "metadata/image.h"

namespace leat::broker {

/// Where this broker's listeners can be reached right now; servers come and go while it runs.
class Endpoints {
 public:
  explicit Endpoints(std::vector<metadata::Endpoint> initial) : all_(std::move(initial)) {}
  void set(std::vector<metadata::Endpoint> all) {
    std::lock_guard lock(mutex_);
    all_ = std::move(all);
  }
  std::vector<metadata::Endpoint> all() const {
    std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<metadata::Endpoint> all_;
};

}  // namespace leat::broker
