#include <gmock/gmock.h>

#include "behaviour.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "sim/disk.h"
#include "sim/link.h"
#include "sim/scheduler.h"

/// What makes logs shorter at their start: DeleteRecords and retention (G2-G8).
namespace leat::test {
namespace {

using protocol::DeleteRecordsRequest;
using protocol::DeleteRecordsResponse;
using testing::ElementsAre;

/// Low watermark, or the error's number below -1000.
Offset delete_records(Client& client, const std::string& topic, Offset offset, std::int16_t version = 2) {
  DeleteRecordsRequest request;
  request.timeout_ms = 5000;
  request.topics.push_back({.name = topic, .partitions = {{.partition_index = 0, .offset = offset}}});
  const auto response = client.call<DeleteRecordsResponse>(std::move(request), version);
  const auto& answer = response.topics.at(0).partitions.at(0);
  if (answer.error_code == 0) return answer.low_watermark;
  EXPECT_EQ(answer.low_watermark, -1);
  return -1000 - answer.error_code;
}
constexpr Offset refused(Errc error) { return -1000 - static_cast<Offset>(error); }

class DeleteRecords : public Behaviour {};

INSTANTIATE_TEST_SUITE_P(Channels, DeleteRecords, testing::ValuesIn(world_kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(DeleteRecords, MovesTheLogStart) {
  open();
  client().create_topic("t");
  for (const char* value : {"a", "b", "c"}) client().produce("t", 0, {value});
  EXPECT_EQ(delete_records(client(), "t", 1), 1);
  EXPECT_EQ(client().list_offset("t", 0, -2), 1);
  EXPECT_EQ(client().fetch("t", 0, 0).error_code, code(Errc::offset_out_of_range));
  EXPECT_THAT(Client::values_of(client().fetch("t", 0, 1).records), ElementsAre("b", "c"));
  EXPECT_EQ(delete_records(client(), "t", 0), 1) << "below the start: no change";
  EXPECT_EQ(delete_records(client(), "t", -1), 3);
  EXPECT_EQ(client().produce("t", 0, {"d"}).base_offset, 3);
  EXPECT_EQ(client().produce("t", 0, {"e"}).log_start_offset, 3);
}

TEST_P(DeleteRecords, InsideABatchReturnsItWhole) {  // G8
  open();
  client().create_topic("t");
  client().produce("t", 0, {"a", "b", "c"});
  EXPECT_EQ(delete_records(client(), "t", 2), 2);
  EXPECT_EQ(client().fetch("t", 0, 1).error_code, code(Errc::offset_out_of_range));
  EXPECT_THAT(Client::values_of(client().fetch("t", 0, 2).records), ElementsAre("a", "b", "c"));
}

TEST_P(DeleteRecords, IsRefusedWithKafkasCode) {
  open();
  client().create_topic("t");
  client().create_topic("compacted", 1, {{"cleanup.policy", "compact"}});
  client().create_topic("both", 1, {{"cleanup.policy", "compact,delete"}});
  client().produce("t", 0, {"a"});
  EXPECT_EQ(delete_records(client(), "t", 2), refused(Errc::offset_out_of_range));
  EXPECT_EQ(delete_records(client(), "t", -2), refused(Errc::offset_out_of_range));
  EXPECT_EQ(delete_records(client(), "nope", 0), refused(Errc::unknown_topic_or_partition));
  EXPECT_EQ(delete_records(client(), "compacted", 0), refused(Errc::policy_violation));
  EXPECT_EQ(delete_records(client(), "both", 0), 0);
  EXPECT_EQ(delete_records(client(), "__consumer_offsets", 0), refused(Errc::invalid_topic_exception));
}

TEST_P(DeleteRecords, SurvivesARestart) {
  open();
  client().create_topic("t");
  client().produce("t", 0, {"a", "b", "c"});
  ASSERT_EQ(delete_records(client(), "t", 2), 2);
  restart();
  EXPECT_EQ(client().list_offset("t", 0, -2), 2);
  EXPECT_EQ(client().fetch("t", 0, 1).error_code, code(Errc::offset_out_of_range));
  EXPECT_EQ(client().list_offset("t", 0, -1), 3);
}

/// The whole broker in virtual time, on a disk that may lose its power.
class Retention : public testing::Test, public World {
 protected:
  std::shared_ptr<protocol::Channel> channel() override { return sim::Link::connect(broker_, scheduler_, {}); }
  Executor& executor() override { return scheduler_; }
  TimestampMs wall_ms() override { return scheduler_.wall_ms(); }
  broker::Broker& broker() override { return *broker_; }
  void restart() override {
    EXPECT_TRUE(broker_->close());
    start();
  }
  void start(const Settings& settings = {}) {
    broker_.reset();
    broker_ = broker::Broker::open({.executor = scheduler_,
                                    .blocking = scheduler_,
                                    .clock = scheduler_,
                                    .entropy = entropy_,
                                    .volume = disk_},
                                   make_config("data", settings))
                  .value();
  }
  void lose_power() {
    disk_.crash_at(0);
    broker_.reset();
    scheduler_.run_for(std::chrono::seconds(30));
    disk_.power_cycle();
    start();
  }
  bool exists(const std::string& name) { return disk_.exists("data/t-0/" + name).value(); }

  sim::Scheduler scheduler_{1};
  sim::SeededEntropy entropy_{7};
  sim::Disk disk_{scheduler_, {.seed = 1}};
  std::shared_ptr<broker::Broker> broker_;
};

TEST_F(Retention, DeletesOldSegmentsAndThenTheirFiles) {
  start({{"log.retention.check.interval.ms", "60000"}});
  Client client(*this);
  client.create_topic("t", 1, {{"retention.ms", "600000"}, {"internal.segment.bytes", "100"}});
  for (const char* value : {"a", "b", "c"}) client.produce("t", 0, {value});
  scheduler_.run_for(std::chrono::minutes(9));
  EXPECT_EQ(client.list_offset("t", 0, -2), 0);
  client.produce("t", 0, {"d"});
  const auto slow = client.fetch("t", 0, 0);  // holds a range of a file that is about to go
  scheduler_.run_for(std::chrono::minutes(2));
  EXPECT_EQ(client.list_offset("t", 0, -2), 3);
  EXPECT_FALSE(exists("00000000000000000000.log"));
  EXPECT_TRUE(exists("00000000000000000000.log.deleted")) << "file.delete.delay.ms";
  scheduler_.run_for(std::chrono::minutes(2));
  EXPECT_FALSE(exists("00000000000000000000.log.deleted"));
  EXPECT_THAT(Client::values_of(slow.records), ElementsAre("a"));
  EXPECT_THAT(Client::values_of(client.fetch("t", 0, 3).records), ElementsAre("d"));
}

TEST_F(Retention, KeepsSoManyBytes) {
  start({{"log.retention.bytes", "1000"}, {"log.retention.check.interval.ms", "1000"}});
  Client client(*this);
  client.create_topic("t", 1, {{"internal.segment.bytes", "400"}});
  for (int i = 0; i < 40; ++i) client.produce("t", 0, {std::string(100, 'x')});
  scheduler_.run_for(std::chrono::minutes(1));
  const Offset start = client.list_offset("t", 0, -2);
  EXPECT_GT(start, 20);
  EXPECT_LT(start, 38);
}

TEST_F(Retention, OfTheBrokerChangesWhileItRuns) {
  start({{"log.retention.check.interval.ms", "1000"}});
  Client client(*this);
  client.create_topic("t");
  client.produce("t", 0, {"a"});
  scheduler_.run_for(std::chrono::minutes(5));
  EXPECT_EQ(client.list_offset("t", 0, -2), 0);
  protocol::IncrementalAlterConfigsRequest request;
  request.resources.push_back({.resource_type = 4, .resource_name = "", .configs = {{"log.retention.ms", 0, "60000"}}});
  ASSERT_EQ(client.call<protocol::IncrementalAlterConfigsResponse>(std::move(request), 1).responses.at(0).error_code, 0);
  scheduler_.run_for(std::chrono::seconds(2));
  EXPECT_EQ(client.list_offset("t", 0, -2), 1);
}

TEST_F(Retention, WhatWasDeletedDoesNotComeBackWithThePower) {
  for (int round = 0; round < 8; ++round) {
    start();
    Client client(*this);
    const std::string topic = "t" + std::to_string(round);
    client.create_topic(topic, 1, {{"internal.segment.bytes", "200"}});
    for (int i = 0; i < 10; ++i) client.produce(topic, 0, {std::string(100, 'x')});
    const Offset at = round + 1;
    ASSERT_EQ(delete_records(client, topic, at), at);
    lose_power();
    Client after(*this);
    EXPECT_EQ(after.list_offset(topic, 0, -2), at);
    EXPECT_EQ(after.list_offset(topic, 0, -1), 10);
  }
}

}  // namespace
}  // namespace leat::test
