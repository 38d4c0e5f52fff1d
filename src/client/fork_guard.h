#pragma once

#include <leat/result.h>

#include <cstdint>

namespace leat::client {

/// Knows whether the process has forked since this was made. The child has neither the threads nor the
/// locks' owners of its parent, so nothing of the parent's may be touched there. Safe from any thread.
class ForkGuard {
 public:
  ForkGuard();
  bool is_child() const noexcept;
  /// `closed` in the child.
  Result<void> check() const;

 private:
  std::uint64_t generation_;
};

}  // namespace leat::client
