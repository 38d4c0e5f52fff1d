#include "log_fixture.h"

namespace leat::log {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

TEST_F(LogTest, AFreshLogIsEmpty) {
  auto log = open();
  EXPECT_EQ(log->log_start(), 0);
  EXPECT_EQ(log->log_end(), 0);
  EXPECT_EQ(log->durable_end(), 0);
  EXPECT_TRUE(log->unsynced_files().empty());
  EXPECT_EQ(log->read({.from = 0, .below = 0, .max_bytes = 100}).value().bytes, 0u);
}

TEST_F(LogTest, WhatIsAppendedIsReadBackByteForByte) {
  auto log = open();
  const auto sent = batch({.base = 0, .records = 3});
  ASSERT_TRUE(log->append(sent));
  EXPECT_EQ(log->log_end(), 3);
  const auto range = log->read({.from = 1, .below = 3, .max_bytes = 1000}).value();
  EXPECT_EQ(bytes_of(range), sent);
  EXPECT_EQ(range.first, 0);
  EXPECT_EQ(range.next, 3);
}

TEST_F(LogTest, SeveralBatchesInOneAppendAreOneWrite) {
  auto log = open();
  auto sent = batch({.base = 0, .records = 2});
  const auto more = batch({.base = 2, .records = 2});
  sent.insert(sent.end(), more.begin(), more.end());
  ASSERT_TRUE(log->append(batch({.base = 0, .epoch = 0})) );
  const auto before = disk.counters().calls;
  auto rest = batch({.base = 1, .records = 2});
  const auto last = batch({.base = 3, .records = 2});
  rest.insert(rest.end(), last.begin(), last.end());
  ASSERT_TRUE(log->append(rest));
  EXPECT_EQ(disk.counters().calls - before, 1u);
  EXPECT_THAT(batches_from(*log, 0), ElementsAre(Pair(0, 0), Pair(1, 2), Pair(3, 4)));
}

TEST_F(LogTest, L1OffsetsMustRise) {
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 5, .records = 2})));
  EXPECT_EQ(log->append(batch({.base = 6})).error().code, Errc::corrupt_message);
  EXPECT_FALSE(log->failure());
  ASSERT_TRUE(log->append(batch({.base = 9})));
  EXPECT_THAT(batches_from(*log, 0), ElementsAre(Pair(5, 6), Pair(9, 9)));
}

TEST_F(LogTest, ACutBatchIsNotAppended) {
  auto log = open();
  auto sent = batch({.base = 0});
  sent.pop_back();
  EXPECT_EQ(log->append(sent).error().code, Errc::corrupt_message);
  EXPECT_EQ(log->append(Bytes("", 0)).error().code, Errc::corrupt_message);
  EXPECT_EQ(log->size_bytes(), 0u);
}

TEST_F(LogTest, NothingAtOrAboveTheLimitIsRead) {
  auto log = open();
  for (Offset at = 0; at < 10; at += 2) ASSERT_TRUE(log->append(batch({.base = at, .records = 2})));
  for (Offset below = 0; below <= 10; ++below) {
    const auto range = log->read({.from = 0, .below = below, .max_bytes = 10000}).value();
    EXPECT_EQ(range.next, below / 2 * 2);
  }
  EXPECT_EQ(log->read({.from = 8, .below = 4, .max_bytes = 10000}).value().bytes, 0u);
}

TEST_F(LogTest, OffsetsOutsideTheLogAreOutOfRange) {
  auto log = open({.log_start = 5});
  ASSERT_TRUE(log->append(batch({.base = 5, .records = 2})));
  EXPECT_EQ(log->read({.from = 4, .below = 7, .max_bytes = 100}).error().code, Errc::offset_out_of_range);
  EXPECT_EQ(log->read({.from = 8, .below = 7, .max_bytes = 100}).error().code, Errc::offset_out_of_range);
  EXPECT_TRUE(log->read({.from = 7, .below = 7, .max_bytes = 100}));
}

TEST_F(LogTest, ReadsAreCutAtBatchEdges) {
  auto log = open();
  const std::size_t size = batch({.base = 0}).size();
  for (Offset at = 0; at < 5; ++at) ASSERT_TRUE(log->append(batch({.base = at})));
  for (std::size_t bytes = 0; bytes < 6 * size; bytes += 7) {
    const auto range = log->read({.from = 0, .below = 5, .max_bytes = bytes}).value();
    EXPECT_EQ(range.bytes, std::min<std::size_t>(bytes / size, 5) * size);
    EXPECT_EQ(range.next, static_cast<Offset>(range.bytes / size));
  }
}

