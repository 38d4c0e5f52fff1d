#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <leat/sim.h>

#include <functional>
#include <optional>

namespace leat::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class WorldTest : public testing::Test {
 protected:
  WorldTest() {
    world.start().value();
    world.admin().create_topic("t", {.partitions = 1}).value();
  }
  std::vector<std::string> stored() {
    auto consumer = world.consumer();
    consumer.assign({{"t", 0}}).value();
    consumer.seek({"t", 0}, 0).value();
    const auto end = consumer.end_offsets({{"t", 0}}).value().at({"t", 0});
    std::vector<std::string> all;
    while (consumer.position({"t", 0}).value() < end)
      for (const Record& record : consumer.poll(1s).value()) all.push_back(record.value.to_string());
    return all;
  }

  World world{{.seed = 1}};
};

TEST_F(WorldTest, WhatWasAcknowledgedSurvivesEveryWayToGo) {
  auto producer = world.producer();
  int sent = 0;
  for (const auto& go : std::vector<std::function<void()>>{[&] { world.crash(); }, [&] { world.kill(); },
                                                          [&] { world.stop().value(); }}) {
    producer.send({.topic = "t", .value = std::to_string(sent++)}).get().value();
    go();
    EXPECT_FALSE(world.is_up());
    world.start().value();
    EXPECT_TRUE(world.is_up());
  }
  EXPECT_THAT(stored(), ElementsAre("0", "1", "2"));
}

TEST_F(WorldTest, WhileTheBrokerIsOffNothingIsAcknowledged) {
  world.crash();
  auto receipt = world.producer({.max_block = 10s}).send({.topic = "t", .value = "lost"});
  EXPECT_EQ(receipt.get().error().code, Errc::timed_out);
  EXPECT_GE(world.now(), 10s);
}

TEST_F(WorldTest, APartitionHoldsRequestsAndNothingIsLost) {
  auto producer = world.producer();
  producer.send({.topic = "t", .value = "before"}).get().value();
  world.partition();
  auto receipt = producer.send({.topic = "t", .value = "after"});
  world.run_for(20s);
  EXPECT_FALSE(receipt.is_ready());
  world.heal();
  EXPECT_TRUE(receipt.get());
  EXPECT_THAT(stored(), ElementsAre("before", "after"));
}

TEST_F(WorldTest, ABrokenConnectionIsMadeAnewAndNothingComesTwice) {
  auto producer = world.producer({.linger = 0s});
  for (int i = 0; i < 20; ++i) {
    producer.send({.topic = "t", .value = "x"});
    world.run_for(700us);
    world.disconnect();
  }
  producer.flush().value();
  EXPECT_EQ(stored().size(), 20u);
}

TEST_F(WorldTest, DaysPassInNoTime) {
  world.run_for(24h * 3);
  EXPECT_GE(world.now(), 72h);
  EXPECT_THAT(stored(), IsEmpty());
}

TEST(World, StartRefusesWhatTheBrokerWould) {
  World world({.settings = {{"num.partitions", "none"}}});
  EXPECT_EQ(world.start().error().code, Errc::invalid_config);
  EXPECT_FALSE(world.is_up());
}

TEST(World, ClientsMayOutliveIt) {
  std::optional<World> world(std::in_place);
  world->start().value();
  world->admin().create_topic("t", {.partitions = 1}).value();
  auto producer = world->producer();
  auto consumer = world->consumer();
  producer.send({.topic = "t", .value = "x"}).get().value();
  world.reset();
  EXPECT_EQ(producer.send({.topic = "t", .value = "x"}).get().error().code, Errc::closed);
  EXPECT_EQ(consumer.assign({{"t", 0}}).error().code, Errc::closed);
}

}  // namespace
}  // namespace leat::sim
