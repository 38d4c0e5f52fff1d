#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <filesystem>
#include <latch>
#include <set>
#include <thread>

#include "io/caller_driven_executor.h"
#include "io/real_clock.h"
#include "io/real_entropy.h"
#include "io/thread_pool.h"

namespace leat::io {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class ManualClock : public Clock {
 public:
  TimestampMs wall_ms() const override { return 0; }
  Instant now() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  Instant now_{};
};

TEST(ThreadPool, RunsWhatIsPostedBeforeItEnds) {
  std::atomic<int> ran = 0;
  {
    ThreadPool pool(2);
    for (int i = 0; i < 1000; ++i)
      pool.post([&] {
        if (ran.fetch_add(1) == 500) pool.post([&] { ++ran; });
      });
  }
  EXPECT_EQ(ran, 1001);
}

TEST(ThreadPool, RunsTasksSideBySide) {
  ThreadPool pool(3);
  std::latch all_here(3), done(3);
  for (int i = 0; i < 3; ++i)
    pool.post([&] {
      all_here.arrive_and_wait();
      done.count_down();
    });
  done.wait();
}

TEST(ThreadPool, RunsTimersInTheOrderOfTheirTimes) {
  ThreadPool pool(1);
  std::vector<int> order;
  Event last;
  const Instant now = pool.now();
  pool.at(now + 20ms, [&] {
    order.push_back(2);
    last.set();
  });
  pool.at(now + 10ms, [&] { order.push_back(1); });
  pool.at(now - 1s, [&] { order.push_back(0); });
  ASSERT_TRUE(pool.wait(last, Instant::max()));
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
  EXPECT_GE(pool.now(), now + 20ms);
}

TEST(ThreadPool, ACancelledTimerDoesNotRun) {
  ThreadPool pool(2);
  bool ran = false;
  Event later;
  const Instant now = pool.now();
  const TimerId timer = pool.at(now + 5ms, [&] { ran = true; });
  const TimerId other = pool.at(now + 10ms, [&] { later.set(); });
  EXPECT_TRUE(pool.cancel(timer));
  EXPECT_FALSE(pool.cancel(timer));
  ASSERT_TRUE(pool.wait(later, Instant::max()));
  EXPECT_FALSE(ran);
  EXPECT_FALSE(pool.cancel(other));
  EXPECT_FALSE(pool.cancel(TimerId::none));
}

TEST(ThreadPool, DropsTimersThatAreNotDueAtItsEnd) {
  auto alive = std::make_shared<int>();
  {
    ThreadPool pool(1);
    pool.at(pool.now() + 1h, [alive] { FAIL(); });
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(ThreadPool, WaitGivesUpAtTheDeadline) {
  ThreadPool pool(1);
  Event never;
  EXPECT_FALSE(pool.wait(never, pool.now() + 1ms));
  EXPECT_FALSE(pool.wait(never, Instant::min()));
}

TEST(ThreadPool, ItsThreadsAreNamedAndBlockSignals) {
  ThreadPool pool(1);
  char name[16];
  sigset_t mask;
  Event done;
  pool.post([&] {
    pthread_getname_np(pthread_self(), name, sizeof name);
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    done.set();
  });
  ASSERT_TRUE(pool.wait(done, Instant::max()));
  EXPECT_STREQ(name, "leat-0");
  EXPECT_TRUE(sigismember(&mask, SIGTERM));
  EXPECT_TRUE(sigismember(&mask, SIGPIPE));
}

std::ptrdiff_t threads_of_this_process() {
  const auto threads = std::filesystem::directory_iterator("/proc/self/task");
  return std::distance(begin(threads), end(threads));
}

TEST(CallerDrivenExecutor, HasNoThread) {
  const auto before = threads_of_this_process();  // one, or two under a sanitizer
  SystemClock clock;
  CallerDrivenExecutor executor(clock);
  Event event;
  executor.post([&] { event.set(); });
  ASSERT_TRUE(executor.wait(event, Instant::max()));
  EXPECT_EQ(threads_of_this_process(), before);
}

TEST(CallerDrivenExecutor, RunsWhatIsDueAndNoMore) {
  ManualClock clock;
  CallerDrivenExecutor executor(clock);
  std::vector<int> order;
  EXPECT_FALSE(executor.run_once(clock.now()));
  EXPECT_EQ(executor.next_due(), Instant::max());
  executor.at(clock.now() + 2s, [&] { order.push_back(3); });
  executor.post([&] {
    order.push_back(1);
    executor.post([&] { order.push_back(2); });
  });
  EXPECT_TRUE(executor.run_once(clock.now()));
  EXPECT_THAT(order, ElementsAre(1));
  EXPECT_TRUE(executor.run_once(clock.now()));
  EXPECT_FALSE(executor.run_once(clock.now()));
  EXPECT_EQ(executor.next_due(), clock.now() + 2s);
  clock.advance(2s);
  EXPECT_TRUE(executor.run_once(clock.now()));
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(CallerDrivenExecutor, WaitRunsTimersUntilTheEvent) {
  SystemClock clock;
  CallerDrivenExecutor executor(clock);
  Event event;
  int ticks = 0;
  std::function<void()> tick = [&] {
    if (++ticks == 3) return event.set();
    executor.at(executor.now() + 1ms, tick);
  };
  executor.post(tick);
  EXPECT_TRUE(executor.wait(event, Instant::max()));
  EXPECT_EQ(ticks, 3);
}

TEST(CallerDrivenExecutor, WaitGivesUpAtTheDeadline) {
  SystemClock clock;
  CallerDrivenExecutor executor(clock);
  Event never;
  EXPECT_FALSE(executor.wait(never, executor.now() + 1ms));
  EXPECT_FALSE(executor.wait(never, Instant::min()));
}

TEST(CallerDrivenExecutor, WaitWakesForPostsAndEventsOfOtherThreads) {
  SystemClock clock;
  CallerDrivenExecutor executor(clock);
  Event set_directly, set_by_task;
  std::thread setter([&] { set_directly.set(); });
  EXPECT_TRUE(executor.wait(set_directly, Instant::max()));
  setter.join();
  std::thread poster([&] { executor.post([&] { set_by_task.set(); }); });
  EXPECT_TRUE(executor.wait(set_by_task, Instant::max()));
  poster.join();
}

TEST(CallerDrivenExecutor, ATaskMayWaitForWhatIsQueuedBehindIt) {
  SystemClock clock;
  CallerDrivenExecutor executor(clock);
  Event inner, outer;
  executor.post([&] {
    EXPECT_TRUE(executor.wait(inner, Instant::max()));
    outer.set();
  });
  executor.post([&] { inner.set(); });
  EXPECT_TRUE(executor.wait(outer, Instant::max()));
}

TEST(CallerDrivenExecutor, ACancelledTimerDoesNotRun) {
  ManualClock clock;
  CallerDrivenExecutor executor(clock);
  const TimerId timer = executor.at(clock.now(), [] { FAIL(); });
  EXPECT_TRUE(executor.cancel(timer));
  EXPECT_FALSE(executor.cancel(timer));
  EXPECT_FALSE(executor.run_once(clock.now()));
}

TEST(SystemEntropy, DoesNotRepeatItself) {
  SystemEntropy entropy;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(entropy.next());
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace leat::io
