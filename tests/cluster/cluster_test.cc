#include <algorithm>
#include <functional>
#include <numeric>

#include "broker/api_table.h"
#include "cluster_world.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/produce.h"
#include "protocol/schema_index.h"
#include "record/batch_builder.h"

namespace leat::cluster {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ClusterTest : public testing::Test {
 protected:
  void start(int nodes, std::int16_t replicas, std::int32_t partitions = 1) {
    world.settings = {{"min.insync.replicas", "2", "test"},
                      {"offsets.topic.replication.factor", "3", "test"},
                      {"offsets.topic.num.partitions", "8", "test"}};
    world.start_all(nodes);
    world.admin().create_topic("t", {.partitions = partitions, .replication_factor = replicas}).value();
  }
  void send(int count, std::int32_t partitions = 1) {
    auto producer = world.clients().producer({.linger = 0s});
    for (int i = 0; i < count; ++i, ++sent)
      producer.send({.topic = "t", .value = std::to_string(sent), .partition = sent % partitions});
    const auto flushed = producer.flush();
    ASSERT_TRUE(flushed) << flushed.error().to_string();
  }
  /// All values of the topic, in the order of their numbers.
  std::vector<int> read(std::int32_t partitions = 1) {
    auto consumer = world.clients().consumer();
    std::vector<TopicPartition> all;
    for (std::int32_t i = 0; i < partitions; ++i) all.push_back({"t", i});
    EXPECT_TRUE(consumer.assign(all));
    std::vector<int> values;
    for (int polls = 0; polls < 100 && values.size() < static_cast<std::size_t>(sent); ++polls) {
      auto records = consumer.poll(1s);
      if (!records) continue;
      for (const auto& record : *records) values.push_back(std::stoi(record.value.to_string()));
    }
    std::ranges::sort(values);
    return values;
  }
  std::vector<int> all_sent() const {
    std::vector<int> values(static_cast<std::size_t>(sent));
    std::iota(values.begin(), values.end(), 0);
    return values;
  }
  PartitionDescription partition(std::int32_t index = 0) {
    return world.admin().describe_topic("t").value().partitions.at(static_cast<std::size_t>(index));
  }
  NodeId leader() { return partition().leader; }
  /// Runs the world until it is so, for at most a minute of its time.
  ::testing::AssertionResult comes(const std::function<bool()>& is_so) {
    for (int i = 0; i < 600; ++i) {
      if (is_so()) return testing::AssertionSuccess();
      world.scheduler.run_for(100ms);
    }
    return testing::AssertionFailure() << "it did not come in a minute";
  }
  /// A group whose coordinator is not the controller's node, which can be lost.
  std::string movable_group() {
    for (int i = 0;; ++i) {
      const std::string group = "g" + std::to_string(i);
      if (!comes([&] { return world.coordinator_of(group) != no_node; })) return group;
      if (world.coordinator_of(group) != 1) return group;
    }
  }
  /// As a consumer that lies in `rack`, from offset 0.
  protocol::FetchResponse::PartitionData fetch(NodeId from, const std::string& rack) {
    const auto reply = world.clients().request(
        protocol::FetchRequest::schema(),
        [&](std::int16_t) {
          protocol::FetchRequest request;
          request.max_wait_ms = 100;
          request.rack_id = rack;
          auto& topic = request.topics.emplace_back();
          topic.topic = "t";
          topic.topic_id = *Uuid::parse(world.admin().describe_topic("t").value().id);
          topic.partitions.emplace_back().partition_max_bytes = 1000;
          return protocol::AnyMessage(std::move(request));
        },
        from);
    return std::move(reply.value().message.get_if<protocol::FetchResponse>()->responses.at(0).partitions.at(0));
  }
  /// Asks `to` to write a batch of an idempotent producer.
  Errc produce(NodeId to, std::int32_t partition, std::int32_t sequence) {
    const auto reply = world.clients_of(to).request(
        protocol::ProduceRequest::schema(),
        [&](std::int16_t) {
          record::BatchBuilder batch({.producer_id = 7, .producer_epoch = 0, .base_sequence = sequence});
          batch.append(1, {}, Bytes(std::string_view("x")));
          protocol::ProduceRequest request;
          request.acks = -1;
          request.timeout_ms = 100;
          auto& topic = request.topic_data.emplace_back();
          topic.name = "t";
          topic.topic_id = *Uuid::parse(world.admin().describe_topic("t").value().id);
          topic.partition_data.push_back({partition, Payload::own(batch.build().value())});
          return protocol::AnyMessage(std::move(request));
        },
        to);
    return static_cast<Errc>(
        reply.value().message.get_if<protocol::ProduceResponse>()->responses.at(0).partition_responses.at(0).error_code);
  }
  /// What is in the file of the partition's only segment.
  std::string log_of(NodeId node, const std::string& partition = "t-0") {
    return io::read_text(world.node(node).disk, "data/" + partition + "/00000000000000000000.log").value();
  }

