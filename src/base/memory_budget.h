#pragma once

#include <atomic>
#include <cstddef>

namespace leat {

/// One broker's limit on the memory that peers can make it hold: request frames, fetch buffers,
/// sessions, groups. Counting only; whoever reserves also releases. Safe from any thread.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t limit) : limit_(limit) {}

  /// Takes `size` bytes if they fit, or if nothing is taken but the `mine` bytes that the caller holds
  /// already (so that one request larger than the whole budget is admitted alone instead of never).
  /// `spare` bytes are left to others.
  bool try_reserve(std::size_t size, std::size_t mine = 0, std::size_t spare = 0) {
    const std::size_t limit = limit_ - (spare < limit_ ? spare : limit_);
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (used != mine && (used > limit || size > limit - used)) return false;
    } while (!used_.compare_exchange_weak(used, used + size, std::memory_order_relaxed));
    return true;
  }
  void release(std::size_t size) { used_.fetch_sub(size, std::memory_order_relaxed); }

  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  std::size_t limit() const { return limit_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace leat
