#pragma once

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

  Executor& executor;
  const Clock& clock;
  Entropy& entropy;
  FatalHandler on_fatal;
  const ForkGuard fork;
};

}  // namespace leat::client
