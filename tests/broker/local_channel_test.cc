#include "world.h"

namespace leat::test {
namespace {

TEST(LocalChannel, ClosingTellsThoseWhoWait) {
  const auto world = world_kinds().front().make({});
  Client client(*world);
  client.create_topic("t");
  auto channel = world->channel();
  Event told;
  Result<protocol::AnyMessage> outcome = protocol::AnyMessage();
  channel->send({.version = 12, .message = Client::fetch_request("t", 0, 0, 3'600'000), .client_id = "test"},
                [&](Result<protocol::AnyMessage> result) {
                  outcome = std::move(result);
                  told.set();
                });
  channel->close();
  ASSERT_TRUE(world->executor().wait(told, world->executor().now() + std::chrono::seconds(1)));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::disconnected);
}

}  // namespace
}  // namespace leat::test
