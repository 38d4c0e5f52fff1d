#include "storage/log_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/batch_builder.h"
#include "sim/disk.h"
#include "sim/entropy.h"
#include "sim/scheduler.h"

namespace leat::storage {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class LogDirectoryTest : public testing::Test {
 protected:
  Result<std::unique_ptr<LogDirectory>> try_open() {
    return LogDirectory::open(disk, scheduler, {.path = "data"}, {});
  }
  std::unique_ptr<LogDirectory> open() {
    auto directory = try_open();
    EXPECT_TRUE(directory) << directory.error().to_string();
    return std::move(directory).value();
  }
  std::unique_ptr<LogDirectory> open_formatted() {
    auto directory = open();
    EXPECT_TRUE(directory->format({"4L6g3nShT-eMCtK--X86sw", 1, id("MvDxzVmcRsaTz33bUuRU6A")}));
    return directory;
  }
  std::vector<LoadedLog> load(LogDirectory& directory) {
    auto loaded = directory.load(scheduler, [](auto&, auto&) { return log::LogSettings{.segment_ms = 1LL << 60}; });
    EXPECT_TRUE(loaded) << loaded.error().to_string();
    return loaded ? std::move(loaded).value() : std::vector<LoadedLog>();
  }
  static Uuid id(std::string_view text) { return *Uuid::parse(text); }
  static std::vector<std::byte> batch(Offset base) {
    record::BatchBuilder builder({.base_offset = base, .leader_epoch = 0});
    builder.append(scheduler_time, "k", "v");
    return builder.build().value();
  }
  std::string text(const std::string& name) { return io::read_text(disk, "data/" + name).value_or("<none>"); }
  void put(const std::string& name, std::string_view content) {
    EXPECT_TRUE(io::replace_text(disk, "data/" + name, content));
  }
  std::vector<std::string> names_in_data() {
    std::vector<std::string> names;
    for (const auto& entry : disk.list("data").value()) names.push_back(entry.name);
    return names;
  }

  static constexpr TimestampMs scheduler_time = sim::Scheduler::epoch_ms;
  sim::Scheduler scheduler{1};
  sim::Disk disk{scheduler};
  sim::SeededEntropy entropy{7};
  const TopicPartition orders{"orders", 0};
  const Uuid topic = id("AAAAAAAAAAAAAAAAAAAB_w");
};

TEST_F(LogDirectoryTest, AnEmptyDirectoryIsFormattedOnce) {
  {
    auto directory = open();
    EXPECT_FALSE(directory->meta());
    ASSERT_TRUE(directory->format({"4L6g3nShT-eMCtK--X86sw", 1, id("MvDxzVmcRsaTz33bUuRU6A")}));
  }
  disk.power_cycle();
  EXPECT_EQ(text("meta.properties"),
            "version=1\ncluster.id=4L6g3nShT-eMCtK--X86sw\nnode.id=1\ndirectory.id=MvDxzVmcRsaTz33bUuRU6A\n");
  auto directory = open();
  ASSERT_TRUE(directory->meta());
  EXPECT_EQ(directory->meta()->cluster_id, "4L6g3nShT-eMCtK--X86sw");
  EXPECT_FALSE(directory->clean_broker_epoch());
}

TEST_F(LogDirectoryTest, ADirectoryHasOneOwner) {
  auto directory = open_formatted();
  EXPECT_EQ(try_open().error().code, Errc::in_use);
}

TEST_F(LogDirectoryTest, WhatAnInterruptedFormatLeftCountsAsEmpty) {
  ASSERT_TRUE(disk.create_directories("data/__cluster_metadata-0"));
  put("bootstrap.checkpoint", "x");
  put("__cluster_metadata-0/00000000000000000000-0000000000.checkpoint", "x");
  EXPECT_FALSE(open()->meta());
}

TEST_F(LogDirectoryTest, AnyOtherDirectoryWithoutIdentityIsRefused) {
  ASSERT_TRUE(disk.create_directories("data"));
  put("letters.txt", "dear");
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().context, HasSubstr("letters.txt"));
  EXPECT_THAT(refused.error().context, HasSubstr("meta.properties"));
}

TEST_F(LogDirectoryTest, PartitionsWithoutAnIdentityAreRefused) {
  ASSERT_TRUE(disk.create_directories("data/orders-0"));
  EXPECT_FALSE(try_open());
}

TEST_F(LogDirectoryTest, AForeignFolderIsRefused) {
  open_formatted().reset();
  ASSERT_TRUE(disk.create_directories("data/lost+found"));
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().context, HasSubstr("data/lost+found is not a partition"));
}

