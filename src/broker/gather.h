#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "broker/request.h"

namespace leat::broker {

/// A response made of parts that come in any order and from any thread, each written to a place of its own.
/// Whoever asks for the parts holds one share and gives it back last, so that nothing leaves too early.
template <class Response>
class Gather {
 public:
  explicit Gather(Respond respond) : respond_(std::move(respond)) {}

  Response response;
  void expect() { left_.fetch_add(1, std::memory_order_relaxed); }
  void arrived() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) respond_({.message = std::move(response)});
  }

 private:
  const Respond respond_;
  std::atomic<int> left_ = 1;
};

}  // namespace leat::broker
