#include "metadata/partition_change.h"

#include "cluster_fixture.h"

namespace leat::metadata {
namespace {

/// One partition and what is asked of it. `alive` may lead.
struct Case {
  const char* rule;
  PartitionImage now;
  std::function<void(PartitionTarget&)> ask;
  Nodes alive;
  const char* then;
};

class PartitionChangeTest : public ClusterTest {
 protected:
  std::string after(const Case& test) {
    PartitionTarget target(test.now);
    test.ask(target);
    const PartitionRules rules{.versions = RecordVersions(image()),
                               .elr_enabled = elr_enabled(image()),
                               .min_isr = min_isr,
                               .may_lead = [&](NodeId id) { return has(test.alive, id); },
                               .new_directory = [](NodeId id) { return directory(id); }};
    const auto record = change_partition(topic_id("t"), 7, test.now, std::move(target), rules);
    if (!record) return "nothing";
    const auto* change = record->message.get_if<protocol::PartitionChangeRecord>();
    EXPECT_EQ(change->topic_id, topic_id("t"));
    EXPECT_EQ(change->partition_id, 7);
    PartitionImage changed = test.now;
    merge(changed, *change);
    EXPECT_EQ(changed.directories.size(), changed.replicas.size()) << test.rule;
    return show(changed);
  }
  void check(const std::vector<Case>& table) {
    for (const Case& test : table) EXPECT_EQ(after(test), test.then) << test.rule;
  }

  static PartitionImage in_sync(Nodes nodes, Nodes isr, NodeId leader) {
    PartitionImage partition = replicas(std::move(nodes));
    partition.isr = std::move(isr);
    partition.leader = leader;
    return partition;
  }
  static PartitionImage leaderless(Nodes nodes, Nodes elr, Nodes last_known) {
    PartitionImage partition = in_sync(std::move(nodes), {}, no_node);
    partition.eligible_leader_replicas = std::move(elr);
    partition.last_known_elr = std::move(last_known);
    return partition;
  }
  static PartitionImage moving(Nodes nodes, Nodes isr, Nodes adding, Nodes removing) {
    const NodeId leader = isr[0];
    PartitionImage partition = in_sync(std::move(nodes), std::move(isr), leader);
    partition.adding_replicas = std::move(adding);
    partition.removing_replicas = std::move(removing);
    return partition;
  }
  static std::function<void(PartitionTarget&)> isr(Nodes nodes) {
    return [nodes](PartitionTarget& target) { target.isr = nodes; };
  }
  static std::function<void(PartitionTarget&)> elect(Election election) {
    return [election](PartitionTarget& target) { target.election = election; };
  }
  static void nothing(PartitionTarget&) {}

