#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "io/timer_queue.h"

namespace leat::io {

/// An executor with its own threads, named "leat-0", "leat-1", ..., which block all signals. Time is the
/// steady clock. Destruction runs what has been posted, drops the timers that are not due and joins; it
/// must not happen on one of the threads.
class ThreadPool : public Executor {
 public:
  explicit ThreadPool(std::size_t threads, const std::string& name = "leat");
  ~ThreadPool() override;

  void post(Task task) override;
  TimerId at(Instant when, Task task) override;
  bool cancel(TimerId timer) override;
  Instant now() const override;
  bool wait(Event& event, Instant deadline) override;

 private:
  void work();
  void sleep(std::unique_lock<std::mutex>& lock);
  void move_due_timers();
  void wake_one();

  std::mutex mutex_;
  std::condition_variable work_;      ///< for sleepers without a deadline
  std::condition_variable earliest_;  ///< for the one that sleeps until the next timer
  std::deque<Task> ready_;
  TimerQueue timers_;
  std::size_t sleepers_ = 0;      ///< waiting on work_
  bool has_timekeeper_ = false;   ///< one is waiting on earliest_
  bool waking_ = false;           ///< one has been told to wake and has not come yet
  bool stopping_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace leat::io
