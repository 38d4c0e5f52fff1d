#pragma once

#include <leat/export.h>

#include <chrono>
#include <cstdint>
#include <functional>

namespace leat {

/// The threads of a host that lends them to its brokers (`BrokerOptions::executor`), which then start none.
///
/// A task may block while it reads or syncs a file; it does not wait for other tasks, so one thread is enough. Order is
/// not promised. A task that comes after its broker was closed does nothing, and one that never comes is not missed then.
/// Both functions are called from any thread, the host's included, at times with locks held: they must not run the
/// task themselves, nor call into Leat.
class LEAT_EXPORT HostExecutor {
 public:
  virtual ~HostExecutor() = default;
  /// Runs `task` once, soon.
  virtual void post(std::function<void()> task) = 0;
  /// Runs `task` once, not before `delay` of the steady clock has passed.
  virtual void post_after(std::chrono::nanoseconds delay, std::function<void()> task) = 0;
};

/// The host's calendar: milliseconds since 1970 UTC, which may jump. It stamps records and decides what is too old. Called
/// from any thread; must not call into Leat. How long things take is measured by the steady clock, whatever this says.
using WallClock = std::function<std::int64_t()>;

}  // namespace leat
