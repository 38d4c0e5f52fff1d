#include "log_fixture.h"

namespace leat::log {
namespace {

using testing::IsEmpty;

/// The transaction index: what was aborted, where a reader looks for it.
class TransactionTest : public LogTest {
 protected:
  static constexpr const char* first_index = "00000000000000000000.txnindex";

  void append(Log& log, const std::vector<std::vector<std::byte>>& batches) {
    for (const auto& each : batches) ASSERT_TRUE(log.append(each));
  }
  /// (producer, first offset) of what a reader is told who gets `max_bytes` from `from` on.
  static std::vector<std::pair<std::int64_t, Offset>> told(const Log& log, Offset from, std::size_t max_bytes = 1) {
    std::vector<std::pair<std::int64_t, Offset>> found;
    const auto range = log.read({.from = from, .below = log.log_end(), .max_bytes = max_bytes,
                                 .at_least_one_batch = true, .with_aborted = true});
    EXPECT_TRUE(range) << range.error().to_string();
    if (range)
      for (const auto& each : range->aborted) found.emplace_back(each.producer_id, each.first_offset);
    return found;
  }
  /// What a log is told of at each of its offsets.
  static std::vector<std::vector<std::pair<std::int64_t, Offset>>> told_everywhere(const Log& log) {
    std::vector<std::vector<std::pair<std::int64_t, Offset>>> all;
    for (Offset at = log.log_start(); at < log.log_end(); ++at) all.push_back(told(log, at));
    return all;
  }
  /// With all markers committed.
  static Offset first_unstable(Log& log) {
    log.producers().forget_ended(log.log_end());
    return log.producers().first_unstable_offset().value_or(-1);
  }
  /// Producers 1 to 4 over three segments: 1 aborts across the first roll, 2 commits, 3 aborts across the second one,
  /// 4 stays open from 6 on.
  std::unique_ptr<Log> interleaved() {
    auto log = open();
    append(*log, {transactional(0, 1), transactional(1, 2), batch({.base = 2})});
    EXPECT_TRUE(log->roll());
    append(*log, {aborted(3, 1), committed(4, 2), transactional(5, 3), transactional(6, 4)});
    EXPECT_TRUE(log->roll());
    append(*log, {aborted(7, 3), batch({.base = 8})});
    sync(*log);
    return log;
  }
};
using Told = std::vector<std::pair<std::int64_t, Offset>>;

TEST_F(TransactionTest, AnAbortIsIndexedAsKafkaIndexesIt) {  // files.md 8
  auto log = open();
  append(*log, {batch({.base = 0, .records = 6})});
  ASSERT_TRUE(log->roll());
  append(*log, {batch({.base = 6}), transactional(7, 1001), aborted(8, 1001)});
  EXPECT_EQ(hex(text("00000000000000000006.txnindex")),
            "000000000000000003e9000000000000000700000000000000080000000000000009");
  EXPECT_FALSE(exists(first_index)) << "only where something was aborted";
}

TEST_F(TransactionTest, CommitsAndAbortsWithoutDataAreNotIndexed) {
  auto log = open();
  append(*log, {transactional(0, 1), committed(1, 1), aborted(2, 1)});
  EXPECT_FALSE(exists(first_index));
}

const std::vector<Told> told_of_interleaved = {{{1, 0}}, {{1, 0}}, {{1, 0}}, {{1, 0}}, {},
                                               {{3, 5}}, {{3, 5}}, {{3, 5}}, {}};

TEST_F(TransactionTest, AReaderIsToldOfAbortedTransactionsThatOverlapWhatItGets) {  // E10
  const auto log = interleaved();
  EXPECT_EQ(told_everywhere(*log), told_of_interleaved);
  EXPECT_EQ(told(*log, 4, 1000), (Told{{3, 5}})) << "to the end of its segment";
  EXPECT_THAT(log->read({.from = 0, .below = 9, .max_bytes = 1000})->aborted, IsEmpty()) << "who does not ask";
}

TEST_F(TransactionTest, ACleanStopAndAKillKeepAll) {
  interleaved();
  for (const Offset recovery_point : {0, 3, 7, 9}) {
    for (const char* name : {"00000000000000000003.txnindex", "00000000000000000007.txnindex"})
      ASSERT_TRUE(exists(name));
    {
      const auto log = open({.recovery_point = recovery_point});
      EXPECT_EQ(told_everywhere(*log), told_of_interleaved) << recovery_point;
      EXPECT_EQ(first_unstable(*log), 6) << recovery_point;
      ASSERT_TRUE(log->close());
    }
    const auto log = open_clean();
    EXPECT_EQ(told_everywhere(*log), told_of_interleaved) << recovery_point;
    EXPECT_EQ(first_unstable(*log), 6) << recovery_point;
  }
}

TEST_F(TransactionTest, APowerCutKeepsAll) {
  interleaved();
  for (int round = 0; round < 20; ++round) {
    disk.power_cycle();
    const auto log = open();
    ASSERT_EQ(told_everywhere(*log), told_of_interleaved) << round;
    ASSERT_EQ(first_unstable(*log), 6) << round;
  }
}

/// Wherever it stops being there or right; where the producers' snapshots are gone as well, they are replayed.
TEST_F(TransactionTest, RecoveryMakesTheIndexAnew) {
  interleaved();
  const std::string before = text("00000000000000000003.txnindex");
  const auto file = [&](const char* name) {
    return disk.open(std::string(directory) + "/" + name, io::OpenMode::create).value();
  };
  for (const bool with_snapshots : {true, false}) {
    ASSERT_TRUE(file("00000000000000000003.txnindex")->write_at(0, std::string(80, '\x7f')));
    ASSERT_TRUE(file("00000000000000000000.txnindex")->write_at(0, before));
    for (const char* name : {"00000000000000000003.snapshot", "00000000000000000007.snapshot"}) {
      if (with_snapshots) continue;
      ASSERT_TRUE(disk.remove(std::string(directory) + "/" + name));
    }
    auto log = open();
    EXPECT_EQ(told_everywhere(*log), told_of_interleaved);
    EXPECT_EQ(text("00000000000000000003.txnindex"), before);
    EXPECT_FALSE(exists(first_index));
    ASSERT_TRUE(log->close());
  }
}

TEST_F(TransactionTest, AnIndexThatBelongsToNoSegmentIsMadeAnew) {  // files.md 8.6
  { ASSERT_TRUE(interleaved()->close()); }
  const auto write = [&](std::uint64_t at, std::string_view bytes) {
    const std::string name = std::string(directory) + "/00000000000000000007.txnindex";
    ASSERT_TRUE(disk.open(name, io::OpenMode::write).value()->write_at(at, bytes));
  };
  const std::string before = text("00000000000000000007.txnindex");
  write(25, "\2");  // the marker's offset, which is below the segment's base then
  EXPECT_EQ(told_everywhere(*open_clean()), told_of_interleaved);
  EXPECT_EQ(text("00000000000000000007.txnindex"), before);
  write(34, "cut");
  EXPECT_EQ(told_everywhere(*open_clean()), told_of_interleaved) << "the tail is no entry";
}

TEST_F(TransactionTest, AnIndexOfALaterVersionIsRefused) {
  { ASSERT_TRUE(interleaved()->close()); }
  auto entries = disk.open(std::string(directory) + "/00000000000000000003.txnindex", io::OpenMode::write).value();
  ASSERT_TRUE(entries->write_at(1, std::string(1, '\1')));
  const auto refused = try_open({.clean = true});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().context, testing::HasSubstr("version 1 is not known"));
}

TEST_F(TransactionTest, TruncationReopensWhatAMarkerHadEnded) {
  auto log = interleaved();
  ASSERT_TRUE(log->truncate_to(7));
  EXPECT_EQ(first_unstable(*log), 5);
  EXPECT_EQ(told_everywhere(*log), (std::vector<Told>{{{1, 0}}, {{1, 0}}, {{1, 0}}, {{1, 0}}, {}, {}, {}}));
  append(*log, {aborted(7, 3), batch({.base = 8})});
  EXPECT_EQ(told_everywhere(*log), told_of_interleaved);
  ASSERT_TRUE(log->truncate_to(3));
  EXPECT_EQ(first_unstable(*log), 0);
}

/// Both the snapshot that knows the transaction and the marker lie below the log start, in the segment that holds it.
TEST_F(TransactionTest, AMarkerBelowTheLogStartStillEndsItsTransaction) {
  {
    auto log = open();
    append(*log, {transactional(0, 1)});
    ASSERT_TRUE(log->roll());
    append(*log, {committed(1, 1), batch({.base = 2}), batch({.base = 3})});
    sync(*log);
  }
  EXPECT_EQ(first_unstable(*open({.recovery_point = 4, .log_start = 3})), -1);
}

TEST_F(TransactionTest, TheIndexGoesWithItsSegment) {
  auto log = interleaved();
  ASSERT_TRUE(log->raise_log_start(7));
  EXPECT_TRUE(exists("00000000000000000003.txnindex.deleted"));
  EXPECT_EQ(told(*log, 7), (Told{{3, 5}}));
}

}  // namespace
}  // namespace leat::log
