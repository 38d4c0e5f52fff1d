#include "sim/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

/// Ten tasks that each post two more, and a few timers: what a seed makes of it.
std::vector<std::string> run(std::uint64_t seed) {
  Scheduler scheduler(seed);
  std::vector<std::string> lines;
  scheduler.set_trace([&](const std::string& line) { lines.push_back(line); });
  for (int i = 0; i < 10; ++i)
    scheduler.post([&, i] {
      scheduler.trace("task " + std::to_string(i));
      for (const char* part : {"a", "b"})
        scheduler.post([&, i, part] { scheduler.trace(part + std::to_string(i)); });
      scheduler.at(scheduler.now() + i % 3 * 1ms, [&, i] { scheduler.trace("timer " + std::to_string(i)); });
    });
  EXPECT_TRUE(scheduler.run_until_idle());
  return lines;
}

TEST(Scheduler, TheSameSeedGivesTheSameRun) {
  EXPECT_EQ(run(7), run(7));
  EXPECT_EQ(run(7).size(), 40u);
}

TEST(Scheduler, AnotherSeedGivesAnotherOrderOfTheSameTasks) {
  auto one = run(7), other = run(8);
  EXPECT_NE(one, other);
  std::ranges::sort(one);
  std::ranges::sort(other);
  EXPECT_EQ(one, other);
}

TEST(Scheduler, TimeJumpsFromTimerToTimer) {
  Scheduler scheduler;
  std::vector<Duration> times;
  const Instant start = scheduler.now();
  for (const Duration after : {3h, 1h, 2h})
    scheduler.at(start + after, [&] { times.push_back(scheduler.now() - start); });
  EXPECT_EQ(scheduler.wall_ms(), Scheduler::epoch_ms);
  EXPECT_TRUE(scheduler.run_until_idle());
  EXPECT_THAT(times, ElementsAre(1h, 2h, 3h));
  EXPECT_EQ(scheduler.wall_ms(), Scheduler::epoch_ms + 3 * 3'600'000);
}

TEST(Scheduler, ACancelledTimerDoesNotRun) {
  Scheduler scheduler;
  const TimerId timer = scheduler.at(scheduler.now() + 1s, [] { FAIL(); });
  EXPECT_TRUE(scheduler.cancel(timer));
  EXPECT_FALSE(scheduler.cancel(timer));
  EXPECT_FALSE(scheduler.step());
}

TEST(Scheduler, RunForStopsTheClockAtItsEnd) {
  Scheduler scheduler;
  const Instant start = scheduler.now();
  int ticks = 0;
  std::function<void()> tick = [&] {
    ++ticks;
    scheduler.at(scheduler.now() + 10ms, tick);
  };
  tick();
  scheduler.run_for(35ms);
  EXPECT_EQ(ticks, 4);
  EXPECT_EQ(scheduler.now(), start + 35ms);
  EXPECT_FALSE(scheduler.run_until_idle(100));
}

TEST(Scheduler, RunReadyLeavesTimersOfLaterAlone) {
  Scheduler scheduler;
  int ran = 0;
  scheduler.post([&] { scheduler.post([&] { ++ran; }); });
  scheduler.at(scheduler.now() + 1ns, [&] { ran += 100; });
  EXPECT_EQ(scheduler.run_ready(), 2u);
  EXPECT_EQ(ran, 1);
}

TEST(Scheduler, WaitStepsUntilTheEventAndNoFurther) {
  Scheduler scheduler;
  Event event;
  scheduler.at(scheduler.now() + 5s, [&] { event.set(); });
  scheduler.at(scheduler.now() + 6s, [] { FAIL(); });
  EXPECT_TRUE(scheduler.wait(event, Instant::max()));
  EXPECT_EQ(scheduler.now(), Instant{} + 5s);
}

TEST(Scheduler, WaitEndsAtTheDeadlineOrWhenNothingIsLeft) {
  Scheduler scheduler;
  Event never;
  scheduler.at(scheduler.now() + 10s, [] {});
  EXPECT_FALSE(scheduler.wait(never, scheduler.now() + 4s));
  EXPECT_EQ(scheduler.now(), Instant{} + 4s);
  EXPECT_FALSE(scheduler.wait(never, Instant::max()));
  EXPECT_EQ(scheduler.now(), Instant{} + 10s);
}

TEST(Scheduler, ATaskMayWait) {
  Scheduler scheduler;
  Event inner, outer;
  scheduler.post([&] {
    EXPECT_TRUE(scheduler.wait(inner, Instant::max()));
    outer.set();
  });
  scheduler.at(scheduler.now() + 1s, [&] { inner.set(); });
  EXPECT_TRUE(scheduler.wait(outer, Instant::max()));
}

TEST(SeededEntropy, IsTheSameOnEveryMachine) {
  SeededEntropy entropy(0);
  EXPECT_EQ(entropy.next(), 0xe220a8397b1dcdafu);  // SplitMix64's published first number for seed 0
  EXPECT_EQ(entropy.next(), 0x6e789e6aa1b965f4u);
}

}  // namespace
}  // namespace leat::sim
