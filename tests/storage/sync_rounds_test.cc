#include "storage/sync_rounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/disk.h"
#include "sim/scheduler.h"

namespace leat::storage {
namespace {

/// A log of one file that is written one byte at a time.
class FakeLog : public Syncable {
 public:
  FakeLog(sim::Disk& disk, const std::string& path) : file_(disk.open(path, io::OpenMode::create).value()) {}

  void append() { EXPECT_TRUE(file_->write_at(static_cast<std::uint64_t>(end_++), "x")); }
  Pending begin_sync() override {
    ++begun;
    Pending pending{.mark = {.end = end_}};
    if (durable < end_) pending.files.push_back(file_);
    return pending;
  }
  void end_sync(const Mark& mark, const Result<void>& outcome) override {
    if (outcome)
      durable = std::max(durable, mark.end);
    else
      failure = outcome.error();
  }

  Offset durable = 0;
  int begun = 0;
  std::optional<Error> failure;

 private:
  std::shared_ptr<io::File> file_;
  Offset end_ = 0;
};

class SyncRoundsTest : public testing::Test {
 protected:
  std::shared_ptr<FakeLog> log(const std::string& path) { return std::make_shared<FakeLog>(disk, path); }
  void append(const std::shared_ptr<FakeLog>& log) {
    log->append();
    rounds.request(log, 1);
  }

  sim::Scheduler scheduler{1};
  sim::Disk disk{scheduler};
  SyncRounds rounds{disk};
};

TEST_F(SyncRoundsTest, WhatWasAppendedBecomesDurable) {
  auto one = log("one");
  append(one);
  EXPECT_EQ(one->durable, 0);
  scheduler.run_until_idle();
  EXPECT_EQ(one->durable, 1);
  EXPECT_EQ(rounds.unsynced_bytes(), 0u);
}

TEST_F(SyncRoundsTest, AppendsDuringASyncShareTheNextRound) {
  auto one = log("one"), two = log("two");
  disk.hold_syncs();
  append(one);
  for (int i = 0; i < 100; ++i) {
    append(one);
    append(two);
  }
  EXPECT_EQ(rounds.unsynced_bytes(), 201u);
  disk.release_syncs();
  scheduler.run_until_idle();
  EXPECT_EQ(one->durable, 101);
  EXPECT_EQ(two->durable, 100);
  EXPECT_EQ(disk.counters().sync_calls, 2u);
  EXPECT_EQ(one->begun, 2);
  EXPECT_EQ(rounds.unsynced_bytes(), 0u);
}

TEST_F(SyncRoundsTest, ARoundCoversOnlyWhatWasAppendedBeforeItBegan) {
  auto one = log("one");
  disk.hold_syncs();
  append(one);
  append(one);
  disk.complete_one_sync();
  scheduler.run_until_idle();
  EXPECT_EQ(one->durable, 1);
  disk.complete_one_sync();
  scheduler.run_until_idle();
  EXPECT_EQ(one->durable, 2);
}

TEST_F(SyncRoundsTest, AFailureReachesEveryLogOfTheRoundAndNoOther) {
  auto one = log("one"), two = log("two"), three = log("three");
  disk.hold_syncs();
  append(one);
  append(two);
  append(three);
  disk.fail_nth(1);  // the first round, of one alone, has begun already
  disk.release_syncs();
  scheduler.run_until_idle();
  EXPECT_FALSE(one->failure);
  EXPECT_EQ(one->durable, 1);
  for (const auto& log : {two, three}) {
    EXPECT_TRUE(log->failure);
    EXPECT_EQ(log->durable, 0);
  }
}

TEST_F(SyncRoundsTest, RoundsGoOnAfterAFailure) {
  auto one = log("one"), two = log("two");
  one->append();
  disk.fail_nth(1);
  rounds.request(one, 1);
  scheduler.run_until_idle();
  EXPECT_TRUE(one->failure);
  append(two);
  scheduler.run_until_idle();
  EXPECT_EQ(two->durable, 1);
}

TEST_F(SyncRoundsTest, NothingDirtyIsNoSystemCall) {
  auto one = log("one");
  const auto before = disk.counters();
  rounds.request(one, 0);
  scheduler.run_until_idle();
  EXPECT_EQ(disk.counters().syncs, before.syncs);
  EXPECT_EQ(one->begun, 1);
}

TEST_F(SyncRoundsTest, ListenersHearOfEachEnd) {
  auto one = log("one");
  int ends = 0;
  rounds.on_round_end([&] {
    ++ends;
    EXPECT_EQ(rounds.unsynced_bytes(), 0u);
  });
  append(one);
  scheduler.run_until_idle();
  append(one);
  scheduler.run_until_idle();
  EXPECT_EQ(ends, 2);
}

TEST_F(SyncRoundsTest, ARoundOutlivesItsOwner) {
  auto one = log("one");
  {
    SyncRounds brief(disk);
    one->append();
    brief.request(one, 1);
  }
  scheduler.run_until_idle();
  EXPECT_EQ(one->durable, 1);
}

}  // namespace
}  // namespace leat::storage
