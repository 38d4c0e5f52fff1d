#pragma once

#include <leat/result.h>

#include <cstdint>
#include <memory>

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

/// Ends what a public handle holds. In the child of a fork it is left alone: it is the parent's, and what that one's
/// threads held or waited for stays so.
template <class Impl>
void drop(std::unique_ptr<Impl> impl) {
  if (impl && impl->fork.is_child()) (void)impl.release();
}

}  // namespace leat::client
