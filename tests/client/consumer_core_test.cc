#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_cluster.h"

namespace leat::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class ConsumerRules : public testing::Test {
 protected:
  void fill(int count) {
    auto producer = remote.producer({.linger = 0s, .batch_bytes = 1});
    for (int i = 0; i < count; ++i) producer.send({.topic = "t", .value = std::to_string(i), .partition = 0});
    producer.flush().value();
  }
  static std::vector<std::string> read(Consumer& consumer, std::size_t count, Duration patience = 5s) {
    std::vector<std::string> values;
    for (int polls = 0; values.size() < count && polls < 1000; ++polls) {
      const auto records = consumer.poll(patience).value();
      if (records.empty()) break;
      for (const Record& record : records) values.push_back(record.value.to_string());
    }
    return values;
  }

  sim::Scheduler scheduler{11};
  sim::SeededEntropy entropy{11};
  std::shared_ptr<FakeCluster> cluster = std::make_shared<FakeCluster>(scheduler);
  Remote remote = Remote::over(cluster, scheduler, scheduler, entropy);
};

TEST_F(ConsumerRules, ReadsFromTheBeginningInOrder) {
  fill(4);
  auto consumer = remote.consumer();
  consumer.assign({{"t", 0}}).value();
  EXPECT_THAT(read(consumer, 4), ElementsAre("0", "1", "2", "3"));
  EXPECT_EQ(consumer.position({"t", 0}).value(), 4);
}

TEST_F(ConsumerRules, DropsWhatWasFetchedBeforeASeek) {
  fill(6);
  auto consumer = remote.consumer();
  consumer.assign({{"t", 0}}).value();
  EXPECT_THAT(read(consumer, 1), ElementsAre("0"));
  scheduler.run_for(1s);
  consumer.seek({"t", 0}, 4).value();
  EXPECT_THAT(read(consumer, 2), ElementsAre("4", "5"));
}

TEST_F(ConsumerRules, FollowsTheLeader) {
  fill(3);
  auto consumer = remote.consumer();
  consumer.assign({{"t", 0}}).value();
  EXPECT_THAT(read(consumer, 1), ElementsAre("0"));
  cluster->partitions[0].leader = 2;
  EXPECT_THAT(read(consumer, 2), ElementsAre("1", "2"));
}

TEST_F(ConsumerRules, ResetsAnOffsetThatIsGoneAsToldTo) {
  fill(2);
  auto earliest = remote.consumer();
  earliest.assign({{"t", 0}}).value();
  earliest.seek({"t", 0}, 99).value();
  EXPECT_THAT(read(earliest, 2), ElementsAre("0", "1"));

  auto none = remote.consumer({.auto_offset_reset = OffsetReset::none});
  none.assign({{"t", 0}}).value();
  none.seek({"t", 0}, 99).value();
  EXPECT_EQ(none.poll(5s).error().code, Errc::offset_out_of_range);
  none.seek({"t", 0}, 1).value();
  EXPECT_THAT(read(none, 1), ElementsAre("1"));
}

TEST_F(ConsumerRules, ReturnsNothingAtTheEndWhenTimeIsUp) {
  fill(1);
  auto consumer = remote.consumer({.auto_offset_reset = OffsetReset::latest});
  consumer.assign({{"t", 0}}).value();
  const auto begin = scheduler.now();
  EXPECT_TRUE(consumer.poll(2s).value().empty());
  EXPECT_GE(scheduler.now() - begin, 2s);
}

TEST_F(ConsumerRules, ABadChecksumIsAnErrorAndDoesNotMoveThePosition) {
  fill(2);
  cluster->partitions[0].batches[1].back() ^= std::byte{1};
  auto consumer = remote.consumer();
  consumer.assign({{"t", 0}}).value();
  EXPECT_THAT(read(consumer, 1), ElementsAre("0"));
  EXPECT_EQ(consumer.poll(5s).error().code, Errc::corrupt_message);
  EXPECT_EQ(consumer.position({"t", 0}).value(), 1);
  cluster->partitions[0].batches[1].back() ^= std::byte{1};
  EXPECT_THAT(read(consumer, 1), ElementsAre("1"));
}

TEST_F(ConsumerRules, RecordsLiveAsLongAsTheyAreHeld) {
  fill(2);
  Records first, second;
  {
    auto consumer = remote.consumer();
    consumer.assign({{"t", 0}}).value();
    first = consumer.poll(5s).value();
    second = consumer.poll(5s).value();
  }
  EXPECT_EQ(first[0].value.text(), "0");
  EXPECT_EQ(second[0].value.text(), "1");
  EXPECT_EQ(first[0].topic, "t");
}

}  // namespace
}  // namespace leat::client
