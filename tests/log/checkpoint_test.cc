#include "log_fixture.h"

namespace leat::log {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// A checkpoint notes where recovery may begin within a segment.
class CheckpointTest : public LogTest {
 protected:
  CheckpointTest() {
    settings.index_interval_bytes = 150;
    settings.resume_bytes = 300;
  }

  /// Batches of two records, by two producers in turn.
  void append(Log& log, int count) {
    for (int i = 0; i < count; ++i) {
      const Offset base = log.log_end();
      const auto sequence = static_cast<std::int32_t>(base / 4 * 2);
      ASSERT_TRUE(log.append(batch({.base = base, .records = 2, .timestamp = sample_time + base, .producer_id = base / 2 % 2,
                                    .producer_epoch = 0, .sequence = sequence})));
    }
  }
  /// What a log's files say of it, as any other start would find it.
  struct Account {
    std::vector<std::pair<Offset, Offset>> batches;
    std::vector<EpochStart> epochs;
    std::string index, times, transactions;
    std::vector<std::byte> producers;
    friend bool operator==(const Account&, const Account&) = default;
  };
  Account account(std::unique_ptr<Log> log) {
    Account account{.batches = batches_from(*log, log->log_start()), .epochs = log->leader_epochs().entries(),
                    .producers = log->producers().snapshot()};
    EXPECT_TRUE(log->close());
    account.index = text("00000000000000000000.index");
    account.times = text("00000000000000000000.timeindex");
    if (exists("00000000000000000000.txnindex")) account.transactions = text("00000000000000000000.txnindex");
    return account;
  }
  /// The same files, recovered from the first byte and from the checkpoint.
  void expect_the_same_as_from_the_beginning(Offset recovery_point) {
    const Account resumed = account(open({.recovery_point = recovery_point}));
    ASSERT_THAT(said, Contains(HasSubstr("recovering"))) << "nothing was recovered";
    const Account whole = account(open({.recovery_point = 0}));
    EXPECT_EQ(resumed.batches, whole.batches);
    EXPECT_EQ(resumed.epochs, whole.epochs);
    EXPECT_EQ(resumed.producers, whole.producers);
    EXPECT_EQ(resumed.transactions, whole.transactions);
  }
  std::unique_ptr<Log> open(OpenState state = {}) {
    said.clear();
    state.directory = directory;
    auto log = Log::open(disk, scheduler, state, settings,
                         {.log = [this](LogLevel, std::string_view line) { said.emplace_back(line); }});
    EXPECT_TRUE(log) << log.error().to_string();
    return log ? std::move(log).value() : nullptr;
  }
  /// Of the log, as recovery says.
  std::uint64_t bytes_read() const {
    for (const std::string& line : said)
      if (const auto at = line.find(".log, "); at != std::string::npos && line.starts_with("recovering"))
        return std::stoull(line.substr(at + 6));
    return 0;
  }
  void damage(const std::string& name, std::uint64_t at) { disk.flip_bits(std::string(directory) + "/" + name, at, 0x55); }

