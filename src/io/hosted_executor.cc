#include "io/hosted_executor.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "io/timer_queue.h"

namespace leat::io {

/// Tasks stay here, and the host is only told to come and take one: so none is lost with a host that drops them at
/// the end, and timers can be cancelled. The host's functions are called without the lock.
struct HostedExecutor::Core : std::enable_shared_from_this<Core> {
  std::mutex mutex;
  std::condition_variable idle;
  std::shared_ptr<HostExecutor> host;  ///< empty from the destructor on: the host may hold this, and must not hold itself
  std::deque<Task> ready;
  TimerQueue timers;
  Instant alarm = Instant::max();  ///< when the host has been told to come for timers; never later than the first one
  std::size_t running = 0;

  static Instant now() { return std::chrono::steady_clock::now(); }

  void post(std::unique_lock<std::mutex> lock, Task task) {
    ready.push_back(std::move(task));
    ask_for_one(std::move(lock));
  }
  void ask_for_one(std::unique_lock<std::mutex> lock) {
    const auto to = host;
    lock.unlock();
    if (to) to->post([core = shared_from_this()] { core->run_one(std::unique_lock(core->mutex)); });
  }
  /// Does nothing when another one, or the destructor, has taken the task.
  void run_one(std::unique_lock<std::mutex> lock) {
    if (ready.empty()) return;
    Task task = std::move(ready.front());
    ready.pop_front();
    ++running;
    lock.unlock();
    task();
    task = {};
    lock.lock();
    if (--running == 0) idle.notify_all();
  }
  void set_alarm(std::unique_lock<std::mutex> lock) {
    const auto next = timers.next();
    if (!next || *next >= alarm || !host) return;
    alarm = *next;
    const auto to = host;
    const Instant at = now();
    lock.unlock();
    const Duration left = *next > at ? std::min<Duration>(*next - at, longest_sleep) : Duration(0);
    to->post_after(left, [core = shared_from_this(), when = *next] { core->take_due_timers(when); });
  }
  /// `called_for`: the alarm that this is. One that an earlier one has replaced sets no other, or there would be ever more.
  void take_due_timers(Instant called_for) {
    std::unique_lock lock(mutex);
    if (alarm == called_for) alarm = Instant::max();
    const Instant at = now();
    while (Task due = timers.take_due(at)) {
      post(std::move(lock), std::move(due));
      lock = std::unique_lock(mutex);
    }
    set_alarm(std::move(lock));
  }
};

HostedExecutor::HostedExecutor(std::shared_ptr<HostExecutor> host) : core_(std::make_shared<Core>()) {
  core_->host = std::move(host);
}

HostedExecutor::~HostedExecutor() {
  std::unique_lock lock(core_->mutex);
  const auto host = std::move(core_->host);
  while (!core_->ready.empty() || core_->running > 0) {
    if (core_->ready.empty()) {
      core_->idle.wait(lock);
      continue;
    }
    core_->run_one(std::move(lock));
    lock = std::unique_lock(core_->mutex);
  }
  const TimerQueue dropped = std::move(core_->timers);
  lock.unlock();
}

void HostedExecutor::post(Task task) { core_->post(std::unique_lock(core_->mutex), std::move(task)); }

TimerId HostedExecutor::at(Instant when, Task task) {
  std::unique_lock lock(core_->mutex);
  const TimerId id = core_->timers.add(when, std::move(task));
  core_->set_alarm(std::move(lock));
  return id;
}

bool HostedExecutor::cancel(TimerId timer) {
  std::unique_lock lock(core_->mutex);
  const Task cancelled = core_->timers.cancel(timer);
  lock.unlock();
  return static_cast<bool>(cancelled);
}

Instant HostedExecutor::now() const { return Core::now(); }

bool HostedExecutor::wait(Event& event, Instant deadline) { return block(event, deadline); }

}  // namespace leat::io
