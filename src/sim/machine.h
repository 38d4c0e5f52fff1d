#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "sim/scheduler.h"

namespace leat::sim {

/// One computer of a simulated cluster and the process that runs on it: an executor and a clock of its own over the one
/// scheduler. A process can be stopped as by SIGSTOP, and ended as by SIGKILL: what it had posted never runs, and what
/// it waits for never happens.
///
/// To be used from the scheduler's thread.
class Machine : public Executor, public Clock {
 public:
  struct Options {
    /// How wrong its wall clock is.
    std::int64_t wall_skew_ms = 0;
    /// How much faster its clocks go, in millionths.
    std::int64_t drift_ppm = 0;
  };
  Machine(Scheduler& scheduler, std::string name, Options options);
  explicit Machine(Scheduler& scheduler, std::string name = "machine") : Machine(scheduler, std::move(name), Options{}) {}

  const std::string& name() const { return name_; }

  /// Ends the process. Until start() nothing runs here, and wait() returns at once.
  void kill();
  void start();
  bool is_up() const { return process_ != nullptr; }
  /// Stops the process: its tasks and timers are kept until resume().
  void pause();
  void resume();
  bool is_paused() const { return is_paused_; }

  // Executor
  void post(Task task) override;
  TimerId at(Instant when, Task task) override;
  bool cancel(TimerId timer) override;
  bool wait(Event& event, Instant deadline) override;

  // Executor and Clock
  Instant now() const override;
  TimestampMs wall_ms() const override;

 private:
  struct Process {};
  /// The task as the scheduler gets it: of this process, or of none.
  Task of_process(Task task);
  Instant to_scheduler(Instant local) const;

  Scheduler& scheduler_;
  const std::string name_;
  const Options options_;
  std::shared_ptr<Process> process_ = std::make_shared<Process>();
  bool is_paused_ = false;
  std::vector<Task> held_;  // while it is paused, in order
};

}  // namespace leat::sim
