#include "controller_fixture.h"

#include <gmock/gmock.h>

#include <regex>
#include <set>

namespace leat::metadata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Cuts a line to its record and the fields that a trace is about: ids and feature lists go.
std::vector<std::string> brief(std::vector<std::string> lines) {
  for (std::string& line : lines) {
    for (const char* noise : {R"rx(,?"(incarnationId|topicId|logDirs|directories|features|endPoints)":("[^"]*"|\[[^\]]*\]))rx",
                              R"rx(,?"(isMigratingZkBroker|zkMigrationReady)":false)rx"})
      line = std::regex_replace(line, std::regex(noise), "");
    line = std::regex_replace(line, std::regex("\"|Record"), "");
  }
  return lines;
}

TEST_F(ControllerTest, FirstStartWritesWhatKafkaWrites) {
  open();
  EXPECT_EQ(controller->broker_epoch(), 9);
  EXPECT_EQ(controller->quorum_epoch(), 1);
  controller.reset();
  EXPECT_THAT(brief(records()),
              ElementsAre("2 control",  //
                          "3 BeginTransaction v0 {name:Bootstrap records}",
                          "4 FeatureLevel v0 {name:metadata.version,featureLevel:30}",
                          "5 FeatureLevel v0 {name:eligible.leader.replicas.version,featureLevel:1}",
                          "6 Config v0 {resourceType:4,resourceName:,name:min.insync.replicas,value:1}",
                          "7 EndTransaction v0 {}",  //
                          "8 RegisterController v0 {controllerId:1}",
                          "9 RegisterBroker v4 {brokerId:1,brokerEpoch:9,rack:null,fenced:true,inControlledShutdown:false}",
                          "10 BrokerRegistrationChange v0 {brokerId:1,brokerEpoch:9,fenced:-1}",
                          "11 BrokerRegistrationChange v3 {brokerId:1,brokerEpoch:9,cordonedLogDirs:[]}"));
}

TEST_F(ControllerTest, CreatingATopicWritesTopicConfigsAndPartitions) {
  open();
  const Offset before = images.current()->offset;
  auto orders = topic("orders", 2);
  orders.configs.push_back({"retention.ms", "1000"});
  const auto created = create({orders});
  EXPECT_EQ(created.topics.at(0).error_code, 0);
  EXPECT_EQ(created.topics.at(0).num_partitions, 2);
  controller.reset();
  EXPECT_THAT(
      brief(records(before + 1)),
      ElementsAre("12 Topic v0 {name:orders}",  //
                  "13 Config v0 {resourceType:2,resourceName:orders,name:retention.ms,value:1000}",
                  "14 Partition v2 {partitionId:0,replicas:[1],isr:[1],removingReplicas:[],addingReplicas:[],leader:1,leaderEpoch:0,partitionEpoch:0}",
                  "15 Partition v2 {partitionId:1,replicas:[1],isr:[1],removingReplicas:[],addingReplicas:[],leader:1,leaderEpoch:0,partitionEpoch:0}"));
}

TEST_F(ControllerTest, ACleanStopGivesUpLeadershipAndTheNextStartElectsFromTheElr) {
  open();
  create({topic("t")});
  const Offset before = images.current()->offset;
  stop_cleanly();
  open();
  controller.reset();
  EXPECT_THAT(
      brief(records(before + 1)),
      ElementsAre("14 BrokerRegistrationChange v1 {brokerId:1,brokerEpoch:9,inControlledShutdown:1}",
                  "15 PartitionChange v2 {partitionId:0,isr:[],leader:-1,eligibleLeaderReplicas:[1],lastKnownElr:[1]}",
                  "16 BrokerRegistrationChange v0 {brokerId:1,brokerEpoch:9,fenced:1}",  //
                  "17 control",                                                          //
                  "18 RegisterController v0 {controllerId:1}",
                  "19 RegisterBroker v4 {brokerId:1,brokerEpoch:19,rack:null,fenced:true,inControlledShutdown:false}",
                  "20 BrokerRegistrationChange v0 {brokerId:1,brokerEpoch:19,fenced:-1}",
                  "21 PartitionChange v2 {partitionId:0,isr:[1],leader:1,eligibleLeaderReplicas:[],lastKnownElr:[]}",
                  "22 BrokerRegistrationChange v3 {brokerId:1,brokerEpoch:19,cordonedLogDirs:[]}"));
}

