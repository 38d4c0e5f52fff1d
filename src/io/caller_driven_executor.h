#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/clock.h"
#include "base/executor.h"
#include "io/timer_queue.h"

namespace leat::io {

/// An executor without threads: work runs inside run_once() and wait(), on the threads that call them.
/// Post from any thread. What has not run is dropped on destruction.
class CallerDrivenExecutor : public Executor {
 public:
  /// `clock` must outlive this and be as fast as real time, since wait() sleeps by it.
  explicit CallerDrivenExecutor(const Clock& clock) : clock_(clock) {}

  /// Runs every task that is posted, and every timer due at `now`, when it is called; what these post
  /// is for the next time. Returns whether anything ran.
  bool run_once(Instant now);
  /// When to call run_once again if nobody posts; Instant::max() for never.
  Instant next_due() const;

  void post(Task task) override;
  TimerId at(Instant when, Task task) override;
  bool cancel(TimerId timer) override;
  Instant now() const override { return clock_.now(); }
  /// Runs due work; sleeps when there is none. Also sees work that another thread's wait() is running.
  bool wait(Event& event, Instant deadline) override;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> ready_;
  TimerQueue timers_;
};

}  // namespace leat::io
