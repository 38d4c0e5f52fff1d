#include "sim/network.h"

#include <gmock/gmock.h>

#include "protocol/messages/api_versions.h"
#include "sim/disk.h"

namespace leat::sim {
namespace {

using namespace std::chrono_literals;

/// A broker on one machine and a client on another.
class NetworkTest : public testing::Test {
 protected:
  NetworkTest() {
    const std::vector<config::Property> properties{{"log.dirs", "data", "test"}};
    broker = broker::Broker::open({.executor = server,
                                   .blocking = server,
                                   .clock = server,
                                   .entropy = entropy,
                                   .volume = disk},
                                  config::BrokerConfig::parse(properties, config::Face::embedded).value())
                 .value();
    network.listen("b", 9092, server, broker, "PLAINTEXT");
  }
  ~NetworkTest() override {
    network.unplug(server);
    EXPECT_TRUE(broker->close());
    broker.reset();
    scheduler.run_ready();
  }

  enum class Answer { none, good, disconnected };
  std::shared_ptr<protocol::Channel> connect() { return network.connector(client)->connect("b", 9092); }
  std::shared_ptr<Answer> ask(protocol::Channel& channel) {
    auto answer = std::make_shared<Answer>(Answer::none);
    channel.send({.version = 3, .message = protocol::ApiVersionsRequest{.client_software_name = "test",
                                                                       .client_software_version = "1"},
                  .client_id = "test"},
                 [answer](Result<protocol::AnyMessage> result) {
                   *answer = result ? Answer::good : Answer::disconnected;
                 });
    return answer;
  }

  Scheduler scheduler{1};
  Network network{scheduler, 2};
  Machine server{scheduler, "server"};
  Machine client{scheduler, "client"};
  SeededEntropy entropy{3};
  Disk disk{server, {}};
  std::shared_ptr<broker::Broker> broker;
};

TEST_F(NetworkTest, ARequestIsAnswered) {
  const auto channel = connect();
  const auto answer = ask(*channel);
  scheduler.run_for(10ms);
  EXPECT_EQ(*answer, Answer::good);
}

TEST_F(NetworkTest, WhereNobodyListensConnectionsAreRefused) {
  const auto channel = network.connector(client)->connect("b", 1);
  const auto answer = ask(*channel);
  scheduler.run_for(10ms);
  EXPECT_EQ(*answer, Answer::disconnected);
}

TEST_F(NetworkTest, ACutHoldsWhatIsUnderWayUntilItIsHealed) {
  for (const bool request : {true, false}) {
    const auto channel = connect();
    request ? network.cut(client, server) : network.cut(server, client);
    const auto answer = ask(*channel);
    scheduler.run_for(10s);
    EXPECT_EQ(*answer, Answer::none) << request;
    network.heal();
    scheduler.run_for(20ms);
    EXPECT_EQ(*answer, Answer::good) << request;
  }
}

TEST_F(NetworkTest, AResetBreaksWhatIsOpen) {
  const auto channel = connect();
  const auto answer = ask(*channel);
  network.reset(server, client);
  scheduler.run_for(10ms);
  EXPECT_EQ(*answer, Answer::disconnected);
}

TEST_F(NetworkTest, AStoppedProcessAnswersWhenItGoesOn) {
  const auto channel = connect();
  server.pause();
  const auto answer = ask(*channel);
  scheduler.run_for(10s);
  EXPECT_EQ(*answer, Answer::none);
  server.resume();
  scheduler.run_for(10ms);
  EXPECT_EQ(*answer, Answer::good);
}

TEST_F(NetworkTest, WhatAnEndedProcessHadPostedNeverRuns) {
  bool ran = false;
  client.post([&] { ran = true; });
  client.at(client.now() + 1s, [&] { ran = true; });
  client.kill();
  client.start();
  scheduler.run_for(10s);
  EXPECT_FALSE(ran);
  client.post([&] { ran = true; });
  scheduler.run_ready();
  EXPECT_TRUE(ran);
}

TEST_F(NetworkTest, BadWeatherBreaksConnectionsAndRepeatsRequests) {
  network.set_weather({.stalls = 100'000, .breaks = 100'000, .echoes = 200'000, .echo_max = 1s});
  int good = 0, broken = 0;
  for (int i = 0; i < 100; ++i) {
    const auto channel = connect();
    const auto answer = ask(*channel);
    scheduler.run_for(3s);
    ASSERT_NE(*answer, Answer::none);
    *answer == Answer::good ? ++good : ++broken;
    channel->close();
  }
  EXPECT_GT(good, 50);
  EXPECT_GT(broken, 5);
}

TEST_F(NetworkTest, AFastClockFiresItsTimersEarlyAndNeverBeforeItsOwnTime) {
  Machine fast(scheduler, "fast", {.wall_skew_ms = 5000, .drift_ppm = 100'000});
  const Instant due = fast.now() + 10s;
  Instant fired{};
  fast.at(due, [&] { fired = fast.now(); });
  scheduler.run_for(9500ms);
  EXPECT_GE(fired, due);
  EXPECT_LE(fired, due + 2ms);
  EXPECT_NEAR(static_cast<double>(fast.wall_ms() - scheduler.wall_ms()), 5950, 2);
}

}  // namespace
}  // namespace leat::sim