TEST_F(ControllerTest, ACrashIsFencedAtOnceAndItsElectionIsUnclean) {
  open();
  create({topic("t")});
  const Offset before = images.current()->offset;
  crash();
  open();
  EXPECT_EQ(controller->broker_epoch(), 18);
  const auto& partition = images.current()->topic("t")->partitions.at(0);
  EXPECT_EQ(partition.leader, 1);
  EXPECT_EQ(partition.leader_epoch, 2);
  EXPECT_EQ(partition.partition_epoch, 3);
  controller.reset();
  EXPECT_THAT(
      brief(records(before + 1)),
      ElementsAre("14 control",  //
                  "15 RegisterController v0 {controllerId:1}",
                  "16 PartitionChange v2 {partitionId:0,isr:[],leader:-1,eligibleLeaderReplicas:[1],lastKnownElr:[1]}",
                  "17 BrokerRegistrationChange v0 {brokerId:1,brokerEpoch:9,fenced:1}",
                  "18 PartitionChange v2 {partitionId:0,eligibleLeaderReplicas:[]}",
                  "19 RegisterBroker v4 {brokerId:1,brokerEpoch:18,rack:null,fenced:true,inControlledShutdown:false}",
                  "20 BrokerRegistrationChange v0 {brokerId:1,brokerEpoch:18,fenced:-1}",
                  "21 PartitionChange v2 {partitionId:0,isr:[1],leader:1,leaderRecoveryState:1,lastKnownElr:[]}",
                  "22 BrokerRegistrationChange v3 {brokerId:1,brokerEpoch:18,cordonedLogDirs:[]}"));
}

TEST_F(ControllerTest, WithoutElrTheLastInSyncReplicaStays) {
  ASSERT_TRUE(Controller::format(disk, scheduler, options()));
  ASSERT_TRUE(disk.remove("data/bootstrap.checkpoint"));
  ASSERT_TRUE(io::replace_text(disk, "data/__cluster_metadata-0/quorum-state",
                               R"({"leaderId":-1,"leaderEpoch":0,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})"));
  open();
  create({topic("t")});
  const Offset before = images.current()->offset;
  stop_cleanly();
  EXPECT_THAT(brief(records(before + 1)),
              testing::Contains(testing::EndsWith("PartitionChange v2 {partitionId:0,leader:-1}")));
  open();
  EXPECT_EQ(images.current()->topic("t")->partitions.at(0).leader, 1);
  EXPECT_THAT(images.current()->topic("t")->partitions.at(0).isr, ElementsAre(1));
}

TEST_F(ControllerTest, TheImageIsTheSameFromTheLogAlone) {
  open();
  create({topic("a", 3), topic("b")});
  stop_cleanly();
  open();
  controller.reset();
  const auto before = records();
  for (const char* name : {"quorum-state", "leader-epoch-checkpoint", "partition.metadata", "00000000000000000000.index",
                           "00000000000000000000.timeindex", "00000000000000000000-0000000000.checkpoint"})
    (void)disk.remove(std::string("data/__cluster_metadata-0/") + name);
  ASSERT_TRUE(disk.remove("data/bootstrap.checkpoint"));
  EXPECT_EQ(records(), before);
  open();
  EXPECT_EQ(controller->quorum_epoch(), 3);
  EXPECT_EQ(images.current()->topics.size(), 2u);
  EXPECT_EQ(images.current()->topic("a")->partitions.at(2).leader, 1);
}

TEST_F(ControllerTest, ListenersSeeEachChangeBeforeItIsAnswered) {
  open();
  std::vector<std::string> order;
  images.on_change([&](const Image& before, const std::shared_ptr<const Image>& after) {
    order.push_back("change " + std::to_string(before.topics.size()) + " to " + std::to_string(after->topics.size()));
    EXPECT_EQ(after, images.current());
  });
  protocol::CreateTopicsRequest request;
  request.topics = {topic("t")};
  controller->create_topics(request, 7, [&](const auto&) { order.push_back("answer"); });
  EXPECT_THAT(order, IsEmpty());
  scheduler.run_until_idle();
  EXPECT_THAT(order, ElementsAre("change 0 to 1", "answer"));
}

