#include <gtest/gtest.h>

#include "client/group_protocol.h"

namespace leat::client {
namespace {

/// Bytes that Kafka 4.3.1's ConsumerProtocol and assignors made.
constexpr std::string_view first_range = "000300000002000161000162ffffffff00000000ffffffffffff";
constexpr std::string_view sticky =
    "0003000000020001610001620000002200000002000161000000020000000000000002000162000000010000000100000007"
    "0000000000000007ffff";
constexpr std::string_view cooperative =
    "000300000002000161000162000000040000000700000002000161000000020000000000000002000162000000010000000100000007ffff";
constexpr std::string_view first_cooperative = "00030000000100016100000004ffffffff00000000ffffffffffff";
constexpr std::string_view assignment =
    "0003000000020001610000000200000000000000020001620000000100000001ffffffff";

std::string hex(const std::vector<std::byte>& bytes) {
  std::string text;
  for (const std::byte b : bytes)
    for (const int shift : {4, 0}) text += "0123456789abcdef"[(std::to_integer<int>(b) >> shift) & 15];
  return text;
}

std::vector<std::byte> unhex(std::string_view text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return bytes;
}

const std::vector<TopicPartition> three{{"a", 0}, {"a", 2}, {"b", 1}};
const AssignorMemory memory{three, 7};

TEST(GroupProtocol, SubscriptionsAreKafkasBytes) {
  EXPECT_EQ(hex(subscription_bytes(Assignor::range, {.topics = {"b", "a"}}, nullptr)), first_range);
  EXPECT_EQ(hex(subscription_bytes(Assignor::sticky, {.topics = {"a", "b"}, .generation = 7}, &memory)), sticky);
  EXPECT_EQ(hex(subscription_bytes(Assignor::cooperative_sticky,
                                   {.topics = {"a", "b"}, .owned = {{"b", 1}, {"a", 2}, {"a", 0}}, .generation = 7},
                                   &memory)),
            cooperative);
  EXPECT_EQ(hex(subscription_bytes(Assignor::cooperative_sticky, {.topics = {"a"}}, nullptr)), first_cooperative);
}

TEST(GroupProtocol, AssignmentsAreKafkasBytes) {
  EXPECT_EQ(hex(assignment_bytes(three)), assignment);
  EXPECT_EQ(read_assignment(unhex(assignment)).value(), three);
}

TEST(GroupProtocol, WhatAStickyMemberOwnedIsInItsUserData) {
  const auto read = read_subscription(Assignor::sticky, unhex(sticky)).value();
  EXPECT_EQ(read.owned, three);
  EXPECT_EQ(read.generation, 7);
  EXPECT_TRUE(read_subscription(Assignor::range, unhex(sticky)).value().owned.empty());
  EXPECT_TRUE(read_subscription(Assignor::sticky, unhex(first_range)).value().owned.empty());
}

TEST(GroupProtocol, WhatACooperativeMemberOwnsIsInItsSubscription) {
  const auto read = read_subscription(Assignor::cooperative_sticky, unhex(cooperative)).value();
  EXPECT_EQ(read.owned, three);
  EXPECT_EQ(read.generation, 7);
}

TEST(GroupProtocol, OldAndNewerVersionsAreUnderstood) {
  for (const auto& [bytes, owned, generation] : std::initializer_list<std::tuple<std::string, std::size_t, int>>{
           {"0000000000010001610000000400000005", 0u, 5},
           {"0001000000010001610000000400000005000000010001610000000100000003", 1u, 5},
           {"000200000001000161000000040000000500000001000161000000010000000300000006", 1u, 6},
           {"000300000001000161000000040000000500000001000161000000010000000300000006000172", 1u, 6},
           {"000900000001000161000000040000000500000001000161000000010000000300000006000172beef", 1u, 6}}) {
    const auto read = read_subscription(Assignor::cooperative_sticky, unhex(bytes));
    ASSERT_TRUE(read) << bytes;
    EXPECT_EQ(read->topics, std::vector<std::string>{"a"});
    EXPECT_EQ(read->owned.size(), owned) << bytes;
    EXPECT_EQ(read->generation, generation) << bytes;
  }
}

TEST(GroupProtocol, NoBytesAreNoPartitions) { EXPECT_TRUE(read_assignment(Bytes("")).value().empty()); }

TEST(GroupProtocol, BytesThatMakeNoSenseAreErrorsAndNotMore) {
  for (const std::string_view whole : {first_range, sticky, cooperative, assignment}) {
    const auto bytes = unhex(whole);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      const Bytes cut = Bytes(bytes).subspan(0, size);
      EXPECT_FALSE(whole == assignment ? read_assignment(cut).has_value()
                                       : read_subscription(Assignor::sticky, cut).has_value())
          << whole << " cut at " << size;
    }
  }
  EXPECT_FALSE(read_assignment(unhex("ffff00000000")));
}

TEST(GroupProtocol, UserDataThatMakesNoSenseIsNothingOwned) {
  for (const std::string_view data : {"7fffffff", "00000001", "0000000100016100000002", "00000001ffff", "00"}) {
    const std::string bytes = "000000000001000161000000";
    const std::string size = {"0123456789abcdef"[data.size() / 2 / 16], "0123456789abcdef"[data.size() / 2 % 16]};
    const auto read = read_subscription(Assignor::sticky, unhex(bytes + size + std::string(data)));
    ASSERT_TRUE(read) << data;
    EXPECT_TRUE(read->owned.empty()) << data;
    EXPECT_EQ(read->generation, -1) << data;
  }
}

}  // namespace
}  // namespace leat::client
