#include "log_fixture.h"

namespace leat::log {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

class RecoveryTest : public LogTest {
 protected:
  static constexpr const char* first_log = "00000000000000000000.log";

  std::shared_ptr<io::File> file(const std::string& name) {
    return disk.open(std::string(directory) + "/" + name, io::OpenMode::create).value();
  }
  void remove(const std::string& name) { ASSERT_TRUE(disk.remove(std::string(directory) + "/" + name)); }
  /// Batches of one record at 0, 1, ..., a roll in front of each of `rolls`; durable, not closed.
  void write(Offset count, std::vector<Offset> rolls = {}) {
    auto log = open();
    for (Offset at = 0; at < count; ++at) {
      const bool is_rolled = std::ranges::find(rolls, at) != rolls.end();
      ASSERT_TRUE(!is_rolled || log->roll());
      ASSERT_TRUE(log->append(batch({.base = at, .timestamp = sample_time + at})));
    }
    sync(*log);
  }
};

TEST_F(RecoveryTest, ATornTailIsCutWhereverItIsTorn) {
  write(3);
  const std::string whole = text(first_log);
  const std::size_t size = whole.size() / 3;
  for (std::size_t kept = 2 * size; kept < 3 * size; ++kept) {
    ASSERT_TRUE(file(first_log)->truncate(0));
    ASSERT_TRUE(file(first_log)->write_at(0, std::string_view(whole).substr(0, kept)));
    auto log = open();
    EXPECT_THAT(batches_from(*log, 0), ElementsAre(Pair(0, 0), Pair(1, 1))) << kept;
    EXPECT_EQ(log->durable_end(), 2);
    ASSERT_TRUE(log->append(batch({.base = 2})));
    EXPECT_THAT(batches_from(*log, 0), SizeIs(3));
  }
}

TEST_F(RecoveryTest, ATornBatchIsNotTakenForOneOfAnOldFormat) {
  write(3);
  const std::string whole = text(first_log);
  const std::size_t size = whole.size() / 3;
  for (std::size_t kept = 2 * size; kept < 3 * size; ++kept) {
    std::string torn = whole.substr(0, kept);
    torn.resize(whole.size());
    ASSERT_TRUE(file(first_log)->truncate(0));
    ASSERT_TRUE(file(first_log)->write_at(0, torn));
    EXPECT_EQ(open()->log_end(), torn == whole ? 3 : 2) << kept;
  }
}

TEST_F(RecoveryTest, AFlippedBitCutsFromItsBatchOn) {
  write(3);
  const std::string whole = text(first_log);
  const std::size_t size = whole.size() / 3;
  for (std::size_t at = size; at < 2 * size; ++at) {
    if (at >= size + 12 && at < size + 16) continue;  // the leader epoch is outside the CRC
    ASSERT_TRUE(file(first_log)->truncate(0));
    ASSERT_TRUE(file(first_log)->write_at(0, whole));
    disk.flip_bits(std::string(directory) + "/" + first_log, at, 0x40);
    const auto found = batches_from(*open(), 0);
    ASSERT_FALSE(found.empty()) << at;
    EXPECT_THAT(found[0], Pair(0, 0));
    EXPECT_THAT(found, SizeIs(1)) << at;
  }
}

TEST_F(RecoveryTest, AGapIsDamageWhereNoneMayBeAndNothingIsKnownToBeDurable) {
  write(2);
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 7})));
  ASSERT_TRUE(log->roll());
  ASSERT_TRUE(log->append(batch({.base = 9})));
  sync(*log);
  log.reset();
  settings.may_have_gaps = true;
  EXPECT_THAT(batches_from(*open(), 0), ElementsAre(Pair(0, 0), Pair(1, 1), Pair(7, 7), Pair(9, 9)));
  settings.may_have_gaps = false;
  EXPECT_THAT(batches_from(*open({.recovery_point = 10}), 0), SizeIs(4));
  EXPECT_THAT(batches_from(*open({.recovery_point = 8}), 0), ElementsAre(Pair(0, 0), Pair(1, 1), Pair(7, 7)));
  EXPECT_THAT(batches_from(*open(), 0), ElementsAre(Pair(0, 0), Pair(1, 1)));
}

