#include "metadata/elect_leaders.h"

#include "cluster_fixture.h"

namespace leat::metadata {
namespace {

using testing::ElementsAre;

class ElectLeadersTest : public ClusterTest {
 protected:
  static constexpr std::int8_t preferred = 0, unclean = 1;

  static PartitionImage led_by(NodeId leader, Nodes isr) {
    PartitionImage partition = replicas({1, 2});
    partition.isr = std::move(isr);
    partition.leader = leader;
    return partition;
  }
  /// "t-0 84": what is said of each partition, in order.
  std::vector<std::string> elect(std::int8_t type, std::optional<std::vector<std::int32_t>> partitions) {
    protocol::ElectLeadersRequest request;
    request.election_type = type;
    request.topic_partitions = std::nullopt;
    if (partitions) request.topic_partitions = {{"t", *partitions}};
    std::vector<std::string> told;
    const auto response = carry_out(decide_elect_leaders(image(), request, defaults));
    if (response.error_code != 0) told.push_back("error " + std::to_string(response.error_code));
    for (const auto& topic : response.replica_election_results)
      for (const auto& partition : topic.partition_result) {
        EXPECT_EQ(partition.error_message.has_value(), partition.error_code != 0);
        told.push_back(topic.topic + "-" + std::to_string(partition.partition_id) + " " +
                       std::to_string(partition.error_code));
      }
    return told;
  }
  LeadershipDefaults defaults;
};

TEST_F(ElectLeadersTest, ThePreferredLeaderTakesOverWhereItIsInSync) {
  put_topic("t", {led_by(2, {1, 2}), led_by(1, {1, 2}), led_by(2, {2})});
  EXPECT_THAT(elect(preferred, {{0, 1, 2, 3}}), ElementsAre("t-0 0", "t-1 84", "t-2 80", "t-3 3"));
  EXPECT_EQ(shown("t", 0), "leader 1 epochs 1.1 of [1 2] isr [1 2]");
  EXPECT_EQ(shown("t", 2), "leader 2 epochs 0.0 of [1 2] isr [2]");
}

TEST_F(ElectLeadersTest, AnUncleanLeaderIsElectedWhereThereIsNone) {
  PartitionImage lost = led_by(no_node, {});
  lost.eligible_leader_replicas = {1};
  PartitionImage dead = replicas({1});
  dead.isr = {};
  dead.leader = no_node;
  put_topic("t", {lost, led_by(2, {2}), dead});
  put_fenced(1);
  EXPECT_THAT(elect(unclean, {{0, 1, 2}}), ElementsAre("t-0 0", "t-1 84", "t-2 83"));
  EXPECT_EQ(shown("t", 0), "leader 2 epochs 1.1 of [1 2] isr [2] recovering");
}

TEST_F(ElectLeadersTest, OfAllPartitionsThoseThatNeedNoElectionAreNotToldOf) {
  put_topic("t", {led_by(1, {1, 2}), led_by(2, {2}), led_by(2, {1, 2})});
  EXPECT_THAT(elect(preferred, std::nullopt), ElementsAre("t-1 80", "t-2 0"));
}

TEST_F(ElectLeadersTest, AnotherElectionTypeIsRefused) {
  put_topic("t", {led_by(2, {1, 2})});
  EXPECT_THAT(elect(2, {{0}}), ElementsAre("error 42", "t-0 42"));
  EXPECT_EQ(partition("t").leader, 2);
}

TEST_F(ElectLeadersTest, ARoundOfPreferredElectionsIsBounded) {
  put_topic("t", std::vector(elections_per_round_max + 5, led_by(2, {1, 2})));
  const auto round = [&] {
    const Records records = decide_preferred_leaders(image(), defaults);
    apply(records);
    return records.size();
  };
  EXPECT_EQ(round(), elections_per_round_max);
  EXPECT_EQ(round(), 5u);
  EXPECT_EQ(round(), 0u);
}

TEST_F(ElectLeadersTest, UncleanRoundsAreForTopicsThatAllowIt) {
  PartitionImage lost = led_by(no_node, {});
  lost.eligible_leader_replicas = {1};
  put_fenced(1);
  put_topic("no", {lost});
  put_topic("yes", {lost, led_by(2, {2})});
  set_config(2, "yes", "unclean.leader.election.enable", "true");
  const Records records = decide_unclean_leaders(image(), defaults);
  EXPECT_EQ(records.size(), 1u);
  apply(records);
  EXPECT_EQ(partition("no").leader, no_node);
  EXPECT_EQ(partition("yes").leader, 2);
}

}  // namespace
}  // namespace leat::metadata
