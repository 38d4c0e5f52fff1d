#include <gmock/gmock.h>

#include "sim/disk.h"
#include "sim/link.h"
#include "sim/scheduler.h"
#include "world.h"

/// One of several log directories fails while the broker runs.
namespace leat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DiskTrouble : public testing::Test, public World {
 protected:
  DiskTrouble() : disk_(scheduler_, {.seed = 1}) {
    start();
    Client(*this).create_topic("t", 3);  // t-0 in m, t-1 in a, t-2 in b
  }

  std::shared_ptr<protocol::Channel> channel() override { return sim::Link::connect(broker_, scheduler_, {}); }
  Executor& executor() override { return scheduler_; }
  TimestampMs wall_ms() override { return scheduler_.wall_ms(); }
  broker::Broker& broker() override { return *broker_; }
  void restart() override {
    (void)broker_->close();
    broker_.reset();
    start();
  }

  Result<void> try_start() {
    auto opened = broker::Broker::open({.executor = scheduler_,
                                        .blocking = scheduler_,
                                        .clock = scheduler_,
                                        .entropy = entropy_,
                                        .volume = disk_,
                                        .diagnostics = {.log = [this](LogLevel, std::string_view text) {
                                          said_.append(text).append("\n");
                                        }}},
                                       make_config("m,a,b", {{"metadata.log.dir", "m"}}));
    if (!opened) return opened.error();
    broker_ = *opened;
    return {};
  }
  void start() { ASSERT_TRUE(try_start()); }

  std::int16_t produce(std::int32_t partition, const std::string& value) {
    return Client(*this).produce("t", partition, {value}).error_code;
  }
  std::vector<std::string> read(std::int32_t partition) { return Client(*this).read_all("t", partition); }
  std::int16_t latest_error(std::int32_t partition) {
    protocol::ListOffsetsRequest request;
    request.topics.push_back({.name = "t", .partitions = {{.partition_index = partition, .timestamp = -1}}});
    const auto response = Client(*this).call<protocol::ListOffsetsResponse>(std::move(request), 7);
    return response.topics.at(0).partitions.at(0).error_code;
  }
  std::string directory_of(const std::string& partition) {
    for (const char* directory : {"m", "a", "b"})
      if (disk_.exists(std::string(directory) + "/" + partition).value()) return directory;
    return "none";
  }

  const std::int16_t storage_error = wire_code(Errc::kafka_storage_error);

  sim::Scheduler scheduler_{1};
  sim::Disk disk_;
  sim::SeededEntropy entropy_{7};
  std::string said_;
  std::shared_ptr<broker::Broker> broker_;
};

TEST_F(DiskTrouble, PartitionsAreSpreadOverTheLogDirectories) {
  EXPECT_EQ(directory_of("t-0"), "m");
  EXPECT_EQ(directory_of("t-1"), "a");
  EXPECT_EQ(directory_of("t-2"), "b");
}

class DiskTroubleOf : public DiskTrouble, public testing::WithParamInterface<Errc> {};
INSTANTIATE_TEST_SUITE_P(Kinds, DiskTroubleOf, testing::Values(Errc::io_error, Errc::disk_full, Errc::not_found));

TEST_P(DiskTroubleOf, ProducersToItGetKafkaStorageErrorAndTheOtherDirectoriesGoOn) {
  disk_.break_below("a", GetParam());
  EXPECT_EQ(produce(1, "lost"), storage_error);
  EXPECT_EQ(produce(0, "zero"), 0);
  EXPECT_EQ(produce(2, "two"), 0);
  EXPECT_THAT(read(2), ElementsAre("two"));
  EXPECT_THAT(said_, HasSubstr("a/t-1/00000000000000000000.log"));
}

TEST_P(DiskTroubleOf, EverythingComesBackWithTheDiskAndANewStart) {
  EXPECT_EQ(produce(1, "before"), 0);
  disk_.break_below("a", GetParam());
  EXPECT_EQ(produce(1, "lost"), storage_error);
  disk_.repair();
  EXPECT_EQ(produce(1, "still refused"), storage_error) << "what a failed sync left on the disk is unknown";
  restart();
  EXPECT_THAT(read(1), testing::AnyOf(ElementsAre("before"), ElementsAre("before", "lost")));
  EXPECT_EQ(produce(1, "after"), 0);
}

TEST_P(DiskTroubleOf, NewPartitionsGoToTheOthers) {
  disk_.break_below("a", GetParam());
  Client(*this).create_topic("u", 3);
  for (const char* partition : {"u-0", "u-1", "u-2"}) EXPECT_THAT(directory_of(partition), testing::AnyOf("m", "b"));
  EXPECT_THAT(said_, HasSubstr("New partitions do not go to a"));
}

TEST_F(DiskTrouble, CheckpointsOfTheOthersAreWrittenAndTheTroubleIsSaidOnce) {
  EXPECT_EQ(produce(2, "two"), 0);
  disk_.break_below("a");
  scheduler_.run_for(std::chrono::minutes(5));
  const std::string sentence = "New partitions do not go to a";
  const auto first = said_.find(sentence);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(said_.find(sentence, first + 1), std::string::npos);
  EXPECT_THAT(io::read_text(disk_, "b/recovery-point-offset-checkpoint").value(), HasSubstr("t 2 1"));
}

TEST_F(DiskTrouble, AStartWithoutOneDirectoryServesTheOthersAndMakesNothingAnew) {
  EXPECT_EQ(produce(1, "one"), 0);
  EXPECT_EQ(produce(2, "two"), 0);
  ASSERT_TRUE(broker_->close());
  broker_.reset();
  disk_.break_below("a");
  start();
  EXPECT_THAT(said_, HasSubstr("going on without the log directory a"));
  EXPECT_THAT(read(2), ElementsAre("two"));
  EXPECT_EQ(produce(1, "lost"), storage_error);
  EXPECT_EQ(latest_error(1), storage_error);
  EXPECT_EQ(produce(0, "zero"), 0);
  disk_.repair();
  restart();
  EXPECT_THAT(read(1), ElementsAre("one"));
}

TEST_F(DiskTrouble, WithoutTheMetadataDirectoryTheStartIsRefused) {
  ASSERT_TRUE(broker_->close());
  broker_.reset();
  disk_.break_below("m");
  const auto started = try_start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().to_string(), HasSubstr("of m: the disk is broken"));
}

}  // namespace
}  // namespace leat::test
