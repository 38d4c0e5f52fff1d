#include "group_driver.h"

namespace leat::group {
namespace {

using namespace std::chrono_literals;

std::string described_as(const ClassicGroup& group) {
  protocol::DescribeGroupsResponse::DescribedGroup out;
  group.describe(out);
  return protocol::to_json(protocol::DescribeGroupsResponse{0, {out}}, 6);
}

TEST(ClassicGroupReplay, ARecordGivesAStableGroupBack) {
  GroupDriver driver;
  const Ticket a = driver.join({.instance = "i", .version = 9});
  const Ticket b = driver.join({.version = 3});
  driver.pass(6s);
  const std::string leader = driver.joined(a).member_id;
  driver.sync_all({leader, driver.joined(b).member_id}, 1);
  const ClassicGroup again = driver.replayed();
  EXPECT_EQ(again.state(), GroupState::stable);
  EXPECT_EQ(again.generation(), 1);
  EXPECT_EQ(again.protocol_type(), "consumer");
  EXPECT_EQ(described_as(again), described_as(driver.group));
  EXPECT_EQ(again.memory_bytes(), driver.group.memory_bytes());
}

TEST(ClassicGroupReplay, TheLastOfManyRecordsCounts) {
  GroupDriver driver;
  const auto ids = driver.stable(3, {.protocols = {{"range", "old"}}});
  driver.leave(ids[0]);
  driver.join({.member = ids[1], .protocols = {{"range", "new"}}, .session_ms = 7000});
  driver.join({.member = ids[2], .protocols = {{"range", "old"}}});
  driver.sync_all({ids[1], ids[2]}, 2);
  EXPECT_EQ(described_as(driver.replayed()), described_as(driver.group));
  driver.leave(ids[1]);
  driver.leave(ids[2]);
  const ClassicGroup empty = driver.replayed();
  EXPECT_EQ(empty.state(), GroupState::empty);
  EXPECT_EQ(empty.generation(), 3);
  EXPECT_EQ(empty.empty_since(), driver.group.empty_since());
  EXPECT_EQ(empty.next_deadline(), Instant::max());
}

TEST(ClassicGroupReplay, AfterReplayMembersGoOnInWholeSessions) {
  GroupDriver driver;
  const auto ids = driver.stable(2);
  GroupDriver loaded;
  loaded.group.apply(*driver.records.at(0).value);
  loaded.begin();
  loaded.pass(9999ms);
  EXPECT_EQ(loaded.heartbeat(ids[0], 1), Errc::none);
  EXPECT_EQ(loaded.commit(ids[0], 1), Errc::none);
  EXPECT_EQ(loaded.assignment(loaded.sync({.member = ids[0]})), ids[0]);
  loaded.pass(1ms);
  EXPECT_EQ(loaded.heartbeat(ids[0], 1), Errc::rebalance_in_progress);
  EXPECT_EQ(loaded.heartbeat(ids[1], 1), Errc::unknown_member_id);
  EXPECT_EQ(loaded.joined(loaded.join({.member = ids[0]})).generation_id, 2);
}

TEST(ClassicGroupReplay, ARecordWithoutARebalanceTimeoutHasThatOfTheSession) {
  protocol::GroupMetadataValue value;
  value.protocol_type = "consumer";
  value.protocol = "range";
  value.leader = "a";
  auto& member = value.members.emplace_back();
  member.member_id = "a";
  member.session_timeout = 8000;
  GroupDriver driver(Settings{.max_size = 0});
  driver.group.apply(value);
  driver.begin();
  EXPECT_EQ(driver.group.next_deadline(), driver.now.instant + 8s);
  driver.pass(7s);
  EXPECT_EQ(driver.heartbeat("a", 0), Errc::rebalance_in_progress);
  driver.pass(1s);
  EXPECT_EQ(driver.group.state(), GroupState::empty);
}

TEST(ClassicGroupReplay, AnyRecordThatDecodesIsTaken) {
  protocol::GroupMetadataValue value;
  value.protocol_type = "consumer";
  value.generation = std::numeric_limits<std::int32_t>::max();
  value.protocol.reset();
  value.leader = "nobody";
  for (const char* id : {"a", "a", "b", ""}) {
    auto& member = value.members.emplace_back();
    member.member_id = id;
    member.group_instance_id = "same";
    member.session_timeout = -5;
    member.rebalance_timeout = -5;
  }
  GroupDriver driver;
  driver.group.apply(value);
  driver.group.apply(value);
  driver.begin();
  EXPECT_EQ(driver.join_error(driver.join({.member = "b", .instance = "other"})), Errc::inconsistent_group_protocol);
  driver.join({.instance = "same", .protocols = {{"", ""}}});
  driver.join({.member = "a", .protocols = {{"", "changed"}}});
  driver.pass(1min);
  EXPECT_EQ(driver.heartbeat("b", value.generation), Errc::unknown_member_id);
  EXPECT_TRUE(driver.open_tickets().empty());
}

TEST(ClassicGroupDescribe, MetadataIsShownOnlyInStable) {
  GroupDriver driver;
  const auto ids = driver.stable(1);
  protocol::DescribeGroupsResponse::DescribedGroup stable;
  driver.group.describe(stable);
  EXPECT_EQ(stable.group_state, "Stable");
  EXPECT_EQ(stable.protocol_type, "consumer");
  EXPECT_EQ(stable.protocol_data, "range");
  ASSERT_EQ(stable.members.size(), 1u);
  EXPECT_EQ(stable.members[0].member_id, ids[0]);
  EXPECT_EQ(stable.members[0].client_id, "client");
  EXPECT_EQ(stable.members[0].client_host, "/127.0.0.1");
  EXPECT_EQ(stable.members[0].member_metadata.memory().text(), "meta");
  EXPECT_EQ(stable.members[0].member_assignment.memory().text(), ids[0]);

  driver.join({.member = ids[0]});
  protocol::DescribeGroupsResponse::DescribedGroup completing;
  driver.group.describe(completing);
  EXPECT_EQ(completing.group_state, "CompletingRebalance");
  EXPECT_EQ(completing.protocol_data, "");
  EXPECT_TRUE(completing.members.at(0).member_metadata.empty());
}

TEST(ClassicGroupDescribe, StatesHaveKafkasNames) {
  EXPECT_EQ(to_string(GroupState::empty), "Empty");
  EXPECT_EQ(to_string(GroupState::preparing_rebalance), "PreparingRebalance");
  EXPECT_EQ(to_string(GroupState::completing_rebalance), "CompletingRebalance");
  EXPECT_EQ(to_string(GroupState::stable), "Stable");
  EXPECT_EQ(to_string(GroupState::dead), "Dead");
}

/// Version 0, topics "t" and "u", no user data.
const std::string subscription("\0\0\0\0\0\2\0\1t\0\1u\xff\xff\xff\xff", 16);

TEST(ClassicGroupSubscription, NamesWhatItsMembersSubscribeTo) {
  GroupDriver driver;
  EXPECT_FALSE(driver.group.is_subscribed_to("t"));
  const auto ids = driver.stable(1, {.protocols = {{"range", subscription}}});
  EXPECT_TRUE(driver.group.is_subscribed_to("t"));
  EXPECT_TRUE(driver.group.is_subscribed_to("u"));
  EXPECT_FALSE(driver.group.is_subscribed_to("v"));
  EXPECT_TRUE(driver.replayed().is_subscribed_to("t"));
  EXPECT_FALSE(driver.replayed().is_subscribed_to("v"));
  driver.leave(ids[0]);
  EXPECT_FALSE(driver.group.is_subscribed_to("t"));
}

TEST(ClassicGroupSubscription, AConsumersThatCannotBeReadMayBeToAnything) {
  GroupDriver driver;
  driver.stable(1, {.protocols = {{"range", "?"}}});
  EXPECT_TRUE(driver.group.is_subscribed_to("t"));
  GroupDriver other;
  other.stable(1, {.protocols = {{"range", subscription}}, .version = 9, .type = "connect"});
  EXPECT_FALSE(other.group.is_subscribed_to("t"));
}

}  // namespace
}  // namespace leat::group
