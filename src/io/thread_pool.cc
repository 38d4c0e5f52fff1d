#include "io/thread_pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

#include "base/assert.h"

namespace leat::io {

namespace {

/// New threads inherit the mask, so they never run with a signal open.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

ThreadPool::ThreadPool(std::size_t threads, const std::string& name) {
  LEAT_ASSERT(threads > 0, "a pool without threads would never run anything");
  const AllSignalsBlocked blocked;
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
    const std::string full = name + "-" + std::to_string(i);
    pthread_setname_np(threads_.back().native_handle(), full.substr(0, 15).c_str());
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  earliest_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::post(Task task) {
  std::lock_guard lock(mutex_);
  ready_.push_back(std::move(task));
  wake_one();
}

TimerId ThreadPool::at(Instant when, Task task) {
  std::lock_guard lock(mutex_);
  const TimerId id = timers_.add(when, std::move(task));
  if (timers_.next() == when) {
    if (has_timekeeper_)
      earliest_.notify_one();
    else
      wake_one();
  }
  return id;
}

bool ThreadPool::cancel(TimerId timer) {
  std::unique_lock lock(mutex_);
  const Task cancelled = timers_.cancel(timer);
  lock.unlock();
  return static_cast<bool>(cancelled);
}

Instant ThreadPool::now() const { return std::chrono::steady_clock::now(); }

bool ThreadPool::wait(Event& event, Instant deadline) { return block(event, deadline); }

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    move_due_timers();
    if (!ready_.empty()) {
      Task task = std::move(ready_.front());
      ready_.pop_front();
      // The others hear of the rest of a batch, and of timers nobody watches, from here: so that a
      // batch costs its poster one wake-up.
      if (!ready_.empty() || (!timers_.empty() && !has_timekeeper_)) wake_one();
      lock.unlock();
      task();
      task = {};
      lock.lock();
    } else if (stopping_) {
      return;
    } else {
      sleep(lock);
    }
  }
}

void ThreadPool::sleep(std::unique_lock<std::mutex>& lock) {
  const auto next = timers_.next();
  if (next && !has_timekeeper_) {
    has_timekeeper_ = true;
    earliest_.wait_until(lock, std::min(*next, now() + longest_sleep));
    has_timekeeper_ = false;
  } else {
    ++sleepers_;
    work_.wait(lock);
    --sleepers_;
  }
  waking_ = false;
}

void ThreadPool::move_due_timers() {
  if (timers_.empty()) return;
  const Instant at = now();
  while (Task due = timers_.take_due(at)) ready_.push_back(std::move(due));
}

void ThreadPool::wake_one() {
  if (waking_) return;
  if (sleepers_ > 0) {
    waking_ = true;
    work_.notify_one();
  } else if (has_timekeeper_) {
    waking_ = true;
    earliest_.notify_one();
  }
}

}  // namespace leat::io
