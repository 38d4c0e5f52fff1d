#include "log/retention.h"

#include <limits>
#include <set>

#include "log_fixture.h"

namespace leat::log {
namespace {

using testing::SizeIs;

constexpr TimestampMs now = 1'000'000;

/// Segments of 100 bytes at 0, 10, 20, the last one active and ending at 30, as old as said.
std::vector<Log::SegmentInfo> segments(std::vector<std::int64_t> ages, std::uint64_t last_bytes = 100) {
  std::vector<Log::SegmentInfo> infos;
  for (const std::int64_t age : ages) infos.push_back({static_cast<Offset>(infos.size()) * 10, 100, now - age});
  infos.back().bytes = last_bytes;
  return infos;
}

TEST(Retention, CountsWhatIsTooOldOrTooMuch) {
  struct Row {
    const char* what;
    std::vector<Log::SegmentInfo> segments;
    RetentionRules rules;
    Offset high_watermark;
    std::size_t expected;
  };
  const Row table[] = {
      {"no limit", segments({900, 800, 700}), {}, 30, 0},
      {"the older ones", segments({900, 800, 700}), {.max_age_ms = 750}, 30, 2},
      {"at the age it stays", segments({900, 800, 700}), {.max_age_ms = 900}, 30, 0},
      {"all of them", segments({900, 800, 700}), {.max_age_ms = 0}, 30, 3},
      {"an empty active segment stays", segments({900, 800, 700}, 0), {.max_age_ms = 0}, 30, 2},
      {"stops at the first that stays", segments({900, 1, 700}), {.max_age_ms = 500}, 30, 1},
      {"a time in the future keeps it", segments({-5'000, 900, 900}), {.max_age_ms = 0}, 30, 0},
      {"ends at the high watermark", segments({900, 800, 700}), {.max_age_ms = 0}, 20, 2},
      {"reaches above the high watermark", segments({900, 800, 700}), {.max_age_ms = 0}, 19, 1},
      {"nothing is committed", segments({900, 800, 700}), {.max_age_ms = 0}, 0, 0},
      {"the rest has the size", segments({1, 1, 1}), {.max_bytes = 200}, 30, 1},
      {"the rest would have less", segments({1, 1, 1}), {.max_bytes = 201}, 30, 0},
      {"no bytes at all", segments({1, 1, 1}), {.max_bytes = 0}, 30, 3},
      {"either is enough", segments({900, 1, 1}), {.max_age_ms = 500, .max_bytes = 100}, 30, 2},
      {"a time before the epoch is old", {{0, 100, -7}, {10, 100, now}}, {.max_age_ms = 500}, 30, 1},
      {"nothing overflows", {{0, 100, std::numeric_limits<TimestampMs>::max()}}, {.max_age_ms = 0}, 30, 0},
  };
  for (const Row& row : table)
    EXPECT_EQ(count_expired(row.segments, 30, row.rules, row.high_watermark, now), row.expected) << row.what;
}

class RetentionTest : public LogTest {
 protected:
  /// Ten records a segment, the last ones in the active one.
  std::unique_ptr<Log> log_of(Offset count) {
    auto log = open();
    for (Offset at = 0; at < count; ++at) {
      EXPECT_TRUE(at % 10 != 0 || at == 0 || log->roll());
      EXPECT_TRUE(log->append(batch({.base = at, .epoch = static_cast<LeaderEpoch>(at / 10)})));
    }
    return log;
  }
};

TEST_F(RetentionTest, TheLogStartMovesBeforeItsFilesGo) {
  auto log = log_of(30);
  ASSERT_TRUE(log->move_log_start(20));
  EXPECT_EQ(log->log_start(), 20);
  EXPECT_EQ(log->first_base(), 0);
  EXPECT_TRUE(exists("00000000000000000000.log"));
  EXPECT_EQ(log->read({.from = 19, .below = 30, .max_bytes = 100}).error().code, Errc::offset_out_of_range);
  EXPECT_EQ(log->leader_epochs().entries(), (std::vector<EpochStart>{{2, 20}}));
  ASSERT_TRUE(log->drop_unreachable());
  EXPECT_EQ(log->first_base(), 20);
  EXPECT_TRUE(exists("00000000000000000010.log.deleted"));
}

/// Swept over every call to the disk: once the new start is on disk, nothing below it comes back, and nothing above
/// it is lost.
TEST_F(RetentionTest, APowerLossBringsNothingBackFromBelowTheStart) {
  for (std::uint64_t nth = 0;; ++nth) {
    sim::Scheduler loop(nth + 1);
    sim::Disk drive(loop, {.seed = nth + 1});
    ASSERT_TRUE(drive.create_directories("data"));
    ASSERT_TRUE(drive.sync_directory("."));
    const OpenState at{.directory = "data/orders-0"};
    {
      auto log = Log::open(drive, loop, at, settings).value();
      for (Offset offset = 0; offset < 30; ++offset) {
        ASSERT_TRUE(offset % 10 != 0 || offset == 0 || log->roll());
        ASSERT_TRUE(log->append(batch({.base = offset})));
      }
      ASSERT_TRUE(log->close());
      log = Log::open(drive, loop, {.directory = at.directory, .clean = true}, settings).value();
      drive.crash_at(nth);
      if (log->move_log_start(20) && log->drop_unreachable() && log->sync_names())
        (void)log->purge_deleted(loop.wall_ms() + settings.file_delete_delay_ms);
    }
    const bool fired = drive.fault_fired();
    drive.power_cycle();
    auto log = Log::open(drive, loop, {.directory = at.directory, .recovery_point = 30, .log_start = 20}, settings);
    ASSERT_TRUE(log) << "call " << nth << ": " << log.error().to_string();
    EXPECT_EQ((*log)->log_start(), 20) << "call " << nth;
    EXPECT_EQ(batches_from(**log, 20).size(), 10u) << "call " << nth;
    if (!fired) break;
  }
}

TEST_F(RetentionTest, JitterTakesAShareOfItsOwnOffTheAge) {
  settings.segment_ms = 1000;
  settings.segment_jitter_ms = 500;
  auto log = open();
  // A record a millisecond: how many fit a segment tells at which age it rolled.
  for (Offset at = 0; at < 20'000; ++at) ASSERT_TRUE(log->append(batch({.base = at, .timestamp = sample_time + at})));
  const auto all = log->segments();
  ASSERT_GT(all.size(), 20u);
  std::set<Offset> ages;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const Offset age = all[i].base - all[i - 1].base;
    EXPECT_GT(age, 500);
    EXPECT_LE(age, 1001);
    ages.insert(age);
  }
  EXPECT_GT(ages.size(), all.size() / 2) << "they differ";
}

TEST_F(RetentionTest, NewSettingsHoldForTheNextAppend) {
  auto log = open();
  for (Offset at = 0; at < 3; ++at) ASSERT_TRUE(log->append(batch({.base = at})));
  ASSERT_THAT(log->segments(), SizeIs(1));
  settings.segment_bytes = 1;
  log->reconfigure(settings);
  ASSERT_TRUE(log->append(batch({.base = 3})));
  EXPECT_THAT(log->segments(), SizeIs(2));
  settings.segment_bytes = 1 << 20;
  settings.segment_ms = 1000;
  log->reconfigure(settings);
  ASSERT_TRUE(log->append(batch({.base = 4, .timestamp = sample_time + 1001})));
  EXPECT_THAT(log->segments(), SizeIs(3));
}

}  // namespace
}  // namespace leat::log
