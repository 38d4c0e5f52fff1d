#include "quorum/metadata_log.h"

#include <gtest/gtest.h>

#include "quorum/control_batches.h"
#include "quorum/directories.h"
#include "sim/disk.h"
#include "sim/scheduler.h"

namespace leat::quorum {
namespace {

const Uuid directory_id = Uuid::parse("MvDxzVmcRsaTz33bUuRU6A").value();
constexpr const char* directory = "data/__cluster_metadata-0";

std::vector<std::byte> value(std::string_view text) {
  const Bytes bytes(text);
  return {bytes.begin(), bytes.end()};
}

class MetadataLogTest : public testing::Test {
 protected:
  void found() {
    ASSERT_TRUE(make_directories(disk, directory));
    const Voter self{.id = 1, .directory_id = directory_id, .endpoints = {{"CONTROLLER", "localhost", 9093}}};
    ASSERT_TRUE(write_batches_file(disk, std::string(directory) + "/" + snapshot_name({}),
                                   founding_snapshot({self}, scheduler.wall_ms()).value()));
  }
  /// Opens, replays into `replayed`, leads.
  void open() {
    log.reset();
    replayed.clear();
    auto opened = MetadataLog::open(disk, scheduler, {.directory = directory, .directory_id = directory_id}, {});
    ASSERT_TRUE(opened) << opened.error().to_string();
    log = std::move(*opened);
    const auto ok = log->replay(log->end(), [&](const MetadataLog::Batch& batch) -> Result<void> {
      for (Bytes text : batch.values) replayed.push_back(text.to_string());
      last = batch.last_offset;
      return {};
    });
    ASSERT_TRUE(ok) << ok.error().to_string();
    const auto led = log->lead();
    ASSERT_TRUE(led) << led.error().to_string();
  }
  void power_cycle() {
    log.reset();
    disk.power_cycle();
  }

  sim::Scheduler scheduler{3};
  sim::Disk disk{scheduler, {.seed = 3}};
  std::unique_ptr<MetadataLog> log;
  std::vector<std::string> replayed;
  Offset last = no_offset;
};

TEST_F(MetadataLogTest, FirstTermBeginsWithTheVotersAndLaterOnesDoNot) {
  found();
  open();
  EXPECT_EQ(log->epoch(), 1);
  EXPECT_EQ(log->end(), 3);
  ASSERT_TRUE(log->close());
  open();
  EXPECT_EQ(log->epoch(), 2);
  EXPECT_EQ(log->end(), 4);
  EXPECT_EQ(io::read_text(disk, std::string(directory) + "/quorum-state").value(),
            R"({"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})");
  EXPECT_EQ(io::read_text(disk, std::string(directory) + "/partition.metadata").value(),
            "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ");
}

TEST_F(MetadataLogTest, CommitsWhatASyncHasCovered) {
  found();
  open();
  ASSERT_EQ(log->append({value("a"), value("b")}).value(), 4);
  EXPECT_LT(log->high_watermark(), 5);
  bool done = false;
  log->sync([&](Result<void> result) { done = result.has_value(); });
  ASSERT_EQ(log->append({value("c")}).value(), 5);
  scheduler.run_until_idle();
  EXPECT_TRUE(done);
  EXPECT_EQ(log->high_watermark(), 5);
}

TEST_F(MetadataLogTest, CommittedBatchesSurvivePowerLoss) {
  found();
  open();
  ASSERT_TRUE(log->append({value("a"), value("b")}));
  ASSERT_TRUE(log->sync_now());
  power_cycle();
  open();
  EXPECT_EQ(replayed, (std::vector<std::string>{"a", "b"}));
}

TEST_F(MetadataLogTest, TheLogAloneIsEnough) {
  found();
  open();
  ASSERT_TRUE(log->append({value("a")}));
  ASSERT_TRUE(log->close());
  log.reset();
  for (const char* name : {"quorum-state", "leader-epoch-checkpoint", "partition.metadata", "00000000000000000000.index",
                           "00000000000000000000.timeindex", "00000000000000000000-0000000000.checkpoint"})
    ASSERT_TRUE(disk.remove(std::string(directory) + "/" + name)) << name;
  open();
  EXPECT_EQ(replayed, std::vector<std::string>{"a"});
  EXPECT_EQ(log->epoch(), 2);
  EXPECT_EQ(log->voters().at(0).endpoints.at(0).port, 9093);
}

TEST_F(MetadataLogTest, ALaterSnapshotReplacesAnOlderLog) {
  found();
  open();
  ASSERT_TRUE(log->append({value("old")}));
  ASSERT_TRUE(log->close());
  log.reset();
  const VoterSet voters{{.id = 1, .directory_id = directory_id}};
  const BatchPlace place{.epoch = 6, .timestamp = 1};
  ASSERT_TRUE(write_batches_file(
      disk, std::string(directory) + "/" + snapshot_name({40, 6}),
      {snapshot_header_batch(place, 1, voters).value(), data_batch({3, 6, 1}, {value("new")}).value(),
       snapshot_footer_batch({4, 6, 1}).value()}));
  ASSERT_TRUE(io::replace_text(disk, std::string(directory) + "/" + snapshot_name({41, 6}) + ".part", "cut"));
  open();
  EXPECT_EQ(replayed, std::vector<std::string>{"new"});
  EXPECT_EQ(last, 39);
  EXPECT_EQ(log->epoch(), 7);
  EXPECT_EQ(log->end(), 41);
  ASSERT_TRUE(log->append({value("behind")}));
  ASSERT_TRUE(log->close());
  open();
  EXPECT_EQ(replayed, (std::vector<std::string>{"new", "behind"}));
}

TEST_F(MetadataLogTest, ADamagedSnapshotIsRefused) {
  found();
  disk.flip_bits(std::string(directory) + "/" + snapshot_name({}), 100, 1);
  auto opened = MetadataLog::open(disk, scheduler, {.directory = directory, .directory_id = directory_id}, {});
  ASSERT_TRUE(opened);
  const auto replay = (*opened)->replay((*opened)->end(), [](const auto&) -> Result<void> { return {}; });
  ASSERT_FALSE(replay);
  EXPECT_EQ(replay.error().code, Errc::corrupt);
}

TEST(SnapshotName, IsParsedStrictly) {
  EXPECT_EQ(snapshot_name({42, 3}), "00000000000000000042-0000000003.checkpoint");
  EXPECT_EQ(parse_snapshot_name("00000000000000000042-0000000003.checkpoint"), (SnapshotId{42, 3}));
  for (const char* bad : {"", "bootstrap.checkpoint", "00000000000000000042-0000000003.checkpoint.part",
                          "00000000000000000042-0000000003.snapshot", "0000000000000000042-00000000003.checkpoint",
                          "0000000000000000004x-0000000003.checkpoint", "-0000000000000000042-0000000003.checkpoint",
                          "00000000000000000042-9999999999.checkpoint"})
    EXPECT_FALSE(parse_snapshot_name(bad)) << bad;
}

}  // namespace
}  // namespace leat::quorum
