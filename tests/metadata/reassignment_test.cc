#include "metadata/reassignment.h"

#include "cluster_fixture.h"

namespace leat::metadata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ReassignmentTest : public ClusterTest {
 protected:
  static constexpr auto give_up = std::nullopt;

  protocol::AlterPartitionReassignmentsResponse move_all(
      std::vector<std::pair<std::int32_t, std::optional<Nodes>>> moves, bool any_factor = true) {
    protocol::AlterPartitionReassignmentsRequest request;
    request.allow_replication_factor_change = any_factor;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    for (auto& [index, replicas] : moves) topic.partitions.push_back({index, replicas});
    return carry_out(decide_alter_reassignments(image(), request, defaults));
  }
  Errc move(std::optional<Nodes> replicas, std::int32_t index = 0, bool any_factor = true) {
    const auto response = move_all({{index, std::move(replicas)}}, any_factor);
    const auto& answer = response.responses.at(0).partitions.at(0);
    EXPECT_EQ(answer.error_message.has_value(), answer.error_code != 0);
    return static_cast<Errc>(answer.error_code);
  }
  /// "t-0 [3 1] +[3] -[2]"
  std::vector<std::string> moving(std::optional<std::vector<std::int32_t>> of_t = std::nullopt) {
    protocol::ListPartitionReassignmentsRequest request;
    request.topics = std::nullopt;
    if (of_t) request.topics = {{"t", *of_t}};
    std::vector<std::string> lines;
    for (const auto& topic : list_reassignments(image(), request).topics)
      for (const auto& partition : topic.partitions)
        lines.push_back(topic.name + "-" + std::to_string(partition.partition_index) + " of " +
                        testing::PrintToString(partition.replicas) + " +" +
                        testing::PrintToString(partition.adding_replicas) + " -" +
                        testing::PrintToString(partition.removing_replicas));
    return lines;
  }
  LeadershipDefaults defaults;
};

TEST_F(ReassignmentTest, AMoveHoldsTheOldReplicasUntilTheNewOnesAreInSync) {
  put_topic("t", {replicas({1, 2})});
  EXPECT_EQ(move(Nodes{3, 1}), Errc::none);
  EXPECT_EQ(shown("t"), "leader 1 epochs 0.1 of [3 1 2] isr [1 2] adding [3] removing [2]");
  EXPECT_THAT(partition("t").directories, ElementsAre(directory(3), directory(1), directory(2)));
  EXPECT_THAT(moving(), ElementsAre("t-0 of { 3, 1, 2 } +{ 3 } -{ 2 }"));
}

TEST_F(ReassignmentTest, WhatNeedsNobodyNewIsDoneAtOnce) {
  put_topic("t", {replicas({1, 2}), replicas({1, 2}), replicas({1, 2})});
  EXPECT_EQ(move(Nodes{2, 1}, 0), Errc::none);
  EXPECT_EQ(shown("t", 0), "leader 1 epochs 0.1 of [2 1] isr [1 2]") << "another order: the leader stays";
  EXPECT_EQ(move(Nodes{2}, 1), Errc::none);
  EXPECT_EQ(shown("t", 1), "leader 2 epochs 1.1 of [2] isr [2]");
  EXPECT_EQ(move(Nodes{1, 2}, 2), Errc::none);
  EXPECT_EQ(shown("t", 2), "leader 1 epochs 0.0 of [1 2] isr [1 2]") << "nothing to do";
  EXPECT_THAT(moving(), IsEmpty());
}

TEST_F(ReassignmentTest, AMoveMayBeGivenUp) {
  put_topic("t", {replicas({1, 2})});
  EXPECT_EQ(move(give_up), Errc::no_reassignment_in_progress);
  move(Nodes{3, 4});
  EXPECT_EQ(move(give_up), Errc::none);
  EXPECT_EQ(shown("t"), "leader 1 epochs 1.2 of [1 2] isr [1 2]");
  EXPECT_THAT(moving(), IsEmpty());
}

TEST_F(ReassignmentTest, GivingUpWhatOnlyTheNewReplicasHaveIsAnUncleanElection) {
  PartitionImage only_new = replicas({3, 1});
  only_new.isr = {3};
  only_new.leader = 3;
  only_new.adding_replicas = {3};
  put_topic("t", {only_new});
  EXPECT_EQ(move(give_up), Errc::invalid_replica_assignment);
  defaults.unclean_leader_election = true;
  EXPECT_EQ(move(give_up), Errc::none);
  EXPECT_EQ(shown("t"), "leader 1 epochs 1.1 of [1] isr [1]");
}

TEST_F(ReassignmentTest, AnotherMoveReplacesTheFirst) {
  put_topic("t", {replicas({1, 2})});
  move(Nodes{3, 1});
  EXPECT_EQ(move(Nodes{4, 1}), Errc::none);
  EXPECT_EQ(shown("t"), "leader 1 epochs 0.2 of [4 1 2 3] isr [1 2] adding [4] removing [2 3]");
  EXPECT_EQ(move(Nodes{1, 2}), Errc::none);
  EXPECT_EQ(shown("t"), "leader 1 epochs 1.3 of [1 2] isr [1 2]");
}

TEST_F(ReassignmentTest, InvalidMovesAreRefusedOneByOne) {
  put_topic("t", {replicas({1, 2})});
  EXPECT_EQ(move(Nodes{}), Errc::invalid_replica_assignment);
  EXPECT_EQ(move(Nodes{9}), Errc::invalid_replica_assignment);
  EXPECT_EQ(move(Nodes{3, 3}), Errc::invalid_replica_assignment);
  EXPECT_EQ(move(Nodes{3}, 7), Errc::unknown_topic_or_partition);
  const auto response = move_all({{7, Nodes{1}}, {0, Nodes{1, 2, 3}}});
  EXPECT_EQ(response.responses.at(0).partitions.at(0).error_code, 3);
  EXPECT_EQ(response.responses.at(0).partitions.at(1).error_code, 0);
  EXPECT_EQ(shown("t"), "leader 1 epochs 0.1 of [1 2 3] isr [1 2] adding [3]");
}

TEST_F(ReassignmentTest, ARequestMayForbidAnotherReplicationFactor) {
  put_topic("t", {replicas({1, 2})});
  EXPECT_EQ(move(Nodes{3}, 0, false), Errc::invalid_replication_factor);
  EXPECT_EQ(move(Nodes{3, 1}, 0, false), Errc::none);
  EXPECT_EQ(move(Nodes{4, 3, 1}, 0, false), Errc::invalid_replication_factor) << "the factor of what is moved to is 2";
  EXPECT_EQ(move(Nodes{4, 3}, 0, false), Errc::none);
}

TEST_F(ReassignmentTest, ThoseNotAskedForAreNotListed) {
  put_topic("t", {replicas({1}), replicas({1}), replicas({1})});
  move_all({{0, Nodes{2}}, {2, Nodes{3}}});
  EXPECT_THAT(moving({{1, 2, 5}}), ElementsAre("t-2 of { 3, 1 } +{ 3 } -{ 1 }"));
  EXPECT_THAT(moving({{1}}), IsEmpty());
}

}  // namespace
}  // namespace leat::metadata
