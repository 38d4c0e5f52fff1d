#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/batch_outcome.h"
#include "fake_cluster.h"

namespace leat::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class ProducerRules : public testing::TestWithParam<bool> {
 protected:
  Producer make(ProducerOptions options = {}) {
    cluster->has_producer_ids = GetParam();
    return remote.producer(std::move(options));
  }
  static std::vector<std::string> numbers(int count) {
    std::vector<std::string> values;
    for (int i = 0; i < count; ++i) values.push_back(std::to_string(i));
    return values;
  }
  /// `count` records of a batch each.
  std::vector<Receipt> send_singly(Producer& producer, int count) {
    std::vector<Receipt> receipts;
    for (const std::string& value : numbers(count)) receipts.push_back(producer.send({.topic = "t", .value = value}));
    return receipts;
  }
  const std::vector<std::string>& stored() { return cluster->partitions[0].values; }
  auto& fates() { return cluster->partitions[0].fates; }

  sim::Scheduler scheduler{7};
  sim::SeededEntropy entropy{7};
  std::shared_ptr<FakeCluster> cluster = std::make_shared<FakeCluster>(scheduler);
  Remote remote = Remote::over(cluster, scheduler, scheduler, entropy);
  /// A record each.
  const ProducerOptions single{.linger = 0s, .batch_bytes = 1};
};

INSTANTIATE_TEST_SUITE_P(Idempotence, ProducerRules, testing::Bool(),
                         [](const auto& info) { return info.param ? "On" : "NotOffered"; });

TEST_P(ProducerRules, ABatchLingersForCompany) {
  auto producer = make({.linger = 5ms});
  producer.send({.topic = "t", .value = "first"}).get().value();
  const int before = cluster->produces;
  const auto receipts = send_singly(producer, 10);
  scheduler.run_for(4ms);
  EXPECT_EQ(cluster->produces, before);
  scheduler.run_for(3ms);
  EXPECT_EQ(cluster->produces, before + 1);
  EXPECT_TRUE(receipts.back().is_ready());
  EXPECT_EQ(receipts.back().get().value().offset, 10);
}

TEST_P(ProducerRules, WaitingForAReceiptEndsTheLinger) {
  auto producer = make({.linger = 1h});
  const auto begin = scheduler.now();
  producer.send({.topic = "t", .value = "x"}).get().value();
  EXPECT_LT(scheduler.now() - begin, 1s);
}

TEST_P(ProducerRules, KeepsTheOrderWhenABatchIsRefused) {
  auto producer = make(single);
  producer.send({.topic = "t", .value = "0"}).get().value();
  fates().push_back({Fate::refuse, Errc::not_enough_replicas});
  fates().push_back({Fate::refuse, Errc::request_timed_out});
  for (int i = 1; i < 20; ++i) producer.send({.topic = "t", .value = std::to_string(i)});
  producer.flush().value();
  EXPECT_EQ(stored(), numbers(20));
}

TEST_P(ProducerRules, HasBatchesInFlightAsItsIdentityAllows) {
  auto producer = make(single);
  producer.send({.topic = "t", .value = "0"}).get().value();
  for (int i = 1; i < 30; ++i) producer.send({.topic = "t", .value = std::to_string(i)});
  producer.flush().value();
  EXPECT_EQ(cluster->batches_in_flight_max, GetParam() ? 5u : 1u);
  EXPECT_EQ(stored(), numbers(30));
}

TEST_P(ProducerRules, ALostAnswerIsRetriedAndWritesTwiceOnlyWithoutAnIdentity) {
  auto producer = make(single);
  producer.send({.topic = "t", .value = "0"}).get().value();
  fates().push_back({Fate::lose_answer, {}});
  EXPECT_TRUE(producer.send({.topic = "t", .value = "1"}).get());
  if (GetParam())
    EXPECT_THAT(stored(), ElementsAre("0", "1"));
  else
    EXPECT_THAT(stored(), ElementsAre("0", "1", "1"));
}

class IdempotentProducer : public ProducerRules {};
INSTANTIATE_TEST_SUITE_P(Idempotence, IdempotentProducer, testing::Values(true));

TEST_P(IdempotentProducer, WhatMayHaveBeenWrittenIsNotWrittenAgainUnderAnotherIdentity) {
  auto producer = make({.linger = 0s, .batch_bytes = 1, .request_timeout = 2s, .delivery_timeout = 3s});
  producer.send({.topic = "t", .value = "0"}).get().value();
  for (int i = 0; i < 2; ++i) fates().push_back({Fate::stay_silent, {}});  // both are written
  const auto given_up = producer.send({.topic = "t", .value = "1"});
  scheduler.run_for(1s);
  const auto behind_it = producer.send({.topic = "t", .value = "2"});
  scheduler.run_for(500ms);
  for (int i = 0; i < 100; ++i) fates().push_back({Fate::refuse, Errc::not_enough_replicas});
  scheduler.run_for(1550ms);
  fates().clear();
  EXPECT_EQ(given_up.get().error().code, Errc::timed_out);
  EXPECT_TRUE(behind_it.get());
  producer.send({.topic = "t", .value = "3"}).get().value();
  EXPECT_THAT(stored(), ElementsAre("0", "1", "2", "3"));
}

