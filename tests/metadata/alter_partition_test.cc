#include "metadata/alter_partition.h"

#include "cluster_fixture.h"

namespace leat::metadata {
namespace {

using protocol::AlterPartitionRequest;

/// Partition 0 of "t": replicas 1 2 3, in sync 1 2, led by 1 at leader epoch 5, partition epoch 8.
class AlterPartitionTest : public ClusterTest {
 protected:
  AlterPartitionTest() { put_topic("t", {led()}); }
  static PartitionImage led() {
    PartitionImage partition = replicas({1, 2, 3});
    partition.isr = {1, 2};
    partition.leader_epoch = 5;
    partition.partition_epoch = 8;
    return partition;
  }
  static AlterPartitionRequest::PartitionData asked(Nodes isr) {
    AlterPartitionRequest::PartitionData asked;
    asked.leader_epoch = 5;
    asked.partition_epoch = 8;
    for (NodeId id : isr) asked.new_isr_with_epochs.push_back({id, 100 + id});
    asked.new_isr = std::move(isr);
    return asked;
  }
  static AlterPartitionRequest request(std::vector<AlterPartitionRequest::PartitionData> partitions, NodeId sender = 1) {
    AlterPartitionRequest request;
    request.broker_id = sender;
    request.broker_epoch = 100 + sender;
    request.topics.push_back({topic_id("t"), std::move(partitions)});
    return request;
  }
  std::vector<protocol::AlterPartitionResponse::PartitionData> alter(const AlterPartitionRequest& request,
                                                                     std::int16_t version = 3) {
    const auto decision = decide_alter_partition(image(), request, version, {});
    EXPECT_TRUE(decision) << decision.error().to_string();
    return carry_out(*decision).topics.at(0).partitions;
  }
  Errc refused(AlterPartitionRequest::PartitionData asked, NodeId sender = 1, std::int16_t version = 3) {
    const std::string before = shown("t");
    const auto code = static_cast<Errc>(alter(request({std::move(asked)}, sender), version).at(0).error_code);
    EXPECT_EQ(shown("t"), before);
    return code;
  }
};

TEST_F(AlterPartitionTest, TheProposedIsrIsStoredAndTold) {
  const auto answer = alter(request({asked({1, 2, 3})})).at(0);
  EXPECT_EQ(shown("t"), "leader 1 epochs 5.9 of [1 2 3] isr [1 2 3]");
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_EQ(answer.leader_id, 1);
  EXPECT_EQ(answer.leader_epoch, 5);
  EXPECT_EQ(answer.partition_epoch, 9);
  EXPECT_EQ(answer.isr, (Nodes{1, 2, 3}));
}

TEST_F(AlterPartitionTest, TheSameIsrIsNoChange) {
  const auto answer = alter(request({asked({1, 2})})).at(0);
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_EQ(answer.partition_epoch, 8);
  EXPECT_EQ(shown("t"), "leader 1 epochs 5.8 of [1 2 3] isr [1 2]");
}

TEST_F(AlterPartitionTest, VersionTwoNamesMembersWithoutEpochs) {
  auto partition = asked({1, 2, 3});
  partition.new_isr_with_epochs.clear();
  EXPECT_EQ(alter(request({partition}), 2).at(0).error_code, 0);
  EXPECT_EQ(partition.new_isr.size(), this->partition("t").isr.size());
}

TEST_F(AlterPartitionTest, EachErrorComesBeforeTheNextOne) {
  put_fenced(3);
  auto bad = asked({2, 9, 9});  // no replica, twice, without the sender
  bad.leader_epoch = 4;
  bad.partition_epoch = 9;
  EXPECT_EQ(refused(bad, 2), Errc::not_controller) << "a later partition epoch";
  bad.leader_epoch = 6;
  bad.partition_epoch = 7;
  EXPECT_EQ(refused(bad, 2), Errc::not_controller) << "a later leader epoch";
  bad.leader_epoch = 4;
  EXPECT_EQ(refused(bad, 2), Errc::fenced_leader_epoch);
  bad.leader_epoch = 5;
  EXPECT_EQ(refused(bad, 2), Errc::invalid_request) << "not the leader";
  EXPECT_EQ(refused(bad), Errc::invalid_update_version);
  bad.partition_epoch = 8;
  EXPECT_EQ(refused(bad), Errc::invalid_request);
  EXPECT_EQ(refused(asked({1, 4})), Errc::invalid_request) << "no replica";
  EXPECT_EQ(refused(asked({1, 2, 2})), Errc::invalid_request) << "twice";
  EXPECT_EQ(refused(asked({2})), Errc::invalid_request) << "without the leader";
  EXPECT_EQ(refused(asked({})), Errc::invalid_request) << "nobody";
  auto recovers = asked({1});
  recovers.leader_recovery_state = recovering;
  EXPECT_EQ(refused(recovers), Errc::invalid_request) << "it has recovered";
  recovers.leader_recovery_state = 2;
  EXPECT_EQ(refused(recovers), Errc::invalid_request) << "no such state";
}

TEST_F(AlterPartitionTest, WhoIsNotAliveAsNamedMayNotEnter) {
  auto older = asked({1, 2, 3});
  older.new_isr_with_epochs[2].broker_epoch = 99;
  EXPECT_EQ(refused(older), Errc::ineligible_replica) << "another epoch";
  older.new_isr_with_epochs[2].broker_epoch = -1;
  EXPECT_EQ(alter(request({older})).at(0).error_code, 0) << "any epoch";
  auto again = asked({1, 2, 3});
  again.partition_epoch = 9;
  put_fenced(3);
  EXPECT_EQ(refused(again), Errc::ineligible_replica) << "fenced";
  put_shutting_down(3);
  EXPECT_EQ(refused(again), Errc::ineligible_replica) << "shutting down";
  EXPECT_EQ(refused(again, 1, 2), Errc::ineligible_replica) << "without epochs too";
}

TEST_F(AlterPartitionTest, ARecoveringLeaderIsAloneUntilItHasRecovered) {
  PartitionImage partition = led();
  partition.isr = {1};
  partition.leader_recovery_state = recovering;
  put_topic("u", {partition});
  AlterPartitionRequest request = this->request({asked({1, 2})});
  request.topics[0].topic_id = topic_id("u");
  request.topics[0].partitions[0].leader_recovery_state = recovering;
  EXPECT_EQ(alter(request).at(0).error_code, static_cast<std::int16_t>(Errc::invalid_request));
  request.topics[0].partitions[0].leader_recovery_state = recovered;
  EXPECT_EQ(alter(request).at(0).error_code, 0);
  EXPECT_EQ(shown("u"), "leader 1 epochs 5.9 of [1 2 3] isr [1 2]");
}

TEST_F(AlterPartitionTest, UnknownTopicsAndPartitionsAreToldApart) {
  auto request = this->request({asked({1})});
  request.topics[0].partitions[0].partition_index = 7;
  EXPECT_EQ(alter(request).at(0).error_code, 3);
  request.topics[0].topic_id = topic_id("x");
  EXPECT_EQ(alter(request).at(0).error_code, 100);
}

TEST_F(AlterPartitionTest, AnotherBrokerEpochIsStaleForTheWholeRequest) {
  auto request = this->request({asked({1, 2, 3})});
  request.broker_epoch = 100;
  EXPECT_EQ(decide_alter_partition(image(), request, 3, {}).error().code, Errc::stale_broker_epoch);
}

TEST_F(AlterPartitionTest, APartitionAskedTwiceIsAlteredOnce) {
  const auto answers = alter(request({asked({1}), asked({1, 2, 3})}));
  EXPECT_EQ(answers.at(0).error_code, 0);
  EXPECT_EQ(answers.at(1).error_code, static_cast<std::int16_t>(Errc::invalid_update_version));
  EXPECT_EQ(partition("t").isr, Nodes{1});
}

TEST_F(AlterPartitionTest, TheEndOfAMoveMayEndTheSendersLeadership) {
  PartitionImage moving = led();
  moving.replicas = {2, 3, 1};
  moving.directories = {directory(2), directory(3), directory(1)};
  moving.adding_replicas = {3};
  moving.removing_replicas = {1};
  put_topic("u", {moving});
  AlterPartitionRequest request = this->request({asked({1, 2, 3})});
  request.topics[0].topic_id = topic_id("u");
  EXPECT_EQ(alter(request).at(0).error_code, static_cast<std::int16_t>(Errc::new_leader_elected));
  EXPECT_EQ(shown("u"), "leader 2 epochs 6.9 of [2 3] isr [2 3]");
}

}  // namespace
}  // namespace leat::metadata
