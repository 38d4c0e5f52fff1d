#include "group/subscription.h"

#include <gmock/gmock.h>

#include "protocol/messages/consumer_protocol.h"

namespace leat::group {
namespace {

std::vector<std::byte> encoded(std::int16_t version) {
  protocol::ConsumerProtocolSubscription message;
  message.topics = {"a", "bb"};
  message.user_data = Payload::own(std::string_view("user"));
  std::vector<std::byte> out{std::byte{0}, static_cast<std::byte>(version)};
  const auto body = protocol::encode_flat(message, version).value();
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

TEST(Subscription, IsReadWhateverItsVersion) {
  for (std::int16_t version = 0; version <= 3; ++version)
    EXPECT_THAT(subscribed_topics(Bytes(encoded(version))).value(), testing::ElementsAre("a", "bb"));
  auto future = encoded(3);
  future[1] = std::byte{99};
  future.push_back(std::byte{1});
  EXPECT_THAT(subscribed_topics(Bytes(future)).value(), testing::ElementsAre("a", "bb"));
}

TEST(Subscription, WhatIsCutIsAnError) {
  const auto whole = encoded(0);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto topics = subscribed_topics(Bytes(whole).subspan(0, size));
    ASSERT_FALSE(topics) << size;
    EXPECT_EQ(topics.error().code, Errc::corrupt_message);
  }
  EXPECT_FALSE(subscribed_topics(Bytes()));
}

TEST(Subscription, NegativeSizesAreErrors) {
  using namespace std::string_literals;
  EXPECT_FALSE(subscribed_topics(Bytes("\xff\xff\0\0\0\0\xff\xff\xff\xff"s)));
  EXPECT_FALSE(subscribed_topics(Bytes("\0\0\xff\xff\xff\xff\xff\xff\xff\xff"s)));
  EXPECT_FALSE(subscribed_topics(Bytes("\0\0\0\0\0\1\xff\xff\xff\xff\xff\xff"s)));
  EXPECT_TRUE(subscribed_topics(Bytes("\0\0\0\0\0\0\xff\xff\xff\xff"s)));
}

}  // namespace
}  // namespace leat::group