TEST_F(LogDirectoryTest, PlainFilesOfAnyNameAreIgnoredOnceFormatted) {
  open_formatted().reset();
  put("notes", "x");
  EXPECT_TRUE(try_open());
}

TEST_F(LogDirectoryTest, ABrokenIdentityIsRefused) {
  for (const char* broken : {"", "version=1\n", "version=9\ncluster.id=a\nnode.id=1\ndirectory.id=MvDxzVmcRsaTz33bUuRU6A\n",
                             "version=1\ncluster.id=a\nnode.id=x\ndirectory.id=MvDxzVmcRsaTz33bUuRU6A\n",
                             "version=1\ncluster.id=a\nnode.id=1\ndirectory.id=short\n"}) {
    ASSERT_TRUE(disk.create_directories("data"));
    put("meta.properties", broken);
    EXPECT_FALSE(try_open()) << broken;
  }
}

TEST_F(LogDirectoryTest, AnIdentityMayHaveCommentsAndAnyOrder) {
  ASSERT_TRUE(disk.create_directories("data"));
  put("meta.properties", "#\n# by hand\nnode.id = 7\ndirectory.id=MvDxzVmcRsaTz33bUuRU6A\r\ncluster.id=c\nversion=1\n");
  EXPECT_EQ(open()->meta()->node_id, 7);
}

TEST_F(LogDirectoryTest, ANewPartitionIsDurableWithItsFirstBatch) {
  {
    auto directory = open_formatted();
    auto created = directory->create(orders, topic, {.segment_ms = 1LL << 60}).value();
    ASSERT_TRUE(created.log->append(batch(0)));
    Event synced;
    disk.sync(created.log->unsynced_files(), [&](Result<void> outcome) {
      EXPECT_TRUE(outcome);
      synced.set();
    });
    ASSERT_TRUE(scheduler.wait(synced, Instant::max()));
    EXPECT_EQ(text("orders-0/partition.metadata"), "version: 0\ntopic_id: " + topic.to_string());
    EXPECT_EQ(text("orders-0/partition.metadata").size(), 43u);
    EXPECT_EQ(directory->create(orders, topic, {}).error().code, Errc::in_use);
  }
  disk.power_cycle();
  auto directory = open();
  const auto loaded = load(*directory);
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_EQ(loaded[0].partition, orders);
  EXPECT_EQ(loaded[0].topic_id, topic);
}

TEST_F(LogDirectoryTest, WhoseItIsIsDurableAfterAStartThatFoundItInThePageCache) {
  {
    auto directory = open_formatted();
    ASSERT_TRUE(directory->create(orders, topic, {}));
  }
  disk.kill_process();
  {
    auto directory = open();
    auto loaded = load(*directory);
    ASSERT_THAT(loaded, SizeIs(1));
    ASSERT_TRUE(loaded[0].log->append(batch(0)));
    for (const auto& file : loaded[0].log->unsynced_files()) ASSERT_TRUE(file->sync());
  }
  disk.power_cycle();
  auto directory = open();
  auto loaded = load(*directory);
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_EQ(loaded[0].topic_id, topic);
  EXPECT_EQ(loaded[0].log->log_end(), 1);
}

TEST_F(LogDirectoryTest, ACleanStopIsRememberedOnce) {
  {
    auto directory = open_formatted();
    auto created = directory->create(orders, topic, {.segment_ms = 1LL << 60}).value();
    ASSERT_TRUE(created.log->append(batch(0)));
    ASSERT_TRUE(created.log->append(batch(1)));
    ASSERT_TRUE(created.log->close());
    ASSERT_TRUE(directory->write_checkpoints({{orders, {.recovery_point = 2, .high_watermark = 2}}}));
    ASSERT_TRUE(directory->mark_clean(27));
  }
  disk.power_cycle();
  EXPECT_EQ(text(".kafka_cleanshutdown"), "{\"version\":0,\"brokerEpoch\":27}");
  {
    auto directory = open();
    EXPECT_EQ(directory->clean_broker_epoch(), 27);
    auto loaded = load(*directory);
    ASSERT_THAT(loaded, SizeIs(1));
    EXPECT_EQ(loaded[0].log->log_end(), 2);
    EXPECT_EQ(loaded[0].high_watermark, 2);
  }
  disk.power_cycle();
  EXPECT_FALSE(open()->clean_broker_epoch());
}

TEST_F(LogDirectoryTest, AnOldCleanMarkerHasNoEpoch) {
  open_formatted().reset();
  put(".kafka_cleanshutdown", "");
  EXPECT_EQ(open()->clean_broker_epoch(), -1);
}

