#include "io/hosted_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <latch>
#include <thread>

namespace leat::io {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// A host that keeps what it is given until it is told to run it.
class PatientHost : public HostExecutor {
 public:
  void post(std::function<void()> task) override { posted.push_back(std::move(task)); }
  void post_after(std::chrono::nanoseconds delay, std::function<void()> task) override {
    later.emplace_back(delay, std::move(task));
  }
  void run() {
    while (!posted.empty()) {
      auto task = std::move(posted.front());
      posted.pop_front();
      task();
    }
  }
  /// The oldest one.
  void fire() {
    auto task = std::move(later.front().second);
    later.pop_front();
    task();
    run();
  }
  std::deque<std::function<void()>> posted;
  std::deque<std::pair<std::chrono::nanoseconds, std::function<void()>>> later;
};

class HostedExecutorTest : public testing::Test {
 protected:
  void add(int number) { order_.push_back(number); }

  const std::shared_ptr<PatientHost> host_ = std::make_shared<PatientHost>();
  std::optional<HostedExecutor> executor_{host_};
  std::vector<int> order_;
};

TEST_F(HostedExecutorTest, ATaskRunsWhenTheHostRunsIt) {
  executor_->post([&] { add(1); });
  EXPECT_THAT(order_, IsEmpty());
  host_->run();
  EXPECT_THAT(order_, ElementsAre(1));
}

TEST_F(HostedExecutorTest, WhatTheHostHasNotRunRunsAtTheEndAndOnlyThen) {
  executor_->post([&] {
    add(1);
    executor_->post([&] { add(2); });
  });
  executor_.reset();
  EXPECT_THAT(order_, ElementsAre(1, 2));
  host_->run();
  EXPECT_THAT(order_, ElementsAre(1, 2));
}

TEST_F(HostedExecutorTest, TheEndWaitsForWhatIsRunning) {
  std::latch begun(1), may_end(1);
  executor_->post([&] {
    begun.count_down();
    may_end.wait();
    add(1);
  });
  std::thread thread([&] { host_->run(); });
  begun.wait();
  std::thread other([&] { may_end.count_down(); });
  executor_.reset();
  EXPECT_THAT(order_, ElementsAre(1));
  thread.join();
  other.join();
}

TEST_F(HostedExecutorTest, ATimerRunsOnceItIsDue) {
  const Instant now = executor_->now();
  executor_->at(now + 1h, [&] { add(2); });
  executor_->at(now - 1s, [&] { add(1); });
  ASSERT_EQ(host_->later.size(), 2u);
  EXPECT_LE(host_->later[0].first, 1h);
  EXPECT_GT(host_->later[0].first, 59min);
  EXPECT_EQ(host_->later[1].first, 0ns);
  host_->fire();
  EXPECT_THAT(order_, ElementsAre(1)) << "the alarm for the other one came too early";
}

TEST_F(HostedExecutorTest, OnlyAnEarlierTimerAsksForAnotherAlarm) {
  const Instant now = executor_->now();
  for (int i = 0; i < 100; ++i) executor_->at(now + 1h + std::chrono::seconds(i), [] {});
  EXPECT_EQ(host_->later.size(), 1u);
}

TEST_F(HostedExecutorTest, AlarmsDoNotBecomeEverMore) {
  const Instant now = executor_->now();
  for (int i = 100; i > 0; --i) executor_->at(now + i * 1h, [] {});
  ASSERT_EQ(host_->later.size(), 100u);
  for (int i = 0; i < 1000; ++i) host_->fire();
  EXPECT_EQ(host_->later.size(), 1u);
}

TEST_F(HostedExecutorTest, ACancelledTimerDoesNotRun) {
  const TimerId timer = executor_->at(executor_->now(), [&] { add(1); });
  EXPECT_TRUE(executor_->cancel(timer));
  EXPECT_FALSE(executor_->cancel(timer));
  host_->fire();
  EXPECT_THAT(order_, IsEmpty());
}

TEST_F(HostedExecutorTest, TimersThatAreNotDueAreDroppedAtTheEnd) {
  auto alive = std::make_shared<int>();
  executor_->at(executor_->now() + 1h, [alive] { FAIL(); });
  executor_.reset();
  EXPECT_EQ(alive.use_count(), 1);
  host_->fire();
}

TEST_F(HostedExecutorTest, ItIsNotWhatKeepsTheHostAlive) {
  executor_->at(executor_->now() + 1h, [] {});
  executor_.reset();
  EXPECT_EQ(host_.use_count(), 1);
}

TEST_F(HostedExecutorTest, WaitBlocksUntilTheEventOrTheDeadline) {
  Event event, never;
  executor_->post([&] { event.set(); });
  std::thread thread([&] { host_->run(); });
  EXPECT_TRUE(executor_->wait(event, Instant::max()));
  thread.join();
  EXPECT_FALSE(executor_->wait(never, executor_->now() + 1ms));
}

}  // namespace
}  // namespace leat::io
