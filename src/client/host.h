#pragma once

#include <atomic>

#include "base/assert.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/executor.h"
#include "client/fork_guard.h"

namespace leat::client {

/// What the clients of one broker, or of one remote cluster, share. Public handles own it together; work
/// under way does not, so that it never dies on a thread of its own executor.
class Host {
 public:
  Host(Executor& executor, const Clock& clock, Entropy& entropy)
      : executor(executor), clock(clock), entropy(entropy) {}
  virtual ~Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Where every public call begins: `closed` after close(), and in the child of a fork.
  Result<void> check() const {
    if (auto ok = fork.check(); !ok) return ok;
    if (is_closed()) return Error{Errc::closed, "the broker was closed"};
    return {};
  }
  void close() { closed_.store(true, std::memory_order_relaxed); }
  bool is_closed() const { return closed_.load(std::memory_order_relaxed); }

  Executor& executor;
  const Clock& clock;
  Entropy& entropy;
  FatalHandler on_fatal;
  const ForkGuard fork;

 private:
  std::atomic<bool> closed_ = false;
};

}  // namespace leat::client