  ClusterWorld world;
  int sent = 0;
};

TEST_F(ClusterTest, BrokersJoinTheClusterOfTheController) {
  world.start_all(3);
  EXPECT_EQ(world.node(2).broker->cluster_id(), world.node(1).broker->cluster_id());
  EXPECT_EQ(world.node(3).broker->cluster_id(), world.node(1).broker->cluster_id());
}

TEST_F(ClusterTest, EveryReplicaHasTheSameBytes) {
  start(3, 3);
  send(100);
  EXPECT_GT(log_of(1).size(), 100u);
  EXPECT_EQ(log_of(1), log_of(2));
  EXPECT_EQ(log_of(1), log_of(3));
  EXPECT_THAT(partition().in_sync_replicas, UnorderedElementsAre(1, 2, 3));
}

TEST_F(ClusterTest, WhatWasAcknowledgedSurvivesItsLeader) {
  start(3, 3);
  while (leader() == 1) {  // which is the controller too
    world.admin().delete_topic("t").value();
    world.admin().create_topic("t", {.partitions = 1, .replication_factor = 3}).value();
  }
  send(50);
  const NodeId lost = leader();
  world.crash(lost);
  ASSERT_TRUE(comes([&] { return leader() != lost && leader() != no_node; }));
  send(50);
  EXPECT_EQ(read(), all_sent());

  world.start(lost);
  ASSERT_TRUE(comes([&] { return partition().in_sync_replicas.size() == 3; }));
  EXPECT_EQ(log_of(1), log_of(2));
  EXPECT_EQ(log_of(1), log_of(3));
}

TEST_F(ClusterTest, WhoStopsCleanlyGivesItsLeadershipAwayFirst) {
  start(3, 3, 3);
  send(30, 3);
  world.stop(2);
  for (std::int32_t i = 0; i < 3; ++i) {
    EXPECT_NE(partition(i).leader, 2);
    EXPECT_NE(partition(i).leader, no_node);
    EXPECT_THAT(partition(i).in_sync_replicas, UnorderedElementsAre(1, 3));
  }
  send(30, 3);
  world.start(2);
  ASSERT_TRUE(comes([&] { return partition(0).in_sync_replicas.size() == 3; }));
  EXPECT_EQ(read(3), all_sent());
}

TEST_F(ClusterTest, ABrokerSendsOnWhatTheControllerDecides) {
  world.start_all(2);
  auto through_2 = world.clients_of(2).admin();
  ASSERT_TRUE(through_2.create_topic("t", {.partitions = 2, .replication_factor = 2}));
  EXPECT_EQ(through_2.create_topic("t").error().code, Errc::topic_already_exists);
  ASSERT_TRUE(through_2.alter_topic("t", {{"retention.ms", "1000"}}));
  ASSERT_TRUE(through_2.delete_topic("t"));
  EXPECT_THAT(through_2.topics().value(), IsEmpty());
}

TEST_F(ClusterTest, ATopicThatIsNamedToAnyBrokerIsMade) {
  world.start_all(2);
  auto producer = world.clients_of(2).producer();
  ASSERT_TRUE(producer.send({.topic = "fresh", .value = "x"}).get());
}

TEST_F(ClusterTest, ADeletedTopicIsGoneFromEveryDisk) {
  start(3, 3);
  send(3);
  world.admin().delete_topic("t").value();
  ASSERT_TRUE(comes([&] {
    for (NodeId id = 1; id <= 3; ++id)
      if (world.node(id).disk.exists("data/t-0").value()) return false;
    return true;
  }));
}

TEST_F(ClusterTest, TooFewInSyncReplicasTakeNoAcksAll) {
  start(3, 3);
  send(1);
  world.crash(2);
  world.crash(3);
  auto producer = world.clients().producer({.delivery_timeout = 40s});
  const auto refused = producer.send({.topic = "t", .value = "x", .partition = 0}).get();
  ASSERT_FALSE(refused);
}

TEST_F(ClusterTest, AGroupGoesOnWhereItsCoordinatorWas) {
  start(3, 3);
  send(10);
  const std::string group = movable_group();
  auto consumer = world.clients().consumer({.group = group});
  consumer.subscribe({"t"});
  std::size_t seen = 0;
  while (seen < 10) seen += consumer.poll(1s).value().size();
  ASSERT_TRUE(consumer.commit());
  const NodeId lost = world.coordinator_of(group);
  world.crash(lost);
  ASSERT_TRUE(comes([&] { return world.coordinator_of(group) != lost; }));
  EXPECT_EQ(world.admin().group_offsets(group).value().at({"t", 0}).offset, 10);
}

TEST_F(ClusterTest, OthersTakeOverFromABrokerWhoseDiskFails) {
  start(3, 3, 3);
  send(9, 3);
  ASSERT_TRUE(comes([&] { return partition(0).leader != no_node; }));
  std::int32_t index = 0;
  while (partition(index).leader == 1) ++index;
  const NodeId failing = partition(index).leader;
  world.node(failing).disk.break_below("data/t-" + std::to_string(index));
  send(9, 3);
  EXPECT_NE(partition(index).leader, failing);
  world.crash(failing);
  world.node(failing).disk.repair();
  world.start(failing);
  ASSERT_TRUE(comes([&] { return partition(index).in_sync_replicas.size() == 3; }));
  EXPECT_EQ(read(3), all_sent());
}

TEST_F(ClusterTest, FollowersHearOfTheHighWatermarkWhenNothingMoreComes) {
  start(3, 3);
  send(10);
  world.scheduler.run_for(1s);
  for (NodeId id = 1; id <= 3; ++id) EXPECT_EQ(fetch(id, "").high_watermark, 10) << id;
}

/// librdkafka ends for good at OUT_OF_ORDER_SEQUENCE_NUMBER, and who was cut off is believed to lead until the metadata of
/// another broker have come.
TEST_F(ClusterTest, ALeaderThatWasCutOffDoesNotJudgeSequences) {
  start(3, 3, 3);
  std::int32_t index = 0;
  while (partition(index).leader == 1) ++index;
  const NodeId deposed = partition(index).leader;
  ASSERT_EQ(produce(deposed, index, 0), Errc::none);
  EXPECT_EQ(produce(deposed, index, 2), Errc::out_of_order_sequence_number);
  for (NodeId other = 1; other <= 3; ++other) {
    world.network.cut(world.node(deposed).machine, world.node(other).machine);
    world.network.cut(world.node(other).machine, world.node(deposed).machine);
  }
  ASSERT_TRUE(comes([&] { return partition(index).leader != deposed; }));
  ASSERT_EQ(produce(partition(index).leader, index, 1), Errc::none);
  EXPECT_EQ(produce(deposed, index, 2), Errc::not_leader_or_follower);
}

TEST_F(ClusterTest, AConsumerIsSentToTheReplicaInItsRack) {
  world.has_racks = true;
  world.settings = {{"replica.selector.class", "org.apache.kafka.common.replica.RackAwareReplicaSelector", "test"}};
  world.start_all(3);
  world.admin().create_topic("t", {.partitions = 1, .replication_factor = 3}).value();
  send(10);
  const NodeId follower = leader() == 2 ? 3 : 2;
  const std::string its_rack = "r" + std::to_string(follower);
  const auto sent_on = fetch(leader(), its_rack);
  EXPECT_EQ(sent_on.preferred_read_replica, follower);
  EXPECT_TRUE(sent_on.records.empty());
  const auto nobody_nearer = fetch(leader(), "elsewhere");
  EXPECT_EQ(nobody_nearer.preferred_read_replica, -1);
  EXPECT_FALSE(nobody_nearer.records.empty());
  ASSERT_TRUE(comes([&] { return fetch(follower, its_rack).records.size() == nobody_nearer.records.size(); }));
}

TEST_F(ClusterTest, TheControllerAnswersEveryVersionOfItsRequests) {
  world.start_all(2);
  const auto channel = world.network.connector(world.node(2).machine)->connect("n1", 9093);
  for (const broker::Api& api : broker::api_table(broker::Door::controller))
    for (std::int16_t version = api.min_version; version <= api.max_version; ++version) {
      auto request = protocol::AnyMessage::make(*protocol::request_schema(api.key));
      if (auto* versions = request.get_if<protocol::ApiVersionsRequest>())
        versions->client_software_name = versions->client_software_version = "test";
      Event answered;
      Result<protocol::AnyMessage> outcome = Error{};
      channel->send({.version = version, .message = std::move(request), .client_id = "test"},
                    [&](Result<protocol::AnyMessage> result) {
                      outcome = std::move(result);
                      answered.set();
                    });
      ASSERT_TRUE(world.scheduler.wait(answered, world.scheduler.now() + 10s));
      EXPECT_TRUE(outcome) << static_cast<int>(api.key) << " v" << version << ": " << outcome.error().to_string();
    }
}

// What others have failed at.

TEST_F(ClusterTest, ANodeThatRejoinsWithAnEmptyDiskIsNoVoterForWhatItLost) {
  start(3, 3);
  send(20);
  world.crash(2);
  ASSERT_TRUE(comes([&] { return partition().in_sync_replicas.size() == 2; }));
  ASSERT_TRUE(world.node(2).disk.remove_all("data"));
  send(20);
  world.start(2);
  ASSERT_TRUE(comes([&] { return partition().in_sync_replicas.size() == 3; }));
  EXPECT_EQ(log_of(2), log_of(1));
  EXPECT_EQ(read(), all_sent());
}

TEST_F(ClusterTest, TheLastReplicaStandingMayLoseItsPower) {
  start(3, 3);
  send(10);
  for (const NodeId id : {3, 2, 1}) world.crash(id);
  for (NodeId id = 1; id <= 3; ++id) world.start(id);
  ASSERT_TRUE(comes([&] { return leader() != no_node && partition().in_sync_replicas.size() == 3; }));
  EXPECT_EQ(read(), all_sent());
}

TEST_F(ClusterTest, AnUncleanRestartOfTheOnlyInSyncReplicaLosesNothing) {
  world.settings = {{"min.insync.replicas", "1", "test"}};
  world.start_all(3);
  world.admin().create_topic("t", {.partitions = 1, .replication_factor = 3}).value();
  send(5);
  for (NodeId id = 1; id <= 3; ++id)
    if (id != leader() && id != 1) world.crash(id);
  ASSERT_TRUE(comes([&] { return partition().in_sync_replicas.size() <= 2; }));
  send(5);
  const NodeId last = leader();
  world.crash(last);
  world.start(last);
  for (NodeId id = 1; id <= 3; ++id)
    if (!world.is_up(id)) world.start(id);
  ASSERT_TRUE(comes([&] { return leader() != no_node && partition().in_sync_replicas.size() == 3; }));
  EXPECT_EQ(read(), all_sent());
}

TEST_F(ClusterTest, TheEndThatClientsAreToldNeverGoesBack) {
  start(3, 3);
  auto consumer = world.clients().consumer();
  std::int64_t last = 0;
  for (int round = 0; round < 6; ++round) {
    send(10);
    for (int i = 0; i < 5; ++i)
      if (const auto end = consumer.end_offsets({{"t", 0}})) {
        EXPECT_GE(end->at({"t", 0}), last);
        last = end->at({"t", 0});
      }
    const NodeId lost = leader();
    if (lost == 1) continue;
    world.crash(lost);
    ASSERT_TRUE(comes([&] { return leader() != lost && leader() != no_node; }));
    const auto end = consumer.end_offsets({{"t", 0}});
    ASSERT_TRUE(end) << end.error().to_string();
    EXPECT_GE(end->at({"t", 0}), last);
    world.start(lost);
    ASSERT_TRUE(comes([&] { return partition().in_sync_replicas.size() == 3; }));
  }
}

TEST_F(ClusterTest, ATopicMadeAnewHasNothingOfTheOldOne) {
  start(3, 3);
  send(10);
  auto producer = world.clients().producer({.linger = 0s});
  producer.send({.topic = "t", .value = "of the old", .partition = 0}).get().value();
  world.admin().delete_topic("t").value();
  world.admin().create_topic("t", {.partitions = 1, .replication_factor = 3}).value();
  const auto fresh = producer.send({.topic = "t", .value = "of the new", .partition = 0}).get();
  ASSERT_TRUE(fresh) << fresh.error().to_string();
  EXPECT_EQ(fresh->offset, 0);
  ASSERT_TRUE(comes([&] { return log_of(1) == log_of(2) && log_of(1) == log_of(3); }));
}

TEST_F(ClusterTest, WhatDecayedOnOneReplicaIsNotServedByIt) {
  start(3, 3);
  send(20);
  const NodeId follower = leader() == 2 ? 3 : 2;
  world.crash(follower);
  world.node(follower).disk.flip_bits("data/t-0/00000000000000000000.log", 200, 0x40);
  send(20);
  world.start(follower);
  ASSERT_TRUE(comes([&] { return partition().in_sync_replicas.size() == 3; }));
  EXPECT_EQ(log_of(follower), log_of(1)) << "recovery cut it, and it was copied again";
  EXPECT_EQ(read(), all_sent());
}

TEST_F(ClusterTest, ACoordinatorMayMoveWhileMembersJoin) {
  start(3, 3, 4);
  send(8, 4);
  const std::string group = movable_group();
  auto a = world.clients().consumer({.group = group, .session_timeout = 10s});
  auto b = world.clients().consumer({.group = group, .session_timeout = 10s});
  a.subscribe({"t"});
  b.subscribe({"t"});
  (void)a.poll(10ms);
  (void)b.poll(10ms);
  world.crash(world.coordinator_of(group));
  std::size_t polls = 0;
  while (a.assignment().size() != 2 || b.assignment().size() != 2) {
    (void)a.poll(100ms);
    (void)b.poll(100ms);
    ASSERT_LT(++polls, 2000u) << a.assignment().size() << " and " << b.assignment().size();
  }
}

TEST_F(ClusterTest, ARollingRestartUnderLoadLosesNothing) {
  start(3, 3, 3);
  auto producer = world.clients().producer({.linger = 1ms});
  std::vector<Receipt> receipts;
  const auto write = [&] {
    for (int i = 0; i < 10; ++i, ++sent)
      receipts.push_back(producer.send({.topic = "t", .value = std::to_string(sent), .partition = sent % 3}));
  };
  for (const NodeId id : {3, 2, 1}) {
    write();
    world.stop(id);
    write();
    world.scheduler.run_for(200ms);
    world.start(id);
    write();
    ASSERT_TRUE(comes([&] {
      for (std::int32_t i = 0; i < 3; ++i)
        if (partition(i).in_sync_replicas.size() != 3) return false;
      return true;
    }));
  }
  for (const Receipt& receipt : receipts) {
    const auto where = receipt.get();
    ASSERT_TRUE(where) << where.error().to_string();
  }
  EXPECT_EQ(read(3), all_sent());
}

TEST_F(ClusterTest, ATopicIsWholeOrNotThereWhenTheControllerDiesWhileItIsMade) {
  for (std::uint64_t calls = 1; calls < 12; ++calls) {
    ClusterWorld small(calls);
    small.start_all(2);
    small.node(1).disk.crash_at(calls);
    (void)small.clients_of(2).admin({.default_api_timeout = 2s}).create_topic("t", {.partitions = 3, .replication_factor = 2});
    small.crash(1);
    small.start(1);
    small.scheduler.run_for(15s);
    const auto topic = small.admin().describe_topic("t");
    if (!topic) continue;
    EXPECT_EQ(topic->partitions.size(), 3u);
    auto producer = small.clients().producer();
    for (std::int32_t i = 0; i < 3; ++i) EXPECT_TRUE(producer.send({.topic = "t", .value = "x", .partition = i}).get());
  }
}

}  // namespace
}  // namespace leat::cluster