TEST_F(RecoveryTest, SegmentsBehindACorruptOneAreRemoved) {
  write(9, {3, 6});
  disk.flip_bits(std::string(directory) + "/00000000000000000003.log", 100, 1);
  auto log = open();
  EXPECT_EQ(log->log_end(), 4);
  EXPECT_THAT(log->segments(), SizeIs(2));
  for (const char* gone : {"00000000000000000006.log", "00000000000000000006.index", "00000000000000000006.snapshot"})
    EXPECT_FALSE(exists(gone)) << gone;
  ASSERT_TRUE(log->append(batch({.base = 4})));
  ASSERT_TRUE(log->roll());
  EXPECT_THAT(batches_from(*log, 0), SizeIs(5));
}

TEST_F(RecoveryTest, BelowTheRecoveryPointNothingIsRead) {
  write(9, {3, 6});
  disk.flip_bits(std::string(directory) + "/" + first_log, 100, 1);
  EXPECT_EQ(open({.recovery_point = 6})->log_end(), 9);
}

TEST_F(RecoveryTest, AMissingIndexIsRebuilt) {
  settings.index_interval_bytes = 100;
  write(60, {30});
  for (const bool clean : {false, true})
    for (const char* name : {"00000000000000000000.index", "00000000000000000000.timeindex"}) {
      const std::string before = text(name);
      EXPECT_FALSE(before.empty());
      remove(name);
      auto log = open({.recovery_point = 60, .clean = clean});
      EXPECT_THAT(batches_from(*log, 0), SizeIs(60));
      EXPECT_EQ(text(name), before);
    }
}

TEST_F(RecoveryTest, APaddedIndexAndAPreallocatedLogAreTakenForWhatTheyHold) {
  settings.index_interval_bytes = 100;
  { write(30); }
  { auto log = open(); ASSERT_TRUE(log->close()); }
  for (const char* name : {"00000000000000000000.index", "00000000000000000000.timeindex", first_log}) {
    const auto padded = file(name);
    ASSERT_TRUE(padded->write_at(padded->size().value(), std::string(4800, '\0')));
  }
  for (const bool clean : {true, false}) {
    auto log = open({.clean = clean});
    EXPECT_EQ(log->log_end(), 30) << clean;
    EXPECT_THAT(batches_from(*log, 0), SizeIs(30));
    EXPECT_EQ(log->segments()[0].largest_timestamp, sample_time + 29);
  }
}

TEST_F(RecoveryTest, ANonsenseIndexOfTheLastSegmentIsRebuilt) {
  settings.index_interval_bytes = 100;
  write(30);
  { auto log = open(); ASSERT_TRUE(log->close()); }
  ASSERT_TRUE(file("00000000000000000000.index")->write_at(0, std::string(16, '\x7f')));
  ASSERT_TRUE(file("00000000000000000000.index")->truncate(16));
  EXPECT_THAT(batches_from(*open_clean(), 0), SizeIs(30));
}

TEST_F(RecoveryTest, LeftoversOfDeletionAndCompactionAreSettled) {
  settings.may_have_gaps = true;
  write(6, {3});
  file("00000000000000000000.log.deleted");
  file("00000000000000000001.log.cleaned");
  file("00000000000000000002.log.swap");
  file("00000000000000000009.index");
  file("00000000000000000000-0000000000.checkpoint.deleted");
  // A finished compaction of the first segment whose renames were interrupted.
  const std::string compacted = text(first_log).substr(0, text(first_log).size() / 3);
  EXPECT_THAT(batches_from(*open(), 0), SizeIs(6));
  for (const char* gone : {"00000000000000000000.log.deleted", "00000000000000000001.log.cleaned",
                           "00000000000000000002.log.swap", "00000000000000000009.index"})
    EXPECT_FALSE(exists(gone)) << gone;
  EXPECT_TRUE(exists("00000000000000000000-0000000000.checkpoint.deleted"));
  ASSERT_TRUE(file("00000000000000000000.log.swap")->write_at(0, compacted));
  EXPECT_THAT(batches_from(*open(), 0), ElementsAre(Pair(0, 0), Pair(3, 3), Pair(4, 4), Pair(5, 5)));
}

