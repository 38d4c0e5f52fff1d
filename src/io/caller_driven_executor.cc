#include "io/caller_driven_executor.h"

#include <algorithm>

namespace leat::io {

bool CallerDrivenExecutor::run_once(Instant now) {
  std::unique_lock lock(mutex_);
  while (Task due = timers_.take_due(now)) ready_.push_back(std::move(due));
  // One at a time: a task may itself wait(), and what is behind it must run then.
  std::size_t left = ready_.size();
  const bool ran = left > 0;
  for (; left > 0 && !ready_.empty(); --left) {
    Task task = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    task();
    task = {};
    lock.lock();
  }
  return ran;
}

Instant CallerDrivenExecutor::next_due() const {
  std::lock_guard lock(mutex_);
  if (!ready_.empty()) return Instant::min();
  return timers_.next().value_or(Instant::max());
}

void CallerDrivenExecutor::post(Task task) {
  {
    std::lock_guard lock(mutex_);
    ready_.push_back(std::move(task));
  }
  changed_.notify_all();
}

TimerId CallerDrivenExecutor::at(Instant when, Task task) {
  std::unique_lock lock(mutex_);
  const TimerId id = timers_.add(when, std::move(task));
  const bool is_next = timers_.next() == when;
  lock.unlock();
  if (is_next) changed_.notify_all();
  return id;
}

bool CallerDrivenExecutor::cancel(TimerId timer) {
  std::unique_lock lock(mutex_);
  const Task cancelled = timers_.cancel(timer);
  lock.unlock();
  return static_cast<bool>(cancelled);
}

bool CallerDrivenExecutor::wait(Event& event, Instant deadline) {
  // The empty critical section: nobody is between looking at the event and going to sleep.
  const std::function<void()> wake = [this] {
    { std::lock_guard lock(mutex_); }
    changed_.notify_all();
  };
  event.watch(wake);
  while (!event.is_set()) {
    const Instant now = clock_.now();
    const bool ran = run_once(now);
    if (event.is_set() || now >= deadline) break;
    if (ran) continue;
    std::unique_lock lock(mutex_);
    if (event.is_set() || !ready_.empty()) continue;
    const Instant next = std::min(deadline, timers_.next().value_or(Instant::max()));
    if (next > now) changed_.wait_for(lock, next - now < longest_sleep ? next - now : longest_sleep);
  }
  const bool set = event.is_set();
  event.unwatch(wake);
  return set;
}

}  // namespace leat::io
