#include "client/fork_guard.h"

#include <pthread.h>

#include <atomic>

namespace leat::client {
namespace {

/// The one thing that brokers of a process share: how often its ancestors have forked since they loaded us.
/// A counter, because asking for the process id at every send would be a system call each.
std::atomic<std::uint64_t> forks = 0;

void register_once() {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  (void)registered;
}

}  // namespace

ForkGuard::ForkGuard() {
  register_once();
  generation_ = forks.load(std::memory_order_relaxed);
}

bool ForkGuard::is_child() const noexcept { return forks.load(std::memory_order_relaxed) != generation_; }

Result<void> ForkGuard::check() const {
  if (is_child()) return Error{Errc::closed, "this belongs to the parent of a forked process"};
  return {};
}

}  // namespace leat::client
