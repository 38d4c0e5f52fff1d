#include "metadata/broker_heartbeat.h"

#include "cluster_fixture.h"

namespace leat::metadata {
namespace {

/// Broker 1 leads "led" if it leads anything; it was registered at offset 50.
class BrokerHeartbeatTest : public ClusterTest {
 protected:
  BrokerHeartbeatTest() {
    request.broker_id = 1;
    request.broker_epoch = 101;
    request.current_metadata_offset = 50;
    facts.registration_offset = 50;
  }
  HeartbeatDecision beat() {
    auto decision = decide_heartbeat(image(), request, facts, {});
    EXPECT_TRUE(decision) << decision.error().to_string();
    apply(decision->records);
    return std::move(*decision);
  }

  protocol::BrokerHeartbeatRequest request;
  HeartbeatFacts facts;
};

TEST_F(BrokerHeartbeatTest, TheNextStateIsOfThePresentOneAndTheWishes) {
  using enum BrokerState;
  struct Row {
    BrokerState now;
    bool leads, caught_up, want_fence, want_shut_down, others_know;
    BrokerState next;
  };
  constexpr bool yes = true, no = false;
  const Row table[] = {
      {fenced, no, yes, yes, no, no, fenced},
      {fenced, no, no, no, no, no, fenced},
      {fenced, no, yes, no, no, no, unfenced},
      {fenced, no, yes, no, yes, no, shut_down},
      {unfenced, yes, yes, no, no, no, unfenced},
      {unfenced, yes, yes, yes, no, no, fenced},
      {unfenced, yes, yes, yes, yes, no, shut_down},
      {unfenced, no, yes, no, yes, no, shut_down},
      {unfenced, yes, yes, no, yes, no, controlled_shutdown},
      {controlled_shutdown, yes, yes, no, no, yes, controlled_shutdown},
      {controlled_shutdown, no, yes, no, yes, no, controlled_shutdown},
      {controlled_shutdown, no, yes, no, yes, yes, shut_down},
  };
  for (std::size_t i = 0; i < std::size(table); ++i) {
    const Row& row = table[i];
    head = ImageBuilder{};
    set_feature("metadata.version", 30);
    set_feature("eligible.leader.replicas.version", 1);
    put(broker(1));
    put(broker(2));
    if (row.now == fenced) put_fenced(1);
    if (row.now == controlled_shutdown) put_shutting_down(1);
    put_topic("t", {row.leads ? replicas({1, 2}) : replicas({2, 1})});
    request.current_metadata_offset = row.caught_up ? 50 : 49;
    request.want_fence = row.want_fence;
    request.want_shut_down = row.want_shut_down;
    facts.shutdown_offset = row.now == controlled_shutdown ? std::optional<Offset>(60) : std::nullopt;
    facts.lowest_active_offset = row.others_know ? 60 : 59;
    const auto decision = beat();
    EXPECT_EQ(decision.next, row.next) << "row " << i;
    EXPECT_EQ(decision.response.is_caught_up, row.caught_up) << "row " << i;
    EXPECT_EQ(decision.response.should_shut_down, row.next == shut_down) << "row " << i;
    EXPECT_EQ(decision.response.is_fenced, row.next == fenced || row.next == shut_down) << "row " << i;
    EXPECT_EQ(image().brokers.at(1).fenced, decision.response.is_fenced) << "row " << i;
  }
}

TEST_F(BrokerHeartbeatTest, WhatStaysAsItIsWritesNothing) {
  put_topic("t", {replicas({1, 2})});
  EXPECT_TRUE(beat().records.empty());
  request.cordoned_log_dirs.emplace();
  EXPECT_EQ(beat().records.size(), 1u) << "said for the first time";
  EXPECT_TRUE(beat().records.empty());
}

TEST_F(BrokerHeartbeatTest, AnotherEpochIsStale) {
  request.broker_epoch = 100;
  EXPECT_EQ(decide_heartbeat(image(), request, facts, {}).error().code, Errc::stale_broker_epoch);
  request.broker_id = 9;
  EXPECT_EQ(decide_heartbeat(image(), request, facts, {}).error().code, Errc::stale_broker_epoch);
}

TEST_F(BrokerHeartbeatTest, AControlledShutdownMovesLeadershipsBeforeItIsGranted) {
  put_topic("t", {replicas({1, 2})});
  request.want_shut_down = true;
  EXPECT_FALSE(beat().response.should_shut_down);
  EXPECT_EQ(shown("t"), "leader 2 epochs 1.1 of [1 2] isr [2]");
  EXPECT_TRUE(image().brokers.at(1).in_controlled_shutdown);
  facts.shutdown_offset = 60;
  facts.lowest_active_offset = 60;
  EXPECT_TRUE(beat().response.should_shut_down);
  EXPECT_TRUE(image().brokers.at(1).fenced);
}

TEST_F(BrokerHeartbeatTest, OneThatDisappearsInItsShutdownLeadsNothingThatItAloneHad) {
  put_topic("t", {replicas({1})});
  request.want_shut_down = true;
  EXPECT_FALSE(beat().response.should_shut_down);
  EXPECT_EQ(shown("t"), "leader -1 epochs 1.1 of [1] isr [] elr [1] known [1]");
}

TEST_F(BrokerHeartbeatTest, AnUnfencedBrokerWithALostDirectoryLeadsOnlyWhatLiesElsewhere) {
  auto two = broker(1);
  two.log_dirs = {directory(1, 0), directory(1, 1)};
  two.fenced = true;
  put(two);
  PartitionImage first = replicas({1}), second = replicas({1});
  first.isr = second.isr = {};
  first.leader = second.leader = no_node;
  first.eligible_leader_replicas = second.eligible_leader_replicas = {1};
  second.directories = {directory(1, 1)};
  put_topic("t", {first, second});
  request.offline_log_dirs = {directory(1, 1)};
  EXPECT_EQ(beat().next, BrokerState::unfenced);
  EXPECT_EQ(partition("t", 0).leader, 1);
  EXPECT_EQ(partition("t", 1).leader, no_node);
}

}  // namespace
}  // namespace leat::metadata