  std::size_t min_isr = 1;
};

TEST_F(PartitionChangeTest, TheLeaderStaysOrTheFirstReplicaInSyncFollows) {
  check({
      {"nothing asked", replicas({1, 2, 3}), nothing, {1, 2, 3}, "nothing"},
      {"a follower leaves", replicas({1, 2, 3}), isr({1, 2}), {1, 2, 3}, "leader 1 epochs 0.1 of [1 2 3] isr [1 2]"},
      {"a follower comes", in_sync({1, 2, 3}, {1}, 1), isr({1, 3}), {1, 2, 3}, "leader 1 epochs 0.1 of [1 2 3] isr [1 3]"},
      {"the leader leaves", replicas({1, 2, 3}), isr({2, 3}), {2, 3}, "leader 2 epochs 1.1 of [1 2 3] isr [2 3]"},
      {"in the order of the replicas", in_sync({1, 2, 3}, {3, 2, 1}, 1), isr({3, 2}), {2, 3},
       "leader 2 epochs 1.1 of [1 2 3] isr [3 2]"},
      {"a leader that may not lead", replicas({1, 2, 3}), nothing, {3}, "leader 3 epochs 1.1 of [1 2 3] isr [1 2 3]"},
      {"one that is alive, but not in sync", in_sync({1, 2}, {1}, 1), isr({}), {2},
       "leader -1 epochs 1.1 of [1 2] isr [] elr [1] known [1]"},
      {"a leader comes back", in_sync({1, 2}, {2}, no_node), nothing, {2}, "leader 2 epochs 1.1 of [1 2] isr [2]"},
  });
}

TEST_F(PartitionChangeTest, ThePreferredLeaderIsTheFirstReplicaAndNeverUnclean) {
  check({
      {"in sync", in_sync({1, 2, 3}, {1, 2}, 2), elect(Election::preferred), {1, 2, 3},
       "leader 1 epochs 1.1 of [1 2 3] isr [1 2]"},
      {"not in sync", in_sync({1, 2, 3}, {2, 3}, 2), elect(Election::preferred), {1, 2, 3}, "nothing"},
      {"not alive", in_sync({1, 2, 3}, {1, 2}, 2), elect(Election::preferred), {2, 3}, "nothing"},
      {"nobody to lead", leaderless({1, 2}, {1}, {1}), elect(Election::preferred), {2}, "nothing"},
  });
}

TEST_F(PartitionChangeTest, AnUncleanLeaderIsTheLastChoiceAndAloneInTheIsr) {
  check({
      {"not allowed", leaderless({1, 2, 3}, {1}, {1}), nothing, {2, 3}, "nothing"},
      {"allowed", leaderless({1, 2, 3}, {1}, {1}), elect(Election::unclean), {2, 3},
       "leader 2 epochs 1.1 of [1 2 3] isr [2] recovering"},
      {"allowed, and not needed", replicas({1, 2}), elect(Election::unclean), {1, 2}, "nothing"},
      {"an eligible one first", leaderless({1, 2, 3}, {3}, {1}), elect(Election::unclean), {1, 2, 3},
       "leader 3 epochs 1.1 of [1 2 3] isr [3]"},
      {"the last leader, where nobody is eligible", leaderless({1, 2, 3}, {}, {2}), nothing, {1, 2, 3},
       "leader 2 epochs 1.1 of [1 2 3] isr [2] recovering"},
      {"the last leader is away", leaderless({1, 2, 3}, {}, {2}), nothing, {1, 3}, "nothing"},
      {"more than one last leader", leaderless({1, 2, 3}, {}, {1, 2}), nothing, {1, 2, 3}, "nothing"},
  });
}

TEST_F(PartitionChangeTest, BelowTheMinimumThoseThatLeaveStayEligible) {
  min_isr = 2;
  const auto unclean = [](NodeId id) {
    return [id](PartitionTarget& target) {
      std::erase(target.isr, id);
      target.uncleanly_stopped = id;
    };
  };
  auto one_eligible = in_sync({1, 2, 3}, {1}, 1);
  one_eligible.eligible_leader_replicas = {2};
  check({
      {"enough left", replicas({1, 2, 3}), isr({1, 2}), {1, 2}, "leader 1 epochs 0.1 of [1 2 3] isr [1 2]"},
      {"below", in_sync({1, 2, 3}, {1, 2}, 1), isr({1}), {1}, "leader 1 epochs 0.1 of [1 2 3] isr [1] elr [2]"},
      {"it comes back", one_eligible, isr({1, 2}), {1, 2}, "leader 1 epochs 0.1 of [1 2 3] isr [1 2]"},
      {"another comes", one_eligible, isr({1, 3}), {1, 3}, "leader 1 epochs 0.1 of [1 2 3] isr [1 3]"},
      {"the last one goes", one_eligible, isr({}), {}, "leader -1 epochs 1.1 of [1 2 3] isr [] elr [2 1] known [1]"},
      {"an eligible one is there", one_eligible, isr({}), {2}, "leader 2 epochs 1.1 of [1 2 3] isr [2] elr [1]"},
      {"nobody eligible leads while one in sync is but away", one_eligible, nothing, {2},
       "leader -1 epochs 1.1 of [1 2 3] isr [1] elr [2]"},
      {"an unclean stop of a member", one_eligible, unclean(1), {}, "leader -1 epochs 1.1 of [1 2 3] isr [] elr [2] known [1]"},
      {"an unclean stop of an eligible one", one_eligible, unclean(2), {1}, "leader 1 epochs 0.1 of [1 2 3] isr [1]"},
  });
}

TEST_F(PartitionChangeTest, WithoutElrTheLastMemberStaysInTheIsr) {
  set_feature("eligible.leader.replicas.version", 0);
  check({
      {"the last one goes", in_sync({1, 2}, {1}, 1), isr({}), {2}, "leader -1 epochs 1.1 of [1 2] isr [1]"},
      {"an unclean leader takes its place", in_sync({1, 2}, {1}, no_node), elect(Election::unclean), {2},
       "leader 2 epochs 1.1 of [1 2] isr [2] recovering"},
      {"it comes back", in_sync({1, 2}, {1}, no_node), nothing, {1, 2}, "leader 1 epochs 1.1 of [1 2] isr [1]"},
  });
}

TEST_F(PartitionChangeTest, AMoveEndsWithTheChangeThatBringsTheLastNewReplica) {
  check({
      {"one is missing", moving({3, 4, 1, 2}, {1, 2}, {3, 4}, {1, 2}), isr({1, 2, 3}), {1, 2, 3, 4},
       "leader 1 epochs 0.1 of [3 4 1 2] isr [1 2 3] adding [3 4] removing [1 2]"},
      {"all are there", moving({3, 4, 1, 2}, {1, 2, 3}, {3, 4}, {1, 2}), isr({1, 2, 3, 4}), {1, 2, 3, 4},
       "leader 3 epochs 1.1 of [3 4] isr [3 4]"},
      {"the leader stays, in a new term", moving({1, 3, 2}, {1, 2}, {3}, {2}), isr({1, 2, 3}), {1, 2, 3},
       "leader 1 epochs 1.1 of [1 3] isr [1 3]"},
      {"only more replicas: no new term", moving({1, 2, 3}, {1, 2}, {3}, {}), isr({1, 2, 3}), {1, 2, 3},
       "leader 1 epochs 0.1 of [1 2 3] isr [1 2 3]"},
      {"fewer: what is left must all be in sync", moving({1, 2, 3}, {1, 3}, {}, {3}), isr({1, 3}), {1, 2, 3}, "nothing"},
      {"fewer: and then it ends", moving({1, 2, 3}, {1, 3}, {}, {3}), isr({1, 2, 3}), {1, 2, 3},
       "leader 1 epochs 1.1 of [1 2] isr [1 2]"},
      {"nobody would be in sync", moving({1, 2}, {2}, {}, {2}), isr({2}), {1, 2}, "nothing"},
  });
}

TEST_F(PartitionChangeTest, OldVersionsTakeAShrinkForANewTerm) {
  set_feature("metadata.version", 11);
  set_feature("eligible.leader.replicas.version", 0);
  Case shrink{"a shrink", replicas({1, 2}), isr({1}), {1}, "leader 1 epochs 1.1 of [1 2] isr [1]"};
  Case expand{"an expansion", in_sync({1, 2}, {1}, 1), isr({1, 2}), {1}, "leader 1 epochs 0.1 of [1 2] isr [1 2]"};
  check({shrink, expand});
}

}  // namespace
}  // namespace leat::metadata
