#include "sim/machine.h"

#include <utility>

namespace leat::sim {
namespace {
constexpr std::int64_t million = 1'000'000;
}

Machine::Machine(Scheduler& scheduler, std::string name, Options options)
    : scheduler_(scheduler), name_(std::move(name)), options_(options) {}

void Machine::kill() {
  process_.reset();
  is_paused_ = false;
  held_.clear();
}

void Machine::start() {
  if (!process_) process_ = std::make_shared<Process>();
}

void Machine::pause() { is_paused_ = is_up(); }

void Machine::resume() {
  is_paused_ = false;
  for (Task& task : std::exchange(held_, {})) post(std::move(task));
}

Task Machine::of_process(Task task) {
  return [this, process = std::weak_ptr(process_), task = std::move(task)]() mutable {
    if (process.expired()) return;
    if (is_paused_) {
      held_.push_back(std::move(task));
      return;
    }
    task();
  };
}

void Machine::post(Task task) {
  if (is_up()) scheduler_.post(of_process(std::move(task)));
}

TimerId Machine::at(Instant when, Task task) {
  if (!is_up()) return TimerId::none;
  return scheduler_.at(to_scheduler(when), of_process(std::move(task)));
}

bool Machine::cancel(TimerId timer) { return scheduler_.cancel(timer); }

bool Machine::wait(Event& event, Instant deadline) {
  if (!is_up()) return event.is_set();
  return scheduler_.wait(event, to_scheduler(deadline));
}

Instant Machine::now() const {
  const auto since = scheduler_.now().time_since_epoch();
  return Instant(since + since / million * options_.drift_ppm);
}

Instant Machine::to_scheduler(Instant local) const {
  if (local == Instant::max() || options_.drift_ppm == 0) return local;
  const auto since = local.time_since_epoch();
  // Rounded up: a timer must not fire before its time.
  return Instant(since / (million + options_.drift_ppm) * million + Duration(million));
}

TimestampMs Machine::wall_ms() const {
  return Scheduler::epoch_ms + std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count() +
         options_.wall_skew_ms;
}

}  // namespace leat::sim
