#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/types.h"

namespace leat {

using Task = std::move_only_function<void()>;
enum class TimerId : std::uint64_t { none = 0 };

/// Something that happens once and that a thread may wait for. Set from any thread. May live on the
/// stack of the thread that waits: `Executor::wait` and `block_for` return only when `set` has let go of it.
class Event {
 public:
  void set() {
    std::lock_guard lock(mutex_);
    set_.store(true, std::memory_order_release);
    changed_.notify_all();
    for (const auto* watcher : watchers_) (*watcher)();
  }
  bool is_set() const { return set_.load(std::memory_order_acquire); }
  /// Blocks the thread; for executors whose work others run. False when `timeout` passed first.
  bool block_for(Duration timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return is_set(); });
  }
  /// For executors whose `wait` sleeps elsewhere: `watcher` is called by set(), unless it was before,
  /// until unwatch(). It must not come back to this event.
  void watch(const std::function<void()>& watcher) {
    std::lock_guard lock(mutex_);
    watchers_.push_back(&watcher);
  }
  /// No call of `watcher`, and no set() seen by is_set(), is under way any more when this returns.
  void unwatch(const std::function<void()>& watcher) {
    std::lock_guard lock(mutex_);
    std::erase(watchers_, &watcher);
  }

 private:
  std::atomic<bool> set_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<const std::function<void()>*> watchers_;
};

/// Long enough to cost nothing, short enough that no sum of times overflows.
inline constexpr Duration longest_sleep = std::chrono::hours(1);

/// Where everything deferred runs: completions, deadlines, retention, timers.
///
/// Four drivers: a pool of threads, a host's threads, the caller's own thread (all in io/), a seeded
/// scheduler in virtual time (sim/). Tasks must not block on other tasks, except through `wait`.
/// Safe from any thread. A task never runs inside `post` or `at`.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Runs `task` soon. Order between tasks is not promised by the pool.
  virtual void post(Task task) = 0;
  /// Runs `task` once the clock has reached `when`.
  virtual TimerId at(Instant when, Task task) = 0;
  /// Drops a timer. False if it already ran, runs, or was cancelled.
  virtual bool cancel(TimerId timer) = 0;
  virtual Instant now() const = 0;
  /// Returns when `event` is set (true) or `deadline` has passed (false). A caller-driven or simulated
  /// executor runs due work meanwhile; the others block the thread.
  virtual bool wait(Event& event, Instant deadline) = 0;

 protected:
  /// `wait` where other threads run the tasks.
  bool block(Event& event, Instant deadline) const {
    for (;;) {
      const Instant at = now();
      const Duration left = at < deadline ? std::min<Duration>(deadline - at, longest_sleep) : Duration(0);
      if (event.block_for(left)) return true;
      if (at >= deadline) return false;
    }
  }
};

}  // namespace leat