TEST_F(ControllerTest, NothingIsVisibleOrAnsweredBeforeItIsDurable) {
  open();
  disk.hold_syncs();
  bool answered = false;
  protocol::CreateTopicsRequest request;
  request.topics = {topic("t")};
  controller->create_topics(request, 7, [&](const auto&) { answered = true; });
  scheduler.run_until_idle();
  EXPECT_FALSE(answered);
  EXPECT_EQ(images.current()->topic("t"), nullptr);
  disk.release_syncs();
  scheduler.run_until_idle();
  EXPECT_TRUE(answered);
  EXPECT_NE(images.current()->topic("t"), nullptr);
}

TEST_F(ControllerTest, QueuedOperationsShareOneSync) {
  open();
  const auto before = disk.counters().sync_calls;
  int answered = 0;
  for (int i = 0; i < 20; ++i) {
    protocol::CreateTopicsRequest request;
    request.topics = {topic("t" + std::to_string(i))};
    controller->create_topics(request, 7, [&](const auto& response) { answered += response.topics[0].error_code == 0; });
  }
  scheduler.run_until_idle();
  EXPECT_EQ(answered, 20);
  EXPECT_EQ(disk.counters().sync_calls - before, 1u);
}

TEST_F(ControllerTest, OfTwoCreationsInOneRoundTheSecondSeesTheFirst) {
  open();
  std::vector<std::int16_t> codes;
  for (int i = 0; i < 2; ++i) {
    protocol::CreateTopicsRequest request;
    request.topics = {topic("same")};
    controller->create_topics(request, 7, [&](const auto& response) { codes.push_back(response.topics[0].error_code); });
  }
  scheduler.run_until_idle();
  EXPECT_THAT(codes, ElementsAre(0, 36));
}

TEST_F(ControllerTest, ValidateOnlyCreatesNothing) {
  open();
  const Offset end = images.current()->offset;
  const auto response = create({topic("t")}, true);
  EXPECT_EQ(response.topics.at(0).error_code, 0);
  EXPECT_FALSE(response.topics.at(0).topic_id.is_zero());
  EXPECT_EQ(images.current()->offset, end);
}

TEST_F(ControllerTest, ProducerIdsAreNeverHandedOutTwice) {
  open();
  std::vector<std::int64_t> firsts;
  const auto take = [&] {
    controller->allocate_producer_ids({.broker_id = 1, .broker_epoch = controller->broker_epoch()},
                                      [&](const auto& block) { firsts.push_back(block.producer_id_start); });
    scheduler.run_until_idle();
  };
  take();
  take();
  crash();
  open();
  take();
  EXPECT_THAT(firsts, ElementsAre(0, 1000, 2000));
}

TEST_F(ControllerTest, NewEndpointsKeepTheBrokerEpochAndFencing) {
  open();
  bool done = false;
  controller->set_endpoints({{"PLAINTEXT", "example.org", 65535, 0}}, [&](Result<void> result) { done = result.has_value(); });
  scheduler.run_until_idle();
  EXPECT_TRUE(done);
  const auto broker = images.current()->brokers.at(1);
  EXPECT_EQ(broker.epoch, controller->broker_epoch());
  EXPECT_FALSE(broker.fenced);
  EXPECT_EQ(broker.endpoints.at(0), (Endpoint{"PLAINTEXT", "example.org", 65535, 0}));
}

TEST_F(ControllerTest, AfterCloseOperationsAreRefused) {
  open();
  ASSERT_TRUE(controller->close());
  ASSERT_TRUE(controller->close());
  EXPECT_EQ(create({topic("t")}).topics.at(0).error_code, 41);
}

TEST_F(ControllerTest, CloseWaitsForWhatIsUnderWay) {
  open();
  std::int16_t code = -1;
  protocol::CreateTopicsRequest request;
  request.topics = {topic("t")};
  controller->create_topics(request, 7, [&](const auto& response) { code = response.topics[0].error_code; });
  stop_cleanly();
  EXPECT_EQ(code, 0);
  open();
  EXPECT_NE(images.current()->topic("t"), nullptr);
}

