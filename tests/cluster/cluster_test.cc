#include <algorithm>
#include <functional>
#include <numeric>

#include "cluster_world.h"

namespace leat::cluster {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ClusterTest : public testing::Test {
 protected:
  void start(int nodes, std::int16_t replicas, std::int32_t partitions = 1) {
    world.settings = {{"min.insync.replicas", "2", "test"}, {"offsets.topic.replication.factor", "3", "test"}};
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
  auto consumer = world.clients().consumer({.group = "g"});
  consumer.subscribe({"t"});
  std::size_t seen = 0;
  while (seen < 10) seen += consumer.poll(1s).value().size();
  ASSERT_TRUE(consumer.commit());
  const NodeId coordinator = world.coordinator_of("g");
  if (coordinator != 1) {
    world.crash(coordinator);
    ASSERT_TRUE(comes([&] { return world.coordinator_of("g") != coordinator; }));
  }
  EXPECT_EQ(world.admin().group_offsets("g").value().at({"t", 0}).offset, 10);
}

}  // namespace
}  // namespace leat::cluster