TEST_P(IdempotentProducer, NothingFollowsTheFirstBatchBeforeItIsAcknowledged) {
  auto producer = make(single);
  fates().push_back({Fate::refuse, Errc::not_enough_replicas});
  send_singly(producer, 10);
  producer.flush().value();
  EXPECT_EQ(stored(), numbers(10));
}

TEST_P(IdempotentProducer, NoMoreThanFourFollowOneOfWhichNothingIsKnown) {
  auto producer = make(single);
  producer.send({.topic = "t", .value = "0"}).get().value();
  fates().push_back({Fate::stay_silent, {}});
  producer.send({.topic = "t", .value = "1"});
  scheduler.run_for(10ms);
  cluster->partitions[0].leader = 2;
  for (int i = 2; i < 20; ++i) producer.send({.topic = "t", .value = std::to_string(i)});
  scheduler.run_for(10s);
  EXPECT_EQ(stored(), numbers(6)) << "a broker remembers five";
  producer.flush().value();
  EXPECT_EQ(stored(), numbers(20));
}

TEST_P(ProducerRules, ABrokerThatStaysSilentIsAskedAgain) {
  auto producer = make({.linger = 0s, .request_timeout = 2s});
  producer.send({.topic = "t", .value = "0"}).get().value();
  fates().push_back({Fate::stay_silent, {}});
  const auto begin = scheduler.now();
  EXPECT_TRUE(producer.send({.topic = "t", .value = "1"}).get());
  EXPECT_GE(scheduler.now() - begin, 2s);
}

TEST_P(ProducerRules, FollowsTheLeader) {
  auto producer = make(single);
  producer.send({.topic = "t", .value = "0"}).get().value();
  cluster->partitions[0].leader = 2;
  for (int i = 1; i < 10; ++i) producer.send({.topic = "t", .value = std::to_string(i)});
  producer.flush().value();
  EXPECT_EQ(stored(), numbers(10));
}

TEST_P(ProducerRules, ARefusalForGoodDoesNotHoldUpTheRest) {
  auto producer = make(single);
  producer.send({.topic = "t", .value = "0"}).get().value();
  fates().push_back({Fate::refuse, Errc::invalid_record});
  std::vector<Receipt> receipts;
  for (int i = 1; i < 10; ++i) receipts.push_back(producer.send({.topic = "t", .value = std::to_string(i)}));
  producer.flush().value();
  EXPECT_EQ(receipts[0].get().error().code, Errc::invalid_record);
  for (std::size_t i = 1; i < receipts.size(); ++i) EXPECT_TRUE(receipts[i].get()) << i;
  auto expected = numbers(10);
  expected.erase(expected.begin() + 1);
  EXPECT_EQ(stored(), expected);
}

TEST_P(ProducerRules, GivesUpAfterTheDeliveryTimeout) {
  auto producer = make({.linger = 0s, .delivery_timeout = 3s});
  producer.send({.topic = "t", .value = "0"}).get().value();
  for (int i = 0; i < 1000; ++i) fates().push_back({Fate::refuse, Errc::not_enough_replicas});
  const auto begin = scheduler.now();
  const auto outcome = producer.send({.topic = "t", .value = "1"}).get();
  EXPECT_FALSE(outcome);
  EXPECT_GE(scheduler.now() - begin, 2s);
  EXPECT_LE(scheduler.now() - begin, 5s);
}

TEST_P(ProducerRules, AFullBufferBlocksThenFails) {
  auto producer = make({.linger = 0s, .buffer_bytes = 1000, .max_block = 2s, .delivery_timeout = 60s});
  producer.send({.topic = "t", .value = "0"}).get().value();
  for (int i = 0; i < 1000; ++i) fates().push_back({Fate::refuse, Errc::not_enough_replicas});
  const std::string big(900, 'x');
  producer.send({.topic = "t", .value = big});
  const auto begin = scheduler.now();
  EXPECT_EQ(producer.send({.topic = "t", .value = big}).get().error().code, Errc::buffer_full);
  EXPECT_EQ(scheduler.now() - begin, 2s);
  fates().clear();
  EXPECT_TRUE(producer.send({.topic = "t", .value = big}).get());
}

TEST_P(ProducerRules, CloseTellsEveryRecord) {
  auto producer = make({.linger = 0s});
  producer.send({.topic = "t", .value = "0"}).get().value();
  for (int i = 0; i < 1000; ++i) fates().push_back({Fate::refuse, Errc::not_enough_replicas});
  const auto receipt = producer.send({.topic = "t", .value = "1"});
  EXPECT_EQ(producer.close(1s).error().code, Errc::timed_out);
  EXPECT_EQ(receipt.get().error().code, Errc::closed);
  EXPECT_EQ(producer.send({.topic = "t", .value = "2"}).get().error().code, Errc::closed);
}

TEST_P(ProducerRules, EqualKeysShareAPartition) {
  cluster->partitions[1];
  cluster->partitions[2];
  auto producer = make();
  const auto first = producer.send({.topic = "t", .key = "abc", .value = "1"}).get().value();
  const auto second = producer.send({.topic = "t", .key = "abc", .value = "2"}).get().value();
  EXPECT_EQ(first.partition, 479470107 % 3);
  EXPECT_EQ(second.partition, first.partition);
}

}  // namespace
}  // namespace leat::client
