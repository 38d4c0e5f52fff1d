#include "metadata/broker_fencing.h"

#include "cluster_fixture.h"

namespace leat::metadata {
namespace {

class BrokerFencingTest : public ClusterTest {
 protected:
  std::size_t take(Records records) {
    apply(records);
    return records.size();
  }
};

TEST_F(BrokerFencingTest, AFencedBrokerLeavesEveryIsrBeforeItIsFenced) {
  put_topic("t", {replicas({1, 2}), replicas({2, 1}), replicas({3})});
  EXPECT_EQ(take(decide_fence(image(), 1, {})), 3u);
  EXPECT_TRUE(image().brokers.at(1).fenced);
  EXPECT_EQ(shown("t", 0), "leader 2 epochs 1.1 of [1 2] isr [2]");
  EXPECT_EQ(shown("t", 1), "leader 2 epochs 0.1 of [2 1] isr [2]");
}

TEST_F(BrokerFencingTest, AnUnfencedBrokerLeadsWhatHasNoLeader) {
  put_topic("t", {replicas({1}), replicas({1, 2})});
  take(decide_fence(image(), 1, {}));
  EXPECT_EQ(partition("t", 0).leader, no_node);
  EXPECT_EQ(take(decide_unfence(image(), 1, {})), 2u);
  EXPECT_EQ(shown("t", 0), "leader 1 epochs 2.2 of [1] isr [1]");
  EXPECT_EQ(shown("t", 1), "leader 2 epochs 1.1 of [1 2] isr [2]") << "it is not in sync";
}

TEST_F(BrokerFencingTest, AControlledShutdownGivesUpEveryLeadershipAndLeavesTheBrokerUnfenced) {
  put_topic("t", {replicas({1, 2})});
  EXPECT_EQ(take(decide_controlled_shutdown(image(), 1, {})), 2u);
  EXPECT_TRUE(image().brokers.at(1).in_controlled_shutdown);
  EXPECT_FALSE(image().brokers.at(1).fenced);
  EXPECT_EQ(shown("t"), "leader 2 epochs 1.1 of [1 2] isr [2]");
}

TEST_F(BrokerFencingTest, WhatIsSoAlreadyOrUnknownChangesNothing) {
  put_topic("t", {replicas({1, 2})});
  EXPECT_EQ(take(decide_unfence(image(), 1, {})), 0u);
  EXPECT_EQ(take(decide_fence(image(), 9, {})), 0u);
  EXPECT_EQ(take(decide_unfence(image(), 9, {})), 0u);
  EXPECT_EQ(take(decide_controlled_shutdown(image(), 9, {})), 0u);
  EXPECT_EQ(take(decide_offline_directories(image(), 1, {directory(2)}, {})), 0u);
  take(decide_fence(image(), 1, {}));
  EXPECT_EQ(take(decide_fence(image(), 1, {})), 0u);
  EXPECT_EQ(take(decide_controlled_shutdown(image(), 1, {})), 0u);
}

TEST_F(BrokerFencingTest, AnOfflineDirectoryLeavesTheRegistrationWithWhatLiesInIt) {
  auto two = broker(1);
  two.log_dirs = {directory(1, 0), directory(1, 1)};
  put(two);
  put_topic("t", {replicas({1, 2})});
  EXPECT_EQ(take(decide_offline_directories(image(), 1, {directory(1, 0)}, {})), 2u);
  EXPECT_EQ(image().brokers.at(1).log_directories, std::vector{directory(1, 1)});
  EXPECT_EQ(shown("t"), "leader 2 epochs 1.1 of [1 2] isr [2]");
}

TEST_F(BrokerFencingTest, CordonedDirectoriesAreStoredWhenTheyChange) {
  EXPECT_EQ(take(decide_cordoned_directories(image(), 1, {directory(1)})), 1u);
  EXPECT_EQ(image().brokers.at(1).cordoned_log_directories, std::vector{directory(1)});
  EXPECT_EQ(take(decide_cordoned_directories(image(), 1, {directory(1)})), 0u);
  set_feature("metadata.version", 29);
  EXPECT_EQ(take(decide_cordoned_directories(image(), 1, {})), 0u);
}

}  // namespace
}  // namespace leat::metadata