TEST_F(RecoveryTest, ALogFileWithoutANumberIsRefused) {
  write(1);
  file("foo.log");
  EXPECT_EQ(try_open().error().code, Errc::corrupt);
}

TEST_F(RecoveryTest, OldFormatsAreSteppedOver) {
  { auto log = open(); }
  // A magic 1 message: offset, size, CRC, magic, attributes, timestamp, key and value sizes.
  std::vector<std::byte> old(12 + 22 + 4);
  store_be<std::int64_t>(old.data(), 0);
  store_be<std::int32_t>(old.data() + 8, 26);
  old[16] = std::byte{1};
  store_be<std::int64_t>(old.data() + 18, sample_time);
  store_be<std::int32_t>(old.data() + 26, -1);
  store_be<std::int32_t>(old.data() + 30, 4);
  store_be<std::uint32_t>(old.data() + 12, record::BatchView::parse(old).value().compute_crc());
  ASSERT_TRUE(file(first_log)->write_at(0, old));
  ASSERT_TRUE(file(first_log)->write_at(old.size(), batch({.base = 1})));
  for (const bool clean : {false, true}) {
    auto log = open({.clean = clean});
    EXPECT_EQ(log->log_end(), 2);
    EXPECT_EQ(log->read({.from = 0, .below = 2, .max_bytes = 1000}).value().bytes, old.size() + batch({}).size());
    EXPECT_EQ(log->find_by_time(sample_time, 2).value().offset, 1);
    ASSERT_TRUE(log->close());
  }
}

TEST_F(RecoveryTest, EpochsAreLearntFromBatches) {
  {
    auto log = open();
    ASSERT_TRUE(log->append(batch({.base = 0, .epoch = 2})));
    ASSERT_TRUE(log->append(batch({.base = 1, .epoch = 5})));
    sync(*log);
  }
  EXPECT_EQ(open()->leader_epochs().entries(), (std::vector<EpochStart>{{2, 0}, {5, 1}}));
  EXPECT_EQ(text("leader-epoch-checkpoint"), "0\n2\n2 0\n5 1\n");
}

TEST_F(RecoveryTest, ATermWithoutABatchCostsTheNextOpenNothing) {
  {
    auto log = open_clean();
    ASSERT_TRUE(log->start_epoch(4));
    ASSERT_TRUE(log->close());
  }
  const auto before = disk.counters();
  auto log = open_clean();
  EXPECT_TRUE(log->leader_epochs().entries().empty());
  EXPECT_EQ(disk.counters().writes, before.writes);
  EXPECT_EQ(disk.counters().syncs + disk.counters().directory_syncs, before.syncs + before.directory_syncs);
  ASSERT_TRUE(log->start_epoch(5));
  ASSERT_TRUE(log->append(batch({.base = 0, .epoch = 5})));
  ASSERT_TRUE(log->close());
  EXPECT_EQ(text("leader-epoch-checkpoint"), "0\n1\n5 0\n");
}

TEST_F(RecoveryTest, ALogStartAboveTheEndRestartsTheLogThere) {
  write(3);
  auto log = open({.log_start = 100});
  EXPECT_EQ(log->log_start(), 100);
  EXPECT_EQ(log->log_end(), 100);
  EXPECT_TRUE(log->leader_epochs().entries().empty());
  ASSERT_TRUE(log->append(batch({.base = 100})));
  EXPECT_FALSE(exists(first_log));
}

