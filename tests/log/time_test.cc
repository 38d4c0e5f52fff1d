#include "log_fixture.h"

namespace leat::log {
namespace {

/// Records with the timestamps below, spread over small segments; searched with and without indexes in
/// memory.
class TimeTest : public LogTest {
 protected:
  std::unique_ptr<Log> log_of(const std::vector<TimestampMs>& times, record::Codec codec = record::Codec::none) {
    settings.segment_bytes = 700;
    settings.index_interval_bytes = 100;
    auto log = open();
    for (std::size_t at = 0; at < times.size(); at += 3) {
      record::BatchBuilder builder({.base_offset = static_cast<Offset>(at), .leader_epoch = static_cast<LeaderEpoch>(at / 6)});
      for (std::size_t i = at; i < std::min(at + 3, times.size()); ++i) builder.append(times[i], "k", "v");
      EXPECT_TRUE(log->append(builder.build(codec).value()));
    }
    return log;
  }
  static Offset expected(const std::vector<TimestampMs>& times, TimestampMs from, std::size_t below) {
    for (std::size_t i = 0; i < std::min(below, times.size()); ++i)
      if (times[i] >= from) return static_cast<Offset>(i);
    return no_offset;
  }
  static void check_all(const Log& log, const std::vector<TimestampMs>& times) {
    for (TimestampMs from = 0; from < 70; ++from)
      for (const std::size_t below : {times.size(), times.size() / 2, std::size_t{3}}) {
        const auto found = log.find_by_time(from, static_cast<Offset>(below)).value();
        ASSERT_EQ(found.offset, expected(times, from, below)) << "from " << from << " below " << below;
        if (found.offset < 0) continue;
        EXPECT_EQ(found.timestamp, times[static_cast<std::size_t>(found.offset)]);
        EXPECT_EQ(found.leader_epoch, found.offset / 6);
      }
    for (std::size_t below = 1; below <= times.size(); ++below) {
      const auto end = times.begin() + static_cast<std::ptrdiff_t>(below);
      const auto best = std::max_element(times.begin(), end);
      const auto found = log.find_max_timestamp(static_cast<Offset>(below)).value();
      ASSERT_EQ(found.offset, best - times.begin()) << below;
      EXPECT_EQ(found.timestamp, *best);
    }
  }
  /// Mostly rising, with steps back.
  static std::vector<TimestampMs> sample() {
    std::vector<TimestampMs> times;
    for (int i = 0; i < 60; ++i) times.push_back(5 + i - i % 7 * 2);
    return times;
  }
};

TEST_F(TimeTest, TheFirstRecordAtOrAfterATimeIsFound) {
  const auto times = sample();
  auto log = log_of(times);
  EXPECT_GT(log->segments().size(), 2u);
  check_all(*log, times);
  ASSERT_TRUE(log->close());
  log.reset();
  check_all(*open_clean(), times);
  check_all(*open(), times);
}

TEST_F(TimeTest, CompressedBatchesAreLookedInto) {
  const auto times = sample();
  check_all(*log_of(times, record::Codec::lz4), times);
}

TEST_F(TimeTest, AnEmptyLogHasNoTimes) {
  auto log = open();
  EXPECT_EQ(log->find_by_time(0, 0).value().offset, no_offset);
  EXPECT_EQ(log->find_max_timestamp(0).value().offset, no_offset);
}

TEST_F(TimeTest, RecordsBelowTheLogStartAreNotFound) {
  auto log = log_of({10, 50, 30, 20});
  ASSERT_TRUE(log->raise_log_start(2));
  EXPECT_EQ(log->find_by_time(0, 4).value().offset, 2);
  EXPECT_EQ(log->find_max_timestamp(4).value().offset, 2);
}

TEST_F(TimeTest, LogAppendTimeCountsForEveryRecordOfItsBatch) {
  auto log = open();
  record::BatchBuilder builder({.base_offset = 0, .leader_epoch = 0, .log_append_time = 100});
  builder.append(5, "k", "v");
  builder.append(6, "k", "v");
  ASSERT_TRUE(log->append(builder.build().value()));
  EXPECT_EQ(log->find_by_time(50, 2).value().offset, 0);
  EXPECT_EQ(log->find_by_time(50, 2).value().timestamp, 100);
}

}  // namespace
}  // namespace leat::log
