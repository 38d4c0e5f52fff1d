#include "sim/scheduler.h"

#include <utility>

namespace leat::sim {

void Scheduler::post(Task task) { ready_.push_back(std::move(task)); }

TimerId Scheduler::at(Instant when, Task task) { return timers_.add(when, std::move(task)); }

bool Scheduler::cancel(TimerId timer) { return static_cast<bool>(timers_.cancel(timer)); }

TimestampMs Scheduler::wall_ms() const {
  return epoch_ms + std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
}

bool Scheduler::wait(Event& event, Instant deadline) {
  while (!event.is_set()) {
    if (step_until(deadline)) continue;
    if (deadline != Instant::max()) now_ = std::max(now_, deadline);
    return false;
  }
  return true;
}

bool Scheduler::step() { return step_until(Instant::max()); }

std::size_t Scheduler::run_ready() {
  const std::size_t before = steps_;
  while (step_until(now_)) {
  }
  return steps_ - before;
}

bool Scheduler::run_until_idle(std::size_t steps_max) {
  for (std::size_t ran = 0; ran < steps_max; ++ran)
    if (!step()) return true;
  return ready_.empty() && timers_.empty();
}

void Scheduler::run_for(Duration span) {
  const Instant end = now_ + span;
  while (step_until(end)) {
  }
  now_ = std::max(now_, end);
}

void Scheduler::trace(std::string_view what) {
  if (!sink_) return;
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch()).count();
  sink_(std::to_string(us) + "us " + std::string(what));
}

bool Scheduler::step_until(Instant limit) {
  take_due_timers();
  if (ready_.empty()) {
    const auto next = timers_.next();
    if (!next || *next > limit) return false;
    now_ = std::max(now_, *next);
    take_due_timers();
  }
  // Swapping the last one in keeps this cheap, and is as arbitrary as the choice itself.
  std::swap(ready_[entropy_.below(ready_.size())], ready_.back());
  Task task = std::move(ready_.back());
  ready_.pop_back();
  ++steps_;
  task();
  return true;
}

void Scheduler::take_due_timers() {
  while (Task task = timers_.take_due(now_)) ready_.push_back(std::move(task));
}

}  // namespace leat::sim
