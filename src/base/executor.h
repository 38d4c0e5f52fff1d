#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

#include "base/types.h"

namespace leat {

using Task = std::move_only_function<void()>;
enum class TimerId : std::uint64_t { none = 0 };

/// Something that happens once and that a thread may wait for. Set from any thread.
class Event {
 public:
  void set() {
    {
      std::lock_guard lock(mutex_);
      set_.store(true, std::memory_order_release);
    }
    changed_.notify_all();
  }
  bool is_set() const { return set_.load(std::memory_order_acquire); }
  /// Blocks the thread; for executors whose work others run. False when `timeout` passed first.
  bool block_for(Duration timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return is_set(); });
  }

 private:
  std::atomic<bool> set_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// Where everything deferred runs: completions, deadlines, retention, timers.
///
/// Three drivers: a pool of threads (io/), the caller's own thread (`CallerDrivenExecutor`), a seeded
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
  /// executor runs due work meanwhile; a pool blocks the thread.
  virtual bool wait(Event& event, Instant deadline) = 0;
};

}  // namespace leat