TEST_F(RecoveryTest, TheLogStartMayBeInsideABatch) {
  {
    auto log = open();
    ASSERT_TRUE(log->append(batch({.base = 0, .records = 10})));
    sync(*log);
  }
  auto log = open({.log_start = 4});
  EXPECT_FALSE(log->read({.from = 3, .below = 10, .max_bytes = 1000}));
  EXPECT_EQ(log->read({.from = 4, .below = 10, .max_bytes = 1000}).value().first, 0);
  EXPECT_EQ(log->find_by_time(0, 10).value().offset, 4);
}

TEST_F(RecoveryTest, WhatLiesBelowTheLogStartIsGoneForGood) {
  {
    auto log = open();
    for (const Offset at : {0, 1}) {
      ASSERT_TRUE(log->roll());
      ASSERT_TRUE(log->append(batch({.base = at})));
    }
    ASSERT_TRUE(log->move_log_start(1));
    ASSERT_TRUE(log->close());
  }
  open({.recovery_point = 2, .log_start = 1, .clean = true});
  disk.power_cycle();
  EXPECT_EQ(open({.recovery_point = 2})->log_start(), 1);
}

/// L3, swept: the workload is cut off after its nth call to the disk, the power goes, and what had been
/// marked durable must be there, in order and once, whatever became of the rest.
TEST_F(RecoveryTest, L3NothingDurableIsLostWhereverThePowerGoes) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed)
    for (std::uint64_t nth = 0;; ++nth) {
      sim::Scheduler loop(seed);
      sim::Disk drive(loop, {.seed = seed});
      ASSERT_TRUE(drive.create_directories("data"));
      ASSERT_TRUE(drive.sync_directory("."));
      LogSettings small{.segment_bytes = 500, .segment_ms = 1LL << 60, .index_interval_bytes = 100,
                        .producer_id_expiration_ms = 1LL << 60, .resume_bytes = 100};
      const OpenState at{.directory = "data/orders-0"};
      Offset durable = 0, appended = 0, recovery_point = 0, started = 0;
      drive.crash_at(nth);
      const auto work = [&] {
        auto log = Log::open(drive, loop, at, small);
        if (!log) return;
        for (int i = 0; i < 14; ++i) {
          const Offset base = (*log)->log_end();
          if (!(*log)->append(batch({.base = base, .records = 2, .epoch = i / 5, .producer_id = 7,
                                     .producer_epoch = 0, .sequence = static_cast<std::int32_t>(base)})))
            return;
          appended = base + 2;
          if (i % 3 == 2) {
            drive.sync((*log)->unsynced_files(), [&](Result<void> done) {
              if (done) (*log)->mark_durable(appended);
            });
            loop.run_until_idle();
            durable = (*log)->durable_end();
          }
          if (i == 9) {
            if (const auto point = (*log)->checkpoint()) recovery_point = *point;
            if ((*log)->raise_log_start(8)) started = 8;
          }
        }
        if ((*log)->close()) durable = appended;
      };
      work();
      const bool fired = drive.fault_fired();
      drive.power_cycle();
      auto again = Log::open(drive, loop, {.directory = at.directory, .recovery_point = recovery_point,
                                           .log_start = started}, small);
      ASSERT_TRUE(again) << "seed " << seed << ", call " << nth << ": " << again.error().to_string();
      Log& log = **again;
      ASSERT_GE(log.log_end(), durable) << "seed " << seed << ", call " << nth;
      ASSERT_LE(log.log_end(), std::max<Offset>(appended + 2, 0)) << "seed " << seed << ", call " << nth;
      Offset next = log.log_start() / 2 * 2;
      for (const auto& [base, last] : batches_from(log, log.log_start())) {
        // A segment that was never synced may be missing in front of one that happened to be written.
        ASSERT_TRUE(base == next || (base > next && next >= durable)) << "seed " << seed << ", call " << nth;
        next = last + 1;
      }
      ASSERT_GE(next, durable) << "seed " << seed << ", call " << nth;
      ASSERT_EQ(next, log.log_end()) << "seed " << seed << ", call " << nth;
      ASSERT_TRUE(log.append(batch({.base = log.log_end()})));
      if (!fired) break;
    }
}

}  // namespace
}  // namespace leat::log