TEST_F(LogTest, TheFirstBatchIsReturnedWholeWhenAsked) {
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 0, .value_size = 500})));
  EXPECT_EQ(log->read({.from = 0, .below = 1, .max_bytes = 10}).value().bytes, 0u);
  EXPECT_GT(log->read({.from = 0, .below = 1, .max_bytes = 10, .at_least_one_batch = true}).value().bytes, 500u);
}

TEST_F(LogTest, EveryOffsetIsFoundThroughIndexesOfAllSegments) {
  settings.segment_bytes = 2000;
  settings.index_interval_bytes = 150;
  auto log = open();
  for (Offset at = 0; at < 200; at += 2) ASSERT_TRUE(log->append(batch({.base = at, .records = 2})));
  EXPECT_GT(log->segments().size(), 3u);
  for (Offset at = 0; at < 200; ++at)
    for (const Offset below : {at + 1, at + 2, at + 37, Offset{200}}) {
      const auto range = log->read({.from = at, .below = below, .max_bytes = 700}).value();
      const auto bytes = bytes_of(range);
      if (bytes.empty()) {
        EXPECT_LE(below, at / 2 * 2 + 1);
        continue;
      }
      const auto first = record::BatchView::parse(bytes).value();
      EXPECT_EQ(first.base_offset(), at / 2 * 2);
      EXPECT_LE(range.next, below);
      EXPECT_LE(bytes.size(), 700u);
    }
}

TEST_F(LogTest, ASegmentRollsBeforeItWouldExceedItsSize) {
  const auto size = static_cast<std::int64_t>(batch({.base = 0}).size());
  settings.segment_bytes = 3 * size;
  auto log = open();
  for (Offset at = 0; at < 7; ++at) ASSERT_TRUE(log->append(batch({.base = at})));
  ASSERT_THAT(log->segments(), SizeIs(3));
  EXPECT_EQ(log->segments()[1].base, 3);
  EXPECT_EQ(log->segments()[2].base, 6);
  EXPECT_TRUE(exists("00000000000000000003.snapshot"));
}

TEST_F(LogTest, ASegmentRollsByTheTimeOfItsRecords) {
  settings.segment_ms = 1000;
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 0, .timestamp = sample_time})));
  ASSERT_TRUE(log->append(batch({.base = 1, .timestamp = sample_time + 1000})));
  EXPECT_THAT(log->segments(), SizeIs(1));
  ASSERT_TRUE(log->append(batch({.base = 2, .timestamp = sample_time + 1001})));
  EXPECT_THAT(log->segments(), SizeIs(2));
}

TEST_F(LogTest, ASegmentRollsWhenAnIndexIsFull) {
  settings.index_interval_bytes = 1;
  settings.segment_index_bytes = 24;  // three offset entries, two time entries less the reserved one
  auto log = open();
  for (Offset at = 0; at < 6; ++at) ASSERT_TRUE(log->append(batch({.base = at, .timestamp = sample_time + at})));
  EXPECT_THAT(log->segments(), SizeIs(3));
}

TEST_F(LogTest, ASegmentRollsWhenRelativeOffsetsWouldOverflow) {
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 0})));
  ASSERT_TRUE(log->append(batch({.base = 1LL << 31})));
  EXPECT_THAT(log->segments(), SizeIs(2));
  EXPECT_THAT(batches_from(*log, 0), ElementsAre(Pair(0, 0), Pair(1LL << 31, 1LL << 31)));
}

TEST_F(LogTest, AnEmptySegmentIsReplacedByOneAtTheFirstOffset) {
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 1LL << 40})));
  ASSERT_THAT(log->segments(), SizeIs(1));
  EXPECT_EQ(log->segments()[0].base, 1LL << 40);
}

TEST_F(LogTest, IndexFilesHaveKafkasBytes) {  // files.md 8
  settings.index_interval_bytes = 100;
  auto log = open();
  Offset at = 0;
  for (const int delta : {0, 1, 2, -5, 4, 5}) {
    const auto sent = batch({.base = at++, .timestamp = sample_time + delta, .value_size = 11});
    ASSERT_EQ(sent.size(), 80u);
    ASSERT_TRUE(log->append(sent));
  }
  ASSERT_TRUE(log->roll());
  EXPECT_EQ(hex(text("00000000000000000000.index")), "00000002000000a00000000400000140");
  EXPECT_EQ(hex(text("00000000000000000000.timeindex")),
            "0000018bcfe56802000000020000018bcfe56804000000040000018bcfe5680500000005");
}

