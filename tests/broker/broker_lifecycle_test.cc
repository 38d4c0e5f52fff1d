#include "broker/broker_lifecycle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/messages/api_versions.h"
#include "sim/scheduler.h"

/// What a broker asks its controller from its start to its stop, over a channel whose other end is written here.
namespace leat::broker {
namespace {

using protocol::BrokerHeartbeatRequest;
using protocol::BrokerHeartbeatResponse;
using protocol::BrokerRegistrationRequest;
using protocol::BrokerRegistrationResponse;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A controller that does as its fields say.
struct Controller {
  Errc refuses = Errc::none;  ///< registrations
  bool is_active = true;
  bool is_reachable = true;
  Offset registration_offset = 100;
  bool grants_shut_down = false;
  std::vector<BrokerRegistrationRequest> registrations;
  std::vector<BrokerHeartbeatRequest> heartbeats;

  protocol::AnyMessage answer(protocol::AnyMessage& request) {
    const std::int16_t not_here = is_active ? 0 : wire_code(Errc::not_controller);
    if (const auto* asked = request.get_if<BrokerRegistrationRequest>()) {
      BrokerRegistrationResponse response;
      response.error_code = is_active ? wire_code(refuses) : not_here;
      if (response.error_code == 0) response.broker_epoch = registration_offset;
      registrations.push_back(*asked);
      return protocol::AnyMessage(response);
    }
    if (const auto* asked = request.get_if<BrokerHeartbeatRequest>()) {
      BrokerHeartbeatResponse response;
      response.error_code = not_here;
      response.is_caught_up = asked->current_metadata_offset >= registration_offset;
      response.is_fenced = asked->want_fence || !response.is_caught_up;
      response.should_shut_down = asked->want_shut_down && grants_shut_down;
      heartbeats.push_back(*asked);
      return protocol::AnyMessage(response);
    }
    protocol::ApiVersionsResponse versions;
    versions.api_keys.push_back({BrokerRegistrationRequest::schema().id, 0, 4});
    versions.api_keys.push_back({BrokerHeartbeatRequest::schema().id, 0, 2});
    return protocol::AnyMessage(std::move(versions));
  }
};

class ControllerChannel : public protocol::Channel {
 public:
  ControllerChannel(sim::Scheduler& scheduler, Controller& controller) : scheduler_(scheduler), controller_(controller) {}
  void send(protocol::Request request, protocol::ResponseDone done) override {
    Result<protocol::AnyMessage> outcome = Error{Errc::disconnected, "cut"};
    if (controller_.is_reachable) outcome = controller_.answer(request.message);
    scheduler_.post([done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  }
  void close() override {}

 private:
  sim::Scheduler& scheduler_;
  Controller& controller_;
};

class BrokerLifecycleTest : public testing::Test {
 protected:
  void start() {
    BrokerRegistrationRequest registration;
    registration.broker_id = 2;
    life = std::make_shared<BrokerLifecycle>(
        scheduler, link, BrokerLifecycle::Options{}, std::move(registration), BrokerLifecycle::Facts{.applied = [this] { return applied; }},
        BrokerLifecycle::Listener{.registered = [this](std::int64_t epoch) { epochs.push_back(epoch); },
                                  .unfenced = [this] { ++unfenced; },
                                  .refused = [this](Error error) { refused = std::move(error); }},
        Diagnostics{});
    life->start();
  }

  sim::Scheduler scheduler{1};
  Controller controller;
  std::shared_ptr<ControllerLink> link = std::make_shared<ControllerLink>(
      scheduler, ControllerLink::Options{}, [this]() -> std::shared_ptr<protocol::Channel> {
        ++connections;
        return std::make_shared<ControllerChannel>(scheduler, controller);
      });
  int connections = 0;
  Offset applied = 0;
  std::vector<std::int64_t> epochs;
  int unfenced = 0;
  std::optional<Error> refused;
  std::shared_ptr<BrokerLifecycle> life;
};

TEST_F(BrokerLifecycleTest, ABrokerStaysFencedUntilItHasItsOwnRegistration) {  // L3
  start();
  scheduler.run_for(seconds(1));
  EXPECT_THAT(epochs, testing::ElementsAre(100));
  EXPECT_EQ(life->broker_epoch(), 100);
  EXPECT_EQ(unfenced, 0);
  EXPECT_TRUE(controller.heartbeats.back().want_fence);
  EXPECT_GT(controller.heartbeats.size(), 50u) << "it is in a hurry";

  applied = 100;
  scheduler.run_for(milliseconds(50));
  EXPECT_EQ(unfenced, 1);
  EXPECT_FALSE(controller.heartbeats.back().want_fence);
}

TEST_F(BrokerLifecycleTest, ThenItIsHeardOfEveryInterval) {
  applied = 100;
  start();
  scheduler.run_for(seconds(1));
  const auto before = controller.heartbeats.size();
  scheduler.run_for(seconds(20));
  EXPECT_EQ(controller.heartbeats.size(), before + 10);
  EXPECT_EQ(controller.registrations.size(), 1u);
}

TEST_F(BrokerLifecycleTest, WhileTheOldSessionLivesItAsksAgain) {  // F1
  controller.refuses = Errc::duplicate_broker_registration;
  start();
  scheduler.run_for(seconds(5));
  EXPECT_TRUE(epochs.empty());
  controller.refuses = Errc::none;
  scheduler.run_for(seconds(2));
  EXPECT_EQ(epochs.size(), 1u);
}

TEST_F(BrokerLifecycleTest, AnotherClustersControllerIsGivenUp) {  // F1
  controller.refuses = Errc::inconsistent_cluster_id;
  start();
  scheduler.run_for(seconds(5));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Errc::inconsistent_cluster_id);
  EXPECT_EQ(controller.registrations.size(), 1u);
}

TEST_F(BrokerLifecycleTest, ItLooksForTheControllerUntilOneAnswers) {  // K2
  controller.is_active = false;
  start();
  scheduler.run_for(seconds(1));
  EXPECT_TRUE(epochs.empty());
  controller.is_reachable = false;
  scheduler.run_for(seconds(1));
  EXPECT_GT(connections, 10);
  controller.is_active = controller.is_reachable = true;
  scheduler.run_for(seconds(1));
  EXPECT_EQ(epochs.size(), 1u);
}

TEST_F(BrokerLifecycleTest, AtNewEndpointsTheSameIncarnationRegistersAgain) {
  applied = 100;
  start();
  scheduler.run_for(seconds(1));
  life->set_endpoints({{"PLAINTEXT", "elsewhere", 9999, 0}});
  scheduler.run_for(seconds(1));
  ASSERT_EQ(controller.registrations.size(), 2u);
  EXPECT_EQ(controller.registrations.back().listeners.at(0).host, "elsewhere");
  EXPECT_EQ(epochs.size(), 1u) << "the epoch is the same";
}

TEST_F(BrokerLifecycleTest, ItStopsWhenTheControllerGrantsIt) {  // F7
  applied = 100;
  start();
  scheduler.run_for(seconds(1));
  int stopped = 0;
  life->shut_down([&] { ++stopped; });
  scheduler.run_for(seconds(5));
  EXPECT_EQ(stopped, 0);
  EXPECT_TRUE(controller.heartbeats.back().want_shut_down);
  controller.grants_shut_down = true;
  scheduler.run_for(seconds(1));
  EXPECT_EQ(stopped, 1);
  const auto before = controller.heartbeats.size();
  scheduler.run_for(seconds(10));
  EXPECT_EQ(controller.heartbeats.size(), before) << "and says nothing more";
}

}  // namespace
}  // namespace leat::broker
