#include "behaviour.h"
#include "protocol/messages/alter_partition_reassignments.h"
#include "protocol/messages/describe_log_dirs.h"
#include "protocol/messages/elect_leaders.h"
#include "protocol/messages/list_partition_reassignments.h"
#include "protocol/messages/unregister_broker.h"

/// What a node alone says to requests about replicas and their leaders.
namespace leat::test {
namespace {

class Replicas : public Behaviour {
 protected:
  Errc elect(std::int8_t type, std::int32_t partition) {
    protocol::ElectLeadersRequest request;
    request.election_type = type;
    request.topic_partitions = {{{"t", {partition}}}};
    const auto response = client().call<protocol::ElectLeadersResponse>(std::move(request), 2);
    EXPECT_EQ(response.error_code, 0);
    return static_cast<Errc>(response.replica_election_results.at(0).partition_result.at(0).error_code);
  }
  Errc move(std::optional<std::vector<NodeId>> replicas) {
    protocol::AlterPartitionReassignmentsRequest request;
    request.topics.push_back({.name = "t", .partitions = {{.partition_index = 0, .replicas = std::move(replicas)}}});
    const auto response = client().call<protocol::AlterPartitionReassignmentsResponse>(std::move(request), 1);
    EXPECT_EQ(response.error_code, 0);
    return static_cast<Errc>(response.responses.at(0).partitions.at(0).error_code);
  }
  Errc unregister(NodeId id) {
    protocol::UnregisterBrokerRequest request;
    request.broker_id = id;
    return static_cast<Errc>(client().call<protocol::UnregisterBrokerResponse>(std::move(request), 0).error_code);
  }
};

INSTANTIATE_TEST_SUITE_P(Channels, Replicas, testing::ValuesIn(world_kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(Replicas, ItsOwnLeadershipNeedsNoElection) {
  open();
  client().create_topic("t");
  for (std::int8_t type : {0, 1}) EXPECT_EQ(elect(type, 0), Errc::election_not_needed);
  EXPECT_EQ(elect(0, 1), Errc::unknown_topic_or_partition);
}

TEST_P(Replicas, ThereIsNowhereToMoveTo) {
  open();
  client().create_topic("t");
  EXPECT_EQ(move({{1}}), Errc::none);
  EXPECT_EQ(move({{2}}), Errc::invalid_replica_assignment);
  EXPECT_EQ(move(std::nullopt), Errc::no_reassignment_in_progress);
  const auto listed = client().call<protocol::ListPartitionReassignmentsResponse>(
      protocol::ListPartitionReassignmentsRequest(), 0);
  EXPECT_EQ(listed.error_code, 0);
  EXPECT_TRUE(listed.topics.empty());
}

TEST_P(Replicas, WhatLiesInItsLogDirectoriesIsToldWithItsSize) {
  open();
  client().create_topic("t", 2);
  client().create_topic("u");
  ASSERT_EQ(client().produce("t", 1, {"value"}).error_code, 0);
  const auto describe = [&](std::optional<std::vector<protocol::DescribeLogDirsRequest::DescribableLogDirTopic>> topics) {
    protocol::DescribeLogDirsRequest request;
    request.topics = std::move(topics);
    auto response = client().call<protocol::DescribeLogDirsResponse>(std::move(request), 5);
    EXPECT_EQ(response.error_code, 0);
    EXPECT_EQ(response.results.size(), 1u);
    return response.results.at(0);
  };
  const auto all = describe(std::nullopt);
  EXPECT_FALSE(all.log_dir.empty());
  ASSERT_EQ(all.topics.size(), 2u);
  EXPECT_EQ(all.topics[0].name, "t");
  EXPECT_EQ(all.topics[0].partitions.at(0).partition_size, 0);
  EXPECT_GT(all.topics[0].partitions.at(1).partition_size, 61);
  const auto one = describe({{{.topic = "t", .partitions = {1, 7}}, {.topic = "nope", .partitions = {0}}}});
  ASSERT_EQ(one.topics.size(), 1u);
  ASSERT_EQ(one.topics[0].partitions.size(), 1u);
  EXPECT_EQ(one.topics[0].partitions[0].partition_index, 1);
  EXPECT_TRUE(describe({{}}).topics.empty());
}

TEST_P(Replicas, OneThatUnregistersItselfIsBackAfterItsNextStart) {
  open();
  client().create_topic("t");
  ASSERT_EQ(client().produce("t", 0, {"kept"}).error_code, 0);
  EXPECT_EQ(unregister(7), Errc::broker_id_not_registered);
  EXPECT_EQ(unregister(1), Errc::none);
  EXPECT_EQ(client().produce("t", 0, {"refused"}).error_code, code(Errc::not_leader_or_follower));
  restart();
  EXPECT_EQ(client().produce("t", 0, {"taken"}).base_offset, 1);
}

}  // namespace
}  // namespace leat::test