TEST_F(LogTest, ACleanStopAndStartKeepsAll) {
  settings.segment_bytes = 1000;
  {
    auto log = open();
    for (Offset at = 0; at < 30; ++at) ASSERT_TRUE(log->append(batch({.base = at, .epoch = static_cast<LeaderEpoch>(at / 10)})));
    ASSERT_TRUE(log->close());
    EXPECT_EQ(log->durable_end(), 30);
    EXPECT_EQ(log->append(batch({.base = 30})).error().code, Errc::closed);
  }
  EXPECT_EQ(text("leader-epoch-checkpoint"), "0\n3\n0 0\n1 10\n2 20\n");
  EXPECT_TRUE(exists("00000000000000000030.snapshot"));
  disk.power_cycle();
  auto log = open_clean();
  EXPECT_EQ(log->log_end(), 30);
  EXPECT_EQ(log->durable_end(), 30);
  EXPECT_THAT(batches_from(*log, 0), SizeIs(30));
  EXPECT_EQ(log->leader_epochs().end_of(1, 30).end, 20);
  const auto before = disk.counters();
  ASSERT_TRUE(log->close());
  EXPECT_EQ(disk.counters().writes, before.writes) << "closing an untouched log writes nothing";
}

TEST_F(LogTest, AppendsGoOnAfterACleanStart) {
  { auto log = open(); ASSERT_TRUE(log->append(batch({.base = 0}))); ASSERT_TRUE(log->close()); }
  auto log = open_clean();
  ASSERT_TRUE(log->append(batch({.base = 1})));
  EXPECT_THAT(batches_from(*log, 0), ElementsAre(Pair(0, 0), Pair(1, 1)));
}

TEST_F(LogTest, DurableEndMovesOnlyByMarking) {
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 0, .records = 4})));
  EXPECT_EQ(log->durable_end(), 0);
  ASSERT_THAT(log->unsynced_files(), SizeIs(1));
  sync(*log);
  EXPECT_EQ(log->durable_end(), 4);
  EXPECT_TRUE(log->unsynced_files().empty());
}

TEST_F(LogTest, ARolledSegmentIsSyncedWithItsIndexes) {
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 0})));
  ASSERT_TRUE(log->roll());
  ASSERT_TRUE(log->append(batch({.base = 1})));
  EXPECT_THAT(log->unsynced_files(), SizeIs(5));  // log, index, timeindex, snapshot; the new log
  sync(*log);
  EXPECT_EQ(log->checkpoint().value(), 2);
}

TEST_F(LogTest, ASegmentSealedDuringASyncWaitsForTheNextOne) {
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 0})));
  const Offset end = log->log_end();
  ASSERT_TRUE(log->roll());
  log->mark_durable(end);
  EXPECT_THAT(log->unsynced_files(), SizeIs(4));
  EXPECT_EQ(log->checkpoint().value(), 1);
  EXPECT_TRUE(log->unsynced_files().empty());
}

TEST_F(LogTest, L6AFailedWriteIsFinal) {
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 0})));
  sync(*log);
  disk.fail_nth(1);
  EXPECT_EQ(log->append(batch({.base = 1})).error().code, Errc::io_error);
  ASSERT_TRUE(log->failure());
  EXPECT_EQ(log->append(batch({.base = 1})).error().code, Errc::io_error);
  EXPECT_FALSE(log->close());
  EXPECT_EQ(log->log_end(), 1);
  log->mark_durable(2);
  EXPECT_EQ(log->durable_end(), 1);
  log.reset();
  log = open({.recovery_point = 1});
  EXPECT_THAT(batches_from(*log, 0), ElementsAre(Pair(0, 0)));
}

TEST_F(LogTest, ASyncThatFailedIsBelievedAfterReopeningOnlyAsFarAsTheDiskHasIt) {
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 0})));
  sync(*log);
  ASSERT_TRUE(log->append(batch({.base = 1})));
  disk.fail_nth(1);
  sync(*log);
  ASSERT_TRUE(log->failure());
  EXPECT_EQ(log->durable_end(), 1);
  log.reset();
  log = open();
  EXPECT_GE(log->log_end(), 1);
  const Offset end = log->log_end();
  disk.power_cycle();
  log = open();
  EXPECT_EQ(log->log_end(), end) << "what was served after reopening was on the disk";
}

TEST_F(LogTest, EpochsAreOnDiskBeforeTheRecoveryPointPassesThem) {
  auto log = open();
  ASSERT_TRUE(log->append(batch({.base = 0, .epoch = 3})));
  ASSERT_TRUE(log->start_epoch(7));
  EXPECT_FALSE(exists("leader-epoch-checkpoint")) << "a term costs no sync of its own";
  sync(*log);
  ASSERT_EQ(log->checkpoint().value(), 1);
  disk.power_cycle();
  EXPECT_EQ(text("leader-epoch-checkpoint"), "0\n2\n3 0\n7 1\n");
}

}  // namespace
}  // namespace leat::log