TEST_F(ControllerTest, AFailedSyncIsFinal) {
  open();
  const auto before = images.current();
  disk.fail_nth(1);
  EXPECT_NE(create({topic("lost")}).topics.at(0).error_code, 0);
  EXPECT_EQ(create({topic("later")}).topics.at(0).error_code, 41);
  EXPECT_EQ(images.current(), before);
  EXPECT_FALSE(controller->close());
  controller.reset();
  disk.kill_process();
  open();
  EXPECT_EQ(create({topic("later")}).topics.at(0).error_code, 0);
}

/// Power is lost at the nth call to the disk while two topics are created, for every n.
TEST_F(ControllerTest, ATopicIsWhollyThereOrNotAtAllAfterPowerLossAtAnyStep) {
  for (std::uint64_t nth = 0;; ++nth) {
    sim::Scheduler scheduler(nth);
    sim::SeededEntropy entropy(nth);
    sim::Disk disk(scheduler, {.seed = nth});
    Images images;
    const auto open = [&] { return Controller::open({scheduler, scheduler, entropy, disk, images, {}}, options()); };
    auto controller = open().value();
    std::set<std::string> answered;
    disk.crash_at(nth);
    for (const char* name : {"first", "second"}) {
      protocol::CreateTopicsRequest request;
      request.topics = {topic(name, 5)};
      request.topics[0].configs.push_back({"retention.ms", "1000"});
      controller->create_topics(request, 7, [&, name](const auto& response) {
        if (response.topics[0].error_code == 0) answered.insert(name);
      });
      scheduler.run_until_idle();
    }
    const bool fired = disk.fault_fired();
    controller.reset();
    disk.power_cycle();
    auto reopened = open();
    ASSERT_TRUE(reopened) << "step " << nth << ": " << reopened.error().to_string();
    const auto image = images.current();
    for (const std::string name : {"first", "second"}) {
      const TopicImage* there = image->topic(name);
      EXPECT_TRUE(there || !answered.contains(name)) << name << " was answered; step " << nth;
      if (!there) continue;
      EXPECT_EQ(there->partitions.size(), 5u) << "step " << nth;
      EXPECT_EQ(image->topic_configs(name).size(), 1u) << "step " << nth;
      for (const auto& [index, partition] : there->partitions) EXPECT_EQ(partition.leader, 1);
    }
    if (!fired) break;
  }
}

/// Power is lost at the nth call to the disk during the `start`th start, for every n. What was led before
/// must not be led again, and the next start must succeed.
void cut_start_at_every_step(int start, const Controller::Options& options) {
  for (std::uint64_t nth = 0;; ++nth) {
    sim::Scheduler scheduler(nth);
    sim::SeededEntropy entropy(nth);
    sim::Disk disk(scheduler, {.seed = nth});
    Images images;
    const auto open = [&] { return Controller::open({scheduler, scheduler, entropy, disk, images, {}}, options); };
    LeaderEpoch led = 0;
    for (int before = 1; before < start; ++before) {
      led = open().value()->quorum_epoch();
      disk.power_cycle();
    }
    disk.crash_at(nth);
    if (auto opened = open()) led = (*opened)->quorum_epoch();
    const bool fired = disk.fault_fired();
    disk.power_cycle();
    auto opened = open();
    ASSERT_TRUE(opened) << "step " << nth << ": " << opened.error().to_string();
    EXPECT_GT((*opened)->quorum_epoch(), led) << "step " << nth;
    EXPECT_EQ(images.current()->features.at("metadata.version"), 30) << "step " << nth;
    EXPECT_FALSE(images.current()->brokers.at(1).fenced) << "step " << nth;
    if (!fired) return;
  }
}

TEST_F(ControllerTest, TheFirstStartCanBeCutShortAtAnyStep) { cut_start_at_every_step(1, options()); }
TEST_F(ControllerTest, ALaterStartCanBeCutShortAtAnyStep) { cut_start_at_every_step(3, options()); }

}  // namespace
}  // namespace leat::metadata