  static constexpr const char* first_log = "00000000000000000000.log";
  std::vector<std::string> said;
};

TEST_F(CheckpointTest, RecoveryReadsWhatCameSinceAndLittleMore) {
  auto log = open();
  append(*log, 100);
  const Offset point = log->checkpoint().value();
  EXPECT_EQ(point, 200);
  append(*log, 2);
  const auto size = log->size_bytes();
  log.reset();
  log = open({.recovery_point = point});
  EXPECT_EQ(log->log_end(), 204);
  EXPECT_LT(bytes_read(), size / 10);
  EXPECT_GT(bytes_read(), 0u);
}

TEST_F(CheckpointTest, ItsCostIsTheSameForALogOfAnyLength) {
  std::vector<std::uint64_t> read;
  for (const int before : {50, 500}) {
    auto log = open();
    append(*log, before);
    const Offset point = log->checkpoint().value();
    append(*log, 20);
    log.reset();
    open({.recovery_point = point});
    read.push_back(bytes_read());
    ASSERT_TRUE(disk.remove_all(directory));
  }
  EXPECT_NEAR(static_cast<double>(read[0]), static_cast<double>(read[1]), 400);
}

TEST_F(CheckpointTest, TheNextStartMayResumeThereToo) {  // when the power goes again before the next checkpoint
  auto log = open();
  append(*log, 100);
  const Offset point = log->checkpoint().value();
  append(*log, 2);
  ASSERT_TRUE(log->roll());
  append(*log, 2);
  log.reset();
  ASSERT_TRUE(open({.recovery_point = point}));
  const std::uint64_t first = bytes_read();
  ASSERT_TRUE(open({.recovery_point = point}));
  EXPECT_EQ(bytes_read(), first);
}

TEST_F(CheckpointTest, LittleIsNotNoted) {
  auto log = open();
  append(*log, 1);
  sync(*log);
  EXPECT_EQ(log->checkpoint().value(), 2) << "the recovery point moves all the same";
  EXPECT_FALSE(exists("00000000000000000002.snapshot"));
}

TEST_F(CheckpointTest, RecoveryFindsWhatItWouldFromTheFirstByteOn) {
  auto log = open();
  append(*log, 40);
  const Offset point = log->checkpoint().value();
  append(*log, 10);
  log.reset();
  expect_the_same_as_from_the_beginning(point);
}

TEST_F(CheckpointTest, TransactionsThatEndedOnEitherSideAreKnownOnce) {
  auto log = open();
  ASSERT_TRUE(log->append(transactional(0, 7)));
  ASSERT_TRUE(log->append(aborted(1, 7)));
  ASSERT_TRUE(log->append(transactional(2, 8)));  // open at the checkpoint
  append(*log, 10);
  ASSERT_TRUE(log->append(transactional(log->log_end(), 9)));
  const Offset point = log->checkpoint().value();
  ASSERT_TRUE(log->append(aborted(log->log_end(), 8)));
  ASSERT_TRUE(log->append(aborted(log->log_end(), 9)));
  log.reset();
  expect_the_same_as_from_the_beginning(point);
  EXPECT_EQ(text("00000000000000000000.txnindex").size(), 3 * AbortedTransaction::size);
}

TEST_F(CheckpointTest, WhatIsTornBehindItIsCut) {
  auto log = open();
  append(*log, 40);
  const Offset point = log->checkpoint().value();
  const auto size = log->size_bytes();
  append(*log, 3);
  log.reset();
  damage(first_log, size + size / 40 + 70);
  log = open({.recovery_point = point});
  EXPECT_EQ(log->log_end(), point + 2);
}

TEST_F(CheckpointTest, WithoutItsSnapshotTheSegmentIsReadWhole) {
  for (const bool is_gone : {false, true}) {
    auto log = open();
    append(*log, 40);
    const Offset point = log->checkpoint().value();
    const auto size = log->size_bytes();
    log.reset();
    const std::string snapshot = "00000000000000000080.snapshot";
    if (is_gone) ASSERT_TRUE(disk.remove(std::string(directory) + "/" + snapshot));
    else damage(snapshot, 12);
    log = open({.recovery_point = point});
    EXPECT_EQ(bytes_read(), size);
    EXPECT_EQ(log->log_end(), 80);
    log.reset();
    ASSERT_TRUE(disk.remove_all(directory));
  }
}

TEST_F(CheckpointTest, AnIndexThatNamesNoBatchIsNotBelieved) {
  auto log = open();
  append(*log, 40);
  const Offset point = log->checkpoint().value();
  const auto size = log->size_bytes();
  log.reset();
  damage("00000000000000000000.index", text("00000000000000000000.index").size() - 1);
  log = open({.recovery_point = point});
  EXPECT_EQ(bytes_read(), size);
  EXPECT_EQ(log->log_end(), 80);
}

TEST_F(CheckpointTest, WhatTheIndexesSayBehindItIsForgotten) {
  auto log = open();
  append(*log, 40);
  const Offset point = log->checkpoint().value();
  append(*log, 40);
  ASSERT_TRUE(log->close());
  log.reset();
  ASSERT_TRUE(disk.remove(std::string(directory) + "/00000000000000000160.snapshot"));
  for (const std::string name : {"00000000000000000000.index", "00000000000000000000.timeindex"})
    damage(name, text(name).size() * 3 / 4);
  expect_the_same_as_from_the_beginning(point);
}

TEST_F(CheckpointTest, ALogThatLostWhatItHadOnDiskIsReadWhole) {
  auto log = open();
  append(*log, 40);
  const Offset point = log->checkpoint().value();
  const auto size = log->size_bytes();
  log.reset();
  damage(first_log, size - 20);
  log = open({.recovery_point = point});
  EXPECT_THAT(said, Contains(HasSubstr("lacks what a checkpoint had on disk")));
  EXPECT_EQ(log->log_end(), 78);
  expect_the_same_as_from_the_beginning(0);
}

TEST_F(CheckpointTest, OnlyTheLastTwoSnapshotsAreKept) {
  auto log = open();
  for (int i = 0; i < 5; ++i) {
    append(*log, 10);
    ASSERT_TRUE(log->checkpoint());
  }
  for (const std::string gone : {"20", "40", "60"}) EXPECT_FALSE(exists("000000000000000000" + gone + ".snapshot")) << gone;
  EXPECT_TRUE(exists("00000000000000000080.snapshot"));
  EXPECT_TRUE(exists("00000000000000000100.snapshot"));
}

TEST_F(CheckpointTest, TheOneBeforeServesWhileTheFileSaysSo) {
  auto log = open();
  append(*log, 20);
  const Offset written = log->checkpoint().value();
  append(*log, 20);
  ASSERT_TRUE(log->checkpoint());  // and the power goes before the file says so
  const auto size = log->size_bytes();
  log.reset();
  log = open({.recovery_point = written});
  EXPECT_EQ(log->log_end(), 80);
  EXPECT_LT(bytes_read(), size);
}

TEST_F(CheckpointTest, ACutBelowItTakesItBack) {
  auto log = open();
  append(*log, 40);
  const Offset point = log->checkpoint().value();
  ASSERT_TRUE(log->truncate_to(60));
  EXPECT_LE(log->checkpoint().value(), 60);
  append(*log, 30);
  log.reset();
  expect_the_same_as_from_the_beginning(point);
}

TEST_F(CheckpointTest, NoneIsNotedBelowWhatTheFileMaySay) {  // or it would be believed before it is durable
  auto log = open();
  append(*log, 40);
  ASSERT_EQ(log->checkpoint().value(), 80);
  ASSERT_TRUE(log->truncate_to(40));
  append(*log, 15);
  ASSERT_TRUE(log->begin_checkpoint());
  EXPECT_FALSE(exists("00000000000000000070.snapshot"));
  append(*log, 10);
  ASSERT_TRUE(log->begin_checkpoint());
  EXPECT_TRUE(exists("00000000000000000090.snapshot"));
}

TEST_F(CheckpointTest, WhatItNotedIsOnDisk) {
  auto log = open();
  sync(*log);
  append(*log, 40);
  Result<void> synced = Error{};
  disk.sync(log->begin_checkpoint().value(), [&](Result<void> outcome) { synced = std::move(outcome); });
  scheduler.run_until_idle();
  ASSERT_TRUE(synced);
  const Offset point = log->end_checkpoint().value();
  const auto size = log->size_bytes();
  disk.power_cycle();
  log = open({.recovery_point = point});
  EXPECT_EQ(log->log_end(), 80);
  EXPECT_LT(bytes_read(), size / 4);
}

TEST_F(CheckpointTest, ACutWhileItsSyncIsUnderWayVoidsIt) {
  auto log = open();
  append(*log, 10);
  ASSERT_EQ(log->checkpoint().value(), 20);
  append(*log, 10);
  const auto files = log->begin_checkpoint().value();
  ASSERT_TRUE(log->truncate_to(30));
  for (const auto& file : files) ASSERT_TRUE(file->sync());
  EXPECT_EQ(log->end_checkpoint().value(), 20);
}

TEST_F(CheckpointTest, AppendsGoOnWhileItsSyncIsUnderWay) {
  auto log = open();
  append(*log, 10);
  const auto files = log->begin_checkpoint().value();
  ASSERT_TRUE(log->start_epoch(4));
  ASSERT_TRUE(log->roll());
  append(*log, 10);
  for (const auto& file : files) ASSERT_TRUE(file->sync());
  EXPECT_EQ(log->end_checkpoint().value(), 20);
  EXPECT_FALSE(log->unsynced_files().empty());
  sync(*log);
  ASSERT_EQ(log->checkpoint().value(), 40);
  EXPECT_THAT(text("leader-epoch-checkpoint"), HasSubstr("4 20")) << "it began after the first checkpoint had";
}

TEST_F(CheckpointTest, AfterACleanStopTheNextOneNotesWhatCameSince) {
  {
    auto log = open();
    append(*log, 40);
    ASSERT_TRUE(log->close());
  }
  auto log = open({.recovery_point = 80, .clean = true});
  append(*log, 2);
  const auto size = log->size_bytes();
  log.reset();
  log = open({.recovery_point = 80});
  EXPECT_LT(bytes_read(), size / 4);
  EXPECT_EQ(log->log_end(), 84);
}

/// Power is lost at the nth call, for every n: what the recovery point covers is there, and what recovery makes of it from
/// the checkpoint on is what it makes of it from the first byte on.
TEST_F(CheckpointTest, PowerMayGoAtAnyStep) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed)
    for (std::uint64_t nth = 0;; ++nth) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", call " + std::to_string(nth));
      sim::Scheduler loop(seed);
      sim::Disk drive(loop, {.seed = seed});
      ASSERT_TRUE(drive.create_directories("data"));
      ASSERT_TRUE(drive.sync_directory("."));
      Offset kept = 0, recovery_point = 0;
      drive.crash_at(nth);
      [&] {
        auto opened = Log::open(drive, loop, {.directory = directory}, settings);
        if (!opened) return;
        Log& log = **opened;
        for (int i = 0; i < 24; ++i) {
          const Offset base = log.log_end();
          if (!log.append(i % 6 == 5 ? aborted(base, 7) : transactional(base, 7, i))) return;
          if (i % 4 == 3) {
            const auto files = log.begin_checkpoint();
            if (!files) return;
            Result<void> synced = Error{};
            drive.sync(*files, [&](Result<void> outcome) { synced = std::move(outcome); });
            loop.run_until_idle();
            if (!synced) return;
            const auto point = log.end_checkpoint();
            if (!point) return;
            recovery_point = *point;  // the file is written
            kept = std::max(kept, *point);
          }
          if (i == 13) {
            kept = std::min(kept, base - 3);
            if (!log.truncate_to(base - 3)) return;
          }
          if (i == 18 && !log.roll()) return;
        }
      }();
      const bool fired = drive.fault_fired();
      drive.power_cycle();
      const auto look = [&](Offset from) {
        const auto log = Log::open(drive, loop, {.directory = directory, .recovery_point = from}, settings).value();
        EXPECT_GE(log->log_end(), kept);
        std::vector<Offset> aborts;
        const auto range = log->read({.from = 0, .below = log->log_end(), .max_bytes = 100'000, .with_aborted = true}).value();
        for (const auto& each : range.aborted) aborts.push_back(each.last_offset);
        return std::tuple(batches_from(*log, 0), log->producers().snapshot(), aborts);
      };
      const auto resumed = look(recovery_point);
      ASSERT_EQ(resumed, look(0));
      if (!fired) break;
    }
}

}  // namespace
}  // namespace leat::log
