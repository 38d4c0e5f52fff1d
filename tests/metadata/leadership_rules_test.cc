#include "metadata/leadership_rules.h"

#include "cluster_fixture.h"

namespace leat::metadata {
namespace {

class LeadershipRulesTest : public ClusterTest {
 protected:
  std::size_t decide(const LeadershipEvent& event) {
    Records records;
    LeadershipRules(image(), defaults).decide(event, records);
    apply(records);
    return records.size();
  }
  LeadershipDefaults defaults;
};

TEST_F(LeadershipRulesTest, WhoLeavesIsReplacedWhereItWasInSyncAndNowhereElse) {
  put_topic("t", {replicas({1, 2}), replicas({2, 1}), replicas({2, 3})});
  EXPECT_EQ(decide({.leaves = 1}), 2u);
  EXPECT_EQ(shown("t", 0), "leader 2 epochs 1.1 of [1 2] isr [2]");
  EXPECT_EQ(shown("t", 1), "leader 2 epochs 0.1 of [2 1] isr [2]");
  EXPECT_EQ(shown("t", 2), "leader 2 epochs 0.0 of [2 3] isr [2 3]");
}

TEST_F(LeadershipRulesTest, WhoeverIsFencedShuttingDownUnknownOrWithoutTheDirectoryDoesNotLead) {
  put_fenced(1);
  put_shutting_down(2);
  PartitionImage partition = replicas({1, 2, 9, 3, 4});
  partition.leader = no_node;
  partition.directories[3] = directory(3, 5);
  put_topic("t", {partition});
  EXPECT_EQ(decide({}), 1u);
  EXPECT_EQ(this->partition("t").leader, 4);
}

TEST_F(LeadershipRulesTest, ADirectoryThatIsNotKnownYetCountsAsOnlineAndALostOneDoesNot) {
  const Uuid unassigned = [] { Uuid id; id.bytes[15] = std::byte{1}; return id; }();
  const Uuid lost = [] { Uuid id; id.bytes[15] = std::byte{2}; return id; }();
  const auto leader_in = [&](const Uuid& directory) {
    PartitionImage partition = replicas({1});
    partition.leader = no_node;
    partition.directories = {directory};
    put_topic("t", {partition});
    decide({});
    const NodeId leader = this->partition("t").leader;
    protocol::RemoveTopicRecord removed;
    removed.topic_id = topic_id("t");
    apply(make_record(removed));
    return leader;
  };
  EXPECT_EQ(leader_in(unassigned), 1);
  EXPECT_EQ(leader_in({}), 1);
  EXPECT_EQ(leader_in(directory(1)), 1);
  EXPECT_EQ(leader_in(directory(2)), no_node);
  EXPECT_EQ(leader_in(lost), no_node);
}

TEST_F(LeadershipRulesTest, WhoReturnsMayLeadThoughItIsFencedStill) {
  put_fenced(1);
  PartitionImage partition = replicas({1});
  partition.isr = {};
  partition.leader = no_node;
  partition.eligible_leader_replicas = {1};
  put_topic("t", {partition});
  EXPECT_EQ(decide({}), 0u);
  EXPECT_EQ(decide({.returns = 1}), 1u);
  EXPECT_EQ(shown("t"), "leader 1 epochs 1.1 of [1] isr [1]");
}

TEST_F(LeadershipRulesTest, OnlyWhatLiesInTheNamedDirectoriesIsGivenUp) {
  auto two = broker(1);
  two.log_dirs = {directory(1, 0), directory(1, 1)};
  put(two);
  PartitionImage elsewhere = replicas({1, 2});
  elsewhere.directories[0] = directory(1, 1);
  put_topic("t", {replicas({1, 2}), elsewhere});
  EXPECT_EQ(decide({.leaves = 1, .directories = std::vector{directory(1, 1)}}), 1u);
  EXPECT_EQ(partition("t", 0).leader, 1);
  EXPECT_EQ(partition("t", 1).leader, 2);
}

TEST_F(LeadershipRulesTest, TheMinimumIsTheTopicsThenTheClustersThenTheDefaultAndNoMoreThanTheReplicas) {
  const auto elr_after_one_left = [&](const std::string& name) {
    put_topic(name, {replicas({2, 3, 4})});
    Records records;
    PartitionTarget target(partition(name));
    target.isr = {2, 3};
    const auto record = LeadershipRules(image(), defaults).change(*image().topic(name), 0, target);
    EXPECT_TRUE(record);
    apply(*record);
    return partition(name).eligible_leader_replicas;
  };
  EXPECT_EQ(elr_after_one_left("a"), Nodes());
  defaults.min_insync_replicas = 3;
  EXPECT_EQ(elr_after_one_left("b"), Nodes{4});
  set_config(4, "", "min.insync.replicas", "2");
  EXPECT_EQ(elr_after_one_left("c"), Nodes());
  set_config(2, "d", "min.insync.replicas", "7");
  EXPECT_EQ(elr_after_one_left("d"), Nodes{4});
}

TEST_F(LeadershipRulesTest, UncleanElectionsAreTheTopicsThenTheClustersThenTheDefault) {
  put_topic("t", {replicas({1})});
  const auto allowed = [&] { return LeadershipRules(image(), defaults).unclean_allowed(*image().topic("t")); };
  EXPECT_FALSE(allowed());
  defaults.unclean_leader_election = true;
  EXPECT_TRUE(allowed());
  set_config(4, "", "unclean.leader.election.enable", "false");
  EXPECT_FALSE(allowed());
  set_config(2, "t", "unclean.leader.election.enable", "true");
  EXPECT_TRUE(allowed());
}

}  // namespace
}  // namespace leat::metadata
