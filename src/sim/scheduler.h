#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "io/timer_queue.h"
#include "sim/entropy.h"

namespace leat::sim {

/// One thread and a virtual clock: every task of a simulated cluster runs here, one at a time, in an
/// order that the seed chooses among those that are ready. The same seed gives the same run.
///
/// Time stands still while tasks run and jumps to the next timer when none is ready. To be used from one
/// thread only.
class Scheduler : public Executor, public Clock {
 public:
  /// 2025-01-01T00:00:00Z: what wall_ms() starts from.
  static constexpr TimestampMs epoch_ms = 1'735'689'600'000;

  explicit Scheduler(std::uint64_t seed = 1) : entropy_(seed) {}

  void post(Task task) override;
  TimerId at(Instant when, Task task) override;
  bool cancel(TimerId timer) override;
  Instant now() const override { return now_; }
  TimestampMs wall_ms() const override;
  /// Steps until the event is set (true), or until the next thing to do lies behind the deadline or there
  /// is none (false; the clock then stands at the deadline, unless that is Instant::max()).
  bool wait(Event& event, Instant deadline) override;

  /// Runs one task, first moving the clock to the next timer if none is ready. False when nothing is left.
  bool step();
  /// Runs tasks while any is ready, the clock standing still. Returns how many ran.
  std::size_t run_ready();
  /// Runs until nothing is left, timers included. False when `steps_max` were not enough.
  bool run_until_idle(std::size_t steps_max = 10'000'000);
  /// Runs everything that is due in the next `span` and leaves the clock at its end.
  void run_for(Duration span);

  std::size_t steps() const { return steps_; }

  /// Gets each line given to trace(), prefixed with the virtual time: what two runs are compared by.
  void set_trace(std::function<void(const std::string& line)> sink) { sink_ = std::move(sink); }
  void trace(std::string_view what);

 private:
  bool step_until(Instant limit);
  void take_due_timers();

  SeededEntropy entropy_;
  Instant now_{};
  std::vector<Task> ready_;
  io::TimerQueue timers_;
  std::size_t steps_ = 0;
  std::function<void(const std::string&)> sink_;
};

}  // namespace leat::sim
