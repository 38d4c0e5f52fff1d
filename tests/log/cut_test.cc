#include "log_fixture.h"

namespace leat::log {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

class CutTest : public LogTest {
 protected:
  std::unique_ptr<Log> log_of(Offset count, Offset roll_every, int records = 1) {
    auto log = open();
    for (Offset at = 0; at < count; at += records) {
      const bool rolls = at > 0 && at % roll_every == 0;
      EXPECT_TRUE(!rolls || log->roll());
      EXPECT_TRUE(log->append(batch({.base = at, .records = records, .timestamp = sample_time + at, .epoch = static_cast<LeaderEpoch>(at / 10)})));
    }
    return log;
  }
};

TEST_F(CutTest, TruncationDropsAllFromTheOffsetOn) {
  settings.index_interval_bytes = 100;
  for (const Offset to : {29, 25, 21, 20, 19, 11, 10, 5, 1, 0}) {
    auto log = log_of(30, 10);
    ASSERT_TRUE(log->truncate_to(to));
    EXPECT_EQ(log->log_end(), to);
    EXPECT_EQ(log->durable_end(), to);
    EXPECT_THAT(batches_from(*log, 0), SizeIs(to));
    EXPECT_EQ(log->find_max_timestamp(to).value().offset, to - 1);
    ASSERT_TRUE(log->append(batch({.base = to, .epoch = 9})));
    EXPECT_THAT(batches_from(*log, 0), SizeIs(to + 1));
    sync(*log);
    disk.power_cycle();
    EXPECT_EQ(open({.recovery_point = to})->log_end(), to + 1);
    ASSERT_TRUE(disk.remove_all(directory));
  }
}

TEST_F(CutTest, WhatIsAppendedBelowAnOlderRecoveryPointIsDurableBeforeItsSegmentIsLeft) {  // L3
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::Disk drive(scheduler, {.seed = seed});
    ASSERT_TRUE(drive.create_directories("data"));
    Offset recovery_point = 0;
    {
      auto log = Log::open(drive, scheduler, {.directory = directory}, settings).value();
      for (Offset at = 0; at < 10; ++at) ASSERT_TRUE(log->append(batch({.base = at})));
      drive.sync(log->unsynced_files(), [&](Result<void>) { log->mark_durable(10); });
      scheduler.run_until_idle();
      recovery_point = log->checkpoint().value();
      ASSERT_TRUE(log->truncate_to(5));
      for (const Offset at : {5, 6}) ASSERT_TRUE(log->append(batch({.base = at, .epoch = 1, .value_size = 600})));
      ASSERT_TRUE(log->roll());
      ASSERT_TRUE(log->append(batch({.base = 7, .epoch = 1})));
    }
    drive.power_cycle();
    const auto log =
        Log::open(drive, scheduler, {.directory = directory, .recovery_point = recovery_point}, settings).value();
    const auto found = batches_from(*log, 0);
    EXPECT_GE(found.size(), 7u) << "seed " << seed;
  }
}

TEST_F(CutTest, SnapshotsOfWhatWasCutDoNotComeBack) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::Disk drive(scheduler, {.seed = seed});
    ASSERT_TRUE(drive.create_directories("data"));
    const std::string snapshot = std::string(directory) + "/00000000000000000010.snapshot";
    {
      auto log = Log::open(drive, scheduler, {.directory = directory}, settings).value();
      for (Offset at = 0; at < 10; ++at) ASSERT_TRUE(log->append(batch({.base = at})));
      ASSERT_TRUE(log->roll());
      ASSERT_TRUE(log->append(batch({.base = 10})));
      drive.sync(log->unsynced_files(), [&](Result<void>) { log->mark_durable(11); });
      scheduler.run_until_idle();
      ASSERT_TRUE(drive.exists(snapshot).value());
      ASSERT_TRUE(log->truncate_to(5));
    }
    drive.power_cycle();
    EXPECT_FALSE(drive.exists(snapshot).value()) << "seed " << seed;
  }
}

