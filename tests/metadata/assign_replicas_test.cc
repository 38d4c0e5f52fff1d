#include "metadata/assign_replicas.h"

#include "cluster_fixture.h"

namespace leat::metadata {
namespace {

class AssignReplicasTest : public ClusterTest {
 protected:
  static protocol::AssignReplicasToDirsRequest request(const Uuid& directory, std::int32_t index = 0,
                                                       const Uuid& topic = topic_id("t")) {
    protocol::AssignReplicasToDirsRequest request;
    request.broker_id = 1;
    request.broker_epoch = 101;
    auto& asked = request.directories.emplace_back();
    asked.id = directory;
    auto& asked_topic = asked.topics.emplace_back();
    asked_topic.topic_id = topic;
    asked_topic.partitions.emplace_back().partition_index = index;
    return request;
  }
  Errc assign(const protocol::AssignReplicasToDirsRequest& request) {
    const auto decision = decide_assign_replicas(image(), request, {});
    if (!decision) return decision.error().code;
    return static_cast<Errc>(carry_out(*decision).directories.at(0).topics.at(0).partitions.at(0).error_code);
  }
};

TEST_F(AssignReplicasTest, WhereAReplicaLiesIsStoredWithoutANewTerm) {
  auto two = broker(1);
  two.log_dirs = {directory(1, 0), directory(1, 1)};
  put(two);
  put_topic("t", {replicas({1, 2})});
  EXPECT_EQ(assign(request(directory(1, 1))), Errc::none);
  EXPECT_EQ(partition("t").directories, (std::vector{directory(1, 1), directory(2)}));
  EXPECT_EQ(shown("t"), "leader 1 epochs 0.1 of [1 2] isr [1 2]");
  EXPECT_EQ(assign(request(directory(1, 1))), Errc::none);
  EXPECT_EQ(partition("t").partition_epoch, 1) << "it is so already";
}

TEST_F(AssignReplicasTest, InADirectoryThatIsNotRegisteredAReplicaIsOffline) {
  put_topic("t", {replicas({1, 2}), replicas({2, 1})});
  EXPECT_EQ(assign(request(directory(1, 7), 0)), Errc::none);
  EXPECT_EQ(shown("t", 0), "leader 2 epochs 1.1 of [1 2] isr [2]");
  EXPECT_EQ(assign(request(directory(1, 7), 1)), Errc::none);
  EXPECT_EQ(shown("t", 1), "leader 2 epochs 0.1 of [2 1] isr [2]");
}

TEST_F(AssignReplicasTest, WhatIsNotItsReplicaIsRefused) {
  put_topic("t", {replicas({2, 3})});
  EXPECT_EQ(assign(request(directory(1), 0, topic_id("x"))), Errc::unknown_topic_id);
  EXPECT_EQ(assign(request(directory(1), 1)), Errc::unknown_topic_or_partition);
  EXPECT_EQ(assign(request(directory(1), 0)), Errc::not_leader_or_follower);
  auto stale = request(directory(1));
  stale.broker_epoch = 100;
  EXPECT_EQ(assign(stale), Errc::stale_broker_epoch);
  set_feature("metadata.version", 16);
  EXPECT_EQ(assign(request(directory(1))), Errc::unsupported_version);
}

}  // namespace
}  // namespace leat::metadata
