#include <gmock/gmock.h>

#include "base/errors.h"
#include "controller_fixture.h"
#include "metadata/features.h"

/// One controller, and brokers that ask it over the wire.
namespace leat::metadata {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

class ControllerOfSeveral : public ControllerTest {
 protected:
  ControllerOfSeveral() { open(); }

  std::int64_t register_broker(NodeId id, Uuid incarnation, std::int64_t previous_epoch = -1) {
    protocol::BrokerRegistrationRequest request;
    request.broker_id = id;
    request.cluster_id = options().cluster_id;
    request.incarnation_id = incarnation;
    request.listeners.push_back({"PLAINTEXT", "other", static_cast<std::uint16_t>(9092 + id), 0});
    for (const auto& [name, range] : declared_features()) request.features.push_back({name, range.first, range.second});
    request.log_dirs = {uuid(static_cast<std::uint8_t>(id))};
    request.previous_broker_epoch = previous_epoch;
    controller->register_broker(std::move(request), [&](auto response) { registered = response; });
    scheduler.run_for(milliseconds(10));
    return registered.broker_epoch;
  }
  protocol::BrokerHeartbeatResponse heartbeat(NodeId id, bool want_shut_down = false) {
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = id;
    request.broker_epoch = images.current()->brokers.at(id).epoch;
    request.current_metadata_offset = images.current()->offset;
    request.want_shut_down = want_shut_down;
    protocol::BrokerHeartbeatResponse got;
    controller->broker_heartbeat(std::move(request), [&](auto response) { got = response; });
    scheduler.run_for(milliseconds(10));
    return got;
  }
  void start(NodeId id) {
    register_broker(id, uuid(static_cast<std::uint8_t>(100 + id)));
    heartbeat(id);
  }
  const BrokerImage& broker(NodeId id) {
    image = images.current();
    return image->brokers.at(id);
  }
  const PartitionImage& partition() {
    image = images.current();
    return image->topic("t")->partitions.at(0);
  }
  void create_on_1_and_2() {
    auto wanted = topic("t");
    wanted.replication_factor = 2;
    const auto response = create_for(std::move(wanted));
    ASSERT_EQ(response.topics.at(0).error_code, 0);
  }
  protocol::CreateTopicsResponse create_for(protocol::CreateTopicsRequest::CreatableTopic wanted) {
    protocol::CreateTopicsRequest request;
    request.topics.push_back(std::move(wanted));
    protocol::CreateTopicsResponse response;
    controller->create_topics(std::move(request), 7, [&](auto got) { response = std::move(got); });
    scheduler.run_for(milliseconds(10));
    return response;
  }

  protocol::BrokerRegistrationResponse registered;
  std::shared_ptr<const Image> image;
};

TEST_F(ControllerOfSeveral, ABrokerIsRegisteredFencedAndUnfencedOnceItHasItsOwnRegistration) {  // F2, F6
  const Offset before = images.current()->offset;
  EXPECT_GT(register_broker(2, uuid(102)), before);
  EXPECT_TRUE(broker(2).fenced);
  const auto answer = heartbeat(2);
  EXPECT_TRUE(answer.is_caught_up);
  EXPECT_FALSE(answer.is_fenced);
  EXPECT_FALSE(broker(2).fenced);
}

TEST_F(ControllerOfSeveral, ASilentBrokerIsFencedAndOneThatIsHeardOfIsNot) {  // F5
  start(2);
  start(3);
  for (int i = 0; i < 6; ++i) {
    scheduler.run_for(seconds(2));
    heartbeat(3);
  }
  EXPECT_TRUE(broker(2).fenced);
  EXPECT_FALSE(broker(3).fenced);
  EXPECT_FALSE(broker(1).fenced) << "the controller's own needs no session";
}

TEST_F(ControllerOfSeveral, ABrokerThatIsFencedForSilenceComesBackWithAHeartbeat) {  // F8
  start(2);
  scheduler.run_for(seconds(12));
  ASSERT_TRUE(broker(2).fenced);
  heartbeat(2);
  EXPECT_FALSE(broker(2).fenced);
  scheduler.run_for(seconds(12));
  EXPECT_TRUE(broker(2).fenced) << "and is watched again";
}

TEST_F(ControllerOfSeveral, ASecondBrokerOfAnIdIsRefusedWhileTheFirstIsAlive) {  // F1
  start(2);
  EXPECT_EQ(register_broker(2, uuid(200)), -1);
  EXPECT_EQ(registered.error_code, wire_code(Errc::duplicate_broker_registration));
}

TEST_F(ControllerOfSeveral, AHeartbeatOfAnotherEpochIsStale) {  // F4
  start(2);
  protocol::BrokerHeartbeatResponse got;
  controller->broker_heartbeat({.broker_id = 2, .broker_epoch = 1}, [&](auto response) { got = response; });
  scheduler.run_for(milliseconds(10));
  EXPECT_EQ(got.error_code, wire_code(Errc::stale_broker_epoch));
}

TEST_F(ControllerOfSeveral, LeadershipLeavesABrokerThatIsFencedAndAnIsrIsTakenFromItsLeader) {  // G4, G9
  start(2);
  create_on_1_and_2();
  ASSERT_THAT(partition().isr, testing::UnorderedElementsAre(1, 2));
  scheduler.run_for(seconds(12));
  EXPECT_EQ(partition().leader, 1);
  EXPECT_THAT(partition().isr, ElementsAre(1));

  heartbeat(2);
  protocol::AlterPartitionRequest request;
  request.broker_id = 1;
  request.broker_epoch = controller->broker_epoch();
  protocol::AlterPartitionRequest::PartitionData wanted;
  wanted.leader_epoch = partition().leader_epoch;
  wanted.partition_epoch = partition().partition_epoch;
  wanted.new_isr_with_epochs = {{1, -1}, {2, broker(2).epoch}};
  request.topics.push_back({image->topic("t")->id, {wanted}});
  protocol::AlterPartitionResponse got;
  controller->alter_partition(std::move(request), 3, [&](auto response) { got = std::move(response); });
  scheduler.run_for(milliseconds(10));
  EXPECT_EQ(got.error_code, 0);
  EXPECT_THAT(partition().isr, ElementsAre(1, 2));
}

TEST_F(ControllerOfSeveral, AStopIsGrantedOnceTheBrokerLeadsNothing) {  // F7
  start(2);
  start(3);
  create_on_1_and_2();
  bool granted = false;
  for (int i = 0; i < 3 && !granted; ++i) {
    granted = heartbeat(2, true).should_shut_down;
    heartbeat(3);
  }
  EXPECT_TRUE(granted);
  EXPECT_TRUE(broker(2).fenced);
}

TEST_F(ControllerOfSeveral, AControllerThatStartsAgainGivesUnfencedBrokersAFreshSession) {  // F5
  start(2);
  crash();
  open();
  EXPECT_FALSE(broker(2).fenced);
  scheduler.run_for(seconds(12));
  EXPECT_TRUE(broker(2).fenced);
}

}  // namespace
}  // namespace leat::metadata