TEST_F(CutTest, TruncationInsideABatchCutsAtItsStartButEndsThere) {  // files.md 11.9
  auto log = log_of(20, 100, 4);
  ASSERT_TRUE(log->truncate_to(10));
  EXPECT_EQ(log->log_end(), 10);
  EXPECT_THAT(batches_from(*log, 0), ElementsAre(Pair(0, 3), Pair(4, 7)));
  ASSERT_TRUE(log->append(batch({.base = 10, .epoch = 9})));
  EXPECT_THAT(batches_from(*log, 0), ElementsAre(Pair(0, 3), Pair(4, 7), Pair(10, 10)));
}

TEST_F(CutTest, TruncationTakesEpochsBack) {
  auto log = log_of(30, 10);
  ASSERT_TRUE(log->truncate_to(15));
  EXPECT_EQ(log->leader_epochs().entries(), (std::vector<EpochStart>{{0, 0}, {1, 10}}));
}

TEST_F(CutTest, TruncationAtOrAboveTheEndDoesNothing) {
  auto log = log_of(3, 10);
  ASSERT_TRUE(log->truncate_to(3));
  ASSERT_TRUE(log->truncate_to(9));
  EXPECT_EQ(log->log_end(), 3);
}

TEST_F(CutTest, ARestartBeginsEmptyAtTheOffset) {
  auto log = log_of(30, 10);
  ASSERT_TRUE(log->restart_at(100));
  EXPECT_EQ(log->log_start(), 100);
  EXPECT_EQ(log->log_end(), 100);
  EXPECT_EQ(log->producers().size(), 0u);
  ASSERT_TRUE(log->append(batch({.base = 100})));
  EXPECT_THAT(batches_from(*log, 100), ElementsAre(Pair(100, 100)));
  sync(*log);
  disk.power_cycle();
  EXPECT_EQ(open()->log_start(), 100);
}

TEST_F(CutTest, RaisingTheLogStartDropsWholeSegmentsOnly) {
  auto log = log_of(30, 10);
  ASSERT_TRUE(log->raise_log_start(15));
  EXPECT_EQ(log->log_start(), 15);
  EXPECT_EQ(log->segments().front().base, 10);
  EXPECT_EQ(log->read({.from = 14, .below = 30, .max_bytes = 100}).error().code, Errc::offset_out_of_range);
  EXPECT_EQ(log->leader_epochs().entries().front(), (EpochStart{1, 15}));
  ASSERT_TRUE(log->raise_log_start(3));
  EXPECT_EQ(log->log_start(), 15);
  EXPECT_EQ(log->raise_log_start(31).error().code, Errc::offset_out_of_range);
  EXPECT_FALSE(log->failure());
}

TEST_F(CutTest, DeletedFilesStayReadableAndGoAfterTheDelay) {
  settings.file_delete_delay_ms = 1000;
  auto log = log_of(30, 10);
  const auto range = log->read({.from = 0, .below = 30, .max_bytes = 100000}).value();
  ASSERT_TRUE(log->raise_log_start(20));
  EXPECT_FALSE(exists("00000000000000000000.log"));
  EXPECT_TRUE(exists("00000000000000000000.log.deleted"));
  EXPECT_EQ(bytes_of(range).size(), range.bytes);
  ASSERT_TRUE(log->purge_deleted(scheduler.wall_ms() + 999));
  EXPECT_TRUE(exists("00000000000000000000.log.deleted"));
  ASSERT_TRUE(log->purge_deleted(scheduler.wall_ms() + 1000));
  EXPECT_FALSE(exists("00000000000000000000.log.deleted"));
  EXPECT_EQ(bytes_of(range).size(), range.bytes);
}

TEST_F(CutTest, AfterARollTheWholeLogCanGo) {
  auto log = log_of(5, 10);
  ASSERT_TRUE(log->roll());
  ASSERT_TRUE(log->raise_log_start(5));
  EXPECT_EQ(log->size_bytes(), 0u);
  EXPECT_EQ(log->log_start(), 5);
  ASSERT_TRUE(log->append(batch({.base = 5, .epoch = 9})));
}

TEST_F(CutTest, WhatWasDeletedIsGoneAfterARestartToo) {
  {
    auto log = log_of(30, 10);
    ASSERT_TRUE(log->raise_log_start(20));
    ASSERT_TRUE(log->close());
  }
  auto log = open({.log_start = 20, .clean = true});
  EXPECT_EQ(log->log_start(), 20);
  EXPECT_FALSE(exists("00000000000000000000.log.deleted"));
}

}  // namespace
}  // namespace leat::log
