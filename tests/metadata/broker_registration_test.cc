#include "metadata/broker_registration.h"

#include "cluster_fixture.h"
#include "metadata/controller_registration.h"
#include "metadata/features.h"
#include "metadata/producer_ids.h"

namespace leat::metadata {
namespace {

class BrokerRegistrationTest : public ClusterTest {
 protected:
  static Registration registration(NodeId id) {
    return {.id = id,
            .cluster_id = "cluster",
            .incarnation = uuid(0xbb, static_cast<std::uint8_t>(id)),
            .log_directories = {directory(id)},
            .features = declared_features()};
  }
  Result<Decision<std::int64_t>> decide(const Registration& registration, bool has_session = false) {
    return decide_register(image(), registration, next_offset, has_session, rules);
  }
  Errc refused(const Registration& registration, bool has_session = false) {
    const auto decision = decide(registration, has_session);
    return decision ? Errc::none : decision.error().code;
  }
  std::int64_t registered(const Registration& registration) {
    const auto decision = decide(registration);
    EXPECT_TRUE(decision) << decision.error().to_string();
    return decision ? carry_out(*decision) : -1;
  }

  RegistrationRules rules{.cluster_id = "cluster"};
  Offset next_offset = 500;
};

TEST_F(BrokerRegistrationTest, WhatDoesNotFitTheClusterIsRefusedInKafkasOrder) {
  Registration asked = registration(1);
  asked.features.clear();
  asked.log_directories.clear();
  asked.cluster_id = "another";
  EXPECT_EQ(refused(asked, true), Errc::inconsistent_cluster_id);
  asked.cluster_id = "cluster";
  EXPECT_EQ(refused(asked, true), Errc::duplicate_broker_registration);
  EXPECT_EQ(refused(asked), Errc::invalid_registration) << "no directories";
  asked.log_directories = {Uuid{}};
  EXPECT_EQ(refused(asked), Errc::invalid_registration) << "a reserved directory";
  asked.log_directories = {directory(1), directory(1)};
  EXPECT_EQ(refused(asked), Errc::invalid_registration) << "one directory twice";
  asked.log_directories = {directory(2)};
  EXPECT_EQ(refused(asked), Errc::invalid_registration) << "the directory of broker 2";
  asked.log_directories = {directory(1)};
  asked.features = {{"share.version", {1, 1}}};
  EXPECT_EQ(refused(asked), Errc::unsupported_version) << "level 0 is not in the range";
  asked.features = {{"share.version", {0, 1}}};
  EXPECT_EQ(refused(asked), Errc::invalid_registration) << "no metadata.version";
  asked.features = {{"metadata.version", {7, 29}}};
  EXPECT_EQ(refused(asked), Errc::unsupported_version) << "metadata.version is at 30";
  asked.features = {{"metadata.version", {7, 30}}};
  EXPECT_EQ(refused(asked), Errc::unsupported_version) << "the ELR feature is not declared";
  asked.features["eligible.leader.replicas.version"] = {0, 1};
  EXPECT_EQ(refused(asked), Errc::none);
  rules.kraft_version = 1;
  EXPECT_EQ(refused(asked), Errc::unsupported_version) << "kraft.version is not declared";
}

TEST_F(BrokerRegistrationTest, ALiveBrokerMayRegisterItsOwnIncarnationAgain) {
  Registration same = registration(1);
  same.incarnation = image().brokers.at(1).incarnation;
  same.endpoints = {{"PLAINTEXT", "elsewhere", 9099, 0}};
  const auto decision = decide(same, true);
  ASSERT_TRUE(decision);
  EXPECT_EQ(carry_out(*decision), 101);
  EXPECT_FALSE(image().brokers.at(1).fenced);
  EXPECT_EQ(image().brokers.at(1).endpoints, same.endpoints);
}

TEST_F(BrokerRegistrationTest, ANewIncarnationIsFencedAtTheEpochOfTheLogsEnd) {
  EXPECT_EQ(registered(registration(1)), 500);
  EXPECT_EQ(image().brokers.at(1).epoch, 500);
  EXPECT_TRUE(image().brokers.at(1).fenced);
  next_offset = 510;
  EXPECT_EQ(registered(registration(9)), 510);
  EXPECT_TRUE(image().brokers.at(9).fenced);
}

TEST_F(BrokerRegistrationTest, AnUncleanRestartLosesItsPlaceInTheElrAndACleanOneDoesNot) {
  set_config(4, "", "min.insync.replicas", "2");
  const auto restarted = [&](const char* name, std::optional<std::int64_t> previous) {
    put(broker(1));
    PartitionImage eligible = replicas({1, 2});
    eligible.isr = {2};
    eligible.leader = 2;
    eligible.eligible_leader_replicas = {1};
    put_topic(name, {eligible, replicas({1})});
    Registration asked = registration(1);
    asked.previous_broker_epoch = previous;
    registered(asked);
    return shown(name, 0) + "; " + shown(name, 1);
  };
  EXPECT_EQ(restarted("clean", 101), "leader 2 epochs 0.0 of [1 2] isr [2] elr [1]; "
                                     "leader -1 epochs 1.1 of [1] isr [] elr [1] known [1]");
  EXPECT_EQ(restarted("another", 100), "leader 2 epochs 0.1 of [1 2] isr [2]; leader -1 epochs 1.1 of [1] isr [] known [1]");
  EXPECT_EQ(restarted("none", std::nullopt), "leader 2 epochs 0.1 of [1 2] isr [2]; leader -1 epochs 1.1 of [1] isr [] known [1]");
}

TEST_F(BrokerRegistrationTest, TheRequestSaysTheSame) {
  protocol::BrokerRegistrationRequest request;
  request.broker_id = 7;
  request.cluster_id = "cluster";
  request.incarnation_id = uuid(1, 1);
  request.listeners.push_back({"PLAINTEXT", "host", 9092, 0});
  request.features.push_back({"metadata.version", 7, 30});
  request.rack = "r";
  request.log_dirs = {directory(7)};
  const Registration read = Registration::of(request);
  EXPECT_EQ(read.id, 7);
  EXPECT_EQ(read.rack, "r");
  EXPECT_EQ(read.endpoints, (std::vector<Endpoint>{{"PLAINTEXT", "host", 9092, 0}}));
  EXPECT_EQ(read.features.at("metadata.version"), FeatureRange(7, 30));
  EXPECT_EQ(read.previous_broker_epoch, std::nullopt);
  request.previous_broker_epoch = 5;
  EXPECT_EQ(Registration::of(request).previous_broker_epoch, 5);
}

TEST_F(BrokerRegistrationTest, AnUnregisteredBrokerIsForgottenAndLeadsNothing) {
  put_topic("t", {replicas({1, 2})});
  EXPECT_EQ(carry_out(decide_unregister(image(), 1, {})).error_code, 0);
  EXPECT_FALSE(image().brokers.contains(1));
  EXPECT_EQ(shown("t"), "leader 2 epochs 1.1 of [1 2] isr [2]");
  EXPECT_EQ(decide_unregister(image(), 1, {}).response.error_code, 102);
}

TEST_F(BrokerRegistrationTest, OnlyTheRegisteredEpochSpeaksForABroker) {
  EXPECT_TRUE(registered_broker(image(), 1, 101));
  EXPECT_EQ(registered_broker(image(), 1, 100).error().code, Errc::stale_broker_epoch);
  EXPECT_EQ(registered_broker(image(), 9, 101).error().code, Errc::stale_broker_epoch);
}

TEST_F(BrokerRegistrationTest, ProducerIdsComeInBlocksThatNeverMeet) {
  protocol::AllocateProducerIdsRequest request;
  request.broker_id = 1;
  request.broker_epoch = 101;
  for (const std::int64_t start : {0, 1000, 2000}) {
    const auto decision = decide_allocate_producer_ids(image(), request);
    ASSERT_TRUE(decision);
    const auto block = carry_out(*decision);
    EXPECT_EQ(block.producer_id_start, start);
    EXPECT_EQ(block.producer_id_len, 1000);
  }
  request.broker_epoch = 100;
  EXPECT_EQ(decide_allocate_producer_ids(image(), request).error().code, Errc::stale_broker_epoch);
}

TEST_F(BrokerRegistrationTest, TheLastProducerIdIsTheEnd) {
  protocol::ProducerIdsRecord record;
  record.next_producer_id = std::numeric_limits<std::int64_t>::max() - 999;
  apply(make_record(record));
  protocol::AllocateProducerIdsRequest request;
  request.broker_id = 1;
  request.broker_epoch = 101;
  EXPECT_EQ(decide_allocate_producer_ids(image(), request).error().code, Errc::unknown_server_error);
}

TEST_F(BrokerRegistrationTest, AControllerIsKnownByWhatItSaidLast) {
  const auto request = controller_registration(3, uuid(5, 5), {{"CONTROLLER", "host", 9093, 0}});
  EXPECT_EQ(carry_out(decide_controller_registration(image(), request)).error_code, 0);
  const ControllerImage& controller = image().controllers.at(3);
  EXPECT_EQ(controller.incarnation, uuid(5, 5));
  EXPECT_EQ(controller.endpoints, (std::vector<Endpoint>{{"CONTROLLER", "host", 9093, 0}}));
  EXPECT_EQ(controller.features, declared_features());
  set_feature("metadata.version", 14);
  EXPECT_EQ(decide_controller_registration(image(), request).response.error_code, 35);
}

}  // namespace
}  // namespace leat::metadata