TEST_F(LogDirectoryTest, CheckpointsHaveKafkasText) {
  auto directory = open_formatted();
  ASSERT_TRUE(directory->write_checkpoints(
      {{{"t", 0}, {.recovery_point = 9, .log_start = 4, .log_start_in_segment = true, .high_watermark = 8}},
       {{"u", 3}, {.recovery_point = 1, .log_start = 0, .high_watermark = 1}}}));
  EXPECT_EQ(text("recovery-point-offset-checkpoint"), "0\n2\nt 0 9\nu 3 1\n");
  EXPECT_EQ(text("log-start-offset-checkpoint"), "0\n1\nt 0 4\n");
  EXPECT_EQ(text("replication-offset-checkpoint"), "0\n2\nt 0 8\nu 3 1\n");
  ASSERT_TRUE(directory->write_high_watermarks({}));
  EXPECT_EQ(text("replication-offset-checkpoint"), "0\n0\n");
}

TEST_F(LogDirectoryTest, AMalformedCheckpointFailsTheDirectory) {
  auto directory = open_formatted();
  put("replication-offset-checkpoint", "0\n2\nt 0 8\n");
  EXPECT_EQ(directory->load(scheduler, [](auto&, auto&) { return log::LogSettings{}; }).error().code, Errc::corrupt);
}

TEST_F(LogDirectoryTest, TheHighWatermarkIsClamped) {
  auto directory = open_formatted();
  ASSERT_TRUE(directory->create(orders, topic, {}));
  put("replication-offset-checkpoint", "0\n1\norders 0 100\n");
  EXPECT_EQ(load(*directory).at(0).high_watermark, 0);
}

TEST_F(LogDirectoryTest, ARemovedPartitionIsGoneAfterAPurgeOrAStart) {
  auto directory = open_formatted();
  ASSERT_TRUE(directory->create(orders, topic, {}));
  ASSERT_TRUE(directory->create({"orders", 1}, topic, {}));
  ASSERT_TRUE(directory->remove(orders, entropy));
  EXPECT_THAT(names_in_data(), testing::Contains(testing::MatchesRegex("orders-0\\.[0-9a-f]*-delete")));
  ASSERT_TRUE(directory->purge_deleted());
  EXPECT_THAT(names_in_data(), testing::Not(testing::Contains(testing::StartsWith("orders-0"))));
  ASSERT_TRUE(directory->remove({"orders", 1}, entropy));
  directory.reset();
  directory = open();
  EXPECT_TRUE(load(*directory).empty());
  EXPECT_THAT(names_in_data(), testing::Not(testing::Contains(testing::StartsWith("orders-1"))));
}

TEST_F(LogDirectoryTest, AStrayPartitionIsKeptApart) {
  auto directory = open_formatted();
  ASSERT_TRUE(directory->create(orders, topic, {}));
  ASSERT_TRUE(directory->rename_stray(orders, entropy));
  ASSERT_TRUE(directory->purge_deleted());
  EXPECT_TRUE(load(*directory).empty());
  EXPECT_THAT(names_in_data(), testing::Contains(testing::EndsWith("-stray")));
}

TEST_F(LogDirectoryTest, ALongTopicIsCutToFitTheDeletedName) {
  auto directory = open_formatted();
  const TopicPartition longest{std::string(249, 'x'), 7};
  ASSERT_TRUE(directory->create(longest, topic, {}));
  ASSERT_TRUE(directory->remove(longest, entropy));
  EXPECT_THAT(names_in_data(), testing::Contains(testing::SizeIs(255)));
  EXPECT_TRUE(load(*directory).empty());
}

TEST_F(LogDirectoryTest, ManyPartitionsLoadWithProgress) {
  std::size_t most = 0;
  auto directory = open_formatted();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(directory->create({"orders", i}, topic, {}));
  directory.reset();
  directory = LogDirectory::open(disk, scheduler, {.path = "data", .recovery_threads = 4},
                                 {.progress = [&](auto, std::size_t done, std::size_t) { most = done; }})
                  .value();
  EXPECT_THAT(load(*directory), SizeIs(50));
  EXPECT_EQ(most, 50u);
}

TEST_F(LogDirectoryTest, TheMetadataLogIsNotLoaded) {
  auto directory = open_formatted();
  ASSERT_TRUE(disk.create_directories("data/__cluster_metadata-0"));
  EXPECT_TRUE(load(*directory).empty());
}

}  // namespace
}  // namespace leat::storage
