#pragma once

#include <algorithm>

#include "base/types.h"

namespace leat::client {

/// How long to wait before trying again: the first time a small part of `usual`, since what a fresh broker is not ready
/// for it mostly is a few milliseconds later; then twice as long each time, up to ten times `usual`.
class Backoff {
 public:
  explicit Backoff(Duration usual) : first_(std::max(usual / 32, Duration(1))), last_(10 * usual), next_(first_) {}
  Duration next() {
    const Duration wait = next_;
    next_ = std::min(2 * next_, last_);
    return wait;
  }
  void reset() { next_ = first_; }

 private:
  Duration first_, last_, next_;
};

}  // namespace leat::client
