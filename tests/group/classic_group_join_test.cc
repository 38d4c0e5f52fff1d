#include "group_driver.h"

namespace leat::group {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> member_ids(const GroupDriver::JoinResponse& response) {
  std::vector<std::string> ids;
  for (const auto& one : response.members) ids.push_back(one.member_id);
  return ids;
}

TEST(ClassicGroupJoin, AFirstJoinIsGivenItsIdAndCountsOnlyOnceItComesBackWithIt) {
  GroupDriver driver;
  const std::string id = driver.id();
  EXPECT_EQ(id, "client-00000000-0000-0000-0000-000000000001");
  EXPECT_EQ(driver.group.state(), GroupState::empty);
  const Ticket join = driver.join({.member = id});
  EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);
  driver.pass(3s);
  const auto response = driver.joined(join);
  EXPECT_EQ(response.member_id, id);
  EXPECT_EQ(response.generation_id, 1);
}

TEST(ClassicGroupJoin, BelowVersion4AFirstJoinCountsAtOnce) {
  GroupDriver driver;
  const Ticket join = driver.join({.version = 3});
  driver.pass(3s);
  EXPECT_EQ(driver.joined(join).member_id, "client-00000000-0000-0000-0000-000000000001");
}

TEST(ClassicGroupJoin, ARebalanceWaitsForThoseWhoHaveOnlyTheirId) {
  GroupDriver driver;
  const auto ids = driver.stable(1);
  const std::string late = driver.id();
  const Ticket leader = driver.join({.member = ids[0]});
  EXPECT_FALSE(driver.is_answered(leader));
  const Ticket join = driver.join({.member = late});
  EXPECT_EQ(driver.joined(join).generation_id, 2);
  EXPECT_EQ(driver.joined(leader).generation_id, 2);
}

TEST(ClassicGroupJoin, AnIdThatIsNotUsedIsForgottenAfterItsSessionTimeout) {
  GroupDriver driver;
  const auto ids = driver.stable(1, {.session_ms = 60'000});
  const std::string never = driver.id({.session_ms = 7000});
  const Ticket leader = driver.join({.member = ids[0], .session_ms = 60'000});
  driver.pass(6999ms);
  EXPECT_FALSE(driver.is_answered(leader));
  driver.pass(1ms);
  EXPECT_EQ(driver.joined(leader).generation_id, 2);
  EXPECT_EQ(driver.join_error(driver.join({.member = never})), Errc::unknown_member_id);
}

TEST(ClassicGroupJoin, NothingIsDueOnceTheLastIdIsForgotten) {
  GroupDriver driver;
  driver.id();
  EXPECT_NE(driver.group.next_deadline(), Instant::max());
  driver.pass(10s);
  EXPECT_EQ(driver.group.next_deadline(), Instant::max());
}

TEST(ClassicGroupJoin, AnIdOfAStaticMemberIsNotHandedOutBeforeItJoins) {
  GroupDriver driver;
  const std::string id = driver.id();
  EXPECT_EQ(driver.join_error(driver.join({.member = id, .instance = "i"})), Errc::unknown_server_error);
}

TEST(ClassicGroupJoin, AnIdThatNobodyHasIsRefused) {
  GroupDriver driver;
  EXPECT_EQ(driver.join_error(driver.join({.member = "nobody"})), Errc::unknown_member_id);
  driver.stable(1);
  const auto response = driver.joined(driver.join({.member = "nobody"}));
  EXPECT_EQ(Errc{response.error_code}, Errc::unknown_member_id);
  EXPECT_EQ(response.member_id, "nobody");
  EXPECT_EQ(response.generation_id, -1);
}

TEST(ClassicGroupJoin, AClientIdTooLongToBecomeAMemberIdIsRefused) {
  GroupDriver driver;
  EXPECT_EQ(driver.join_error(driver.join({.client = std::string(32'767, 'x')})), Errc::invalid_request);
}

TEST(ClassicGroupJoin, TheFirstMemberMustNameATypeAndAProtocol) {
  GroupDriver driver;
  EXPECT_EQ(driver.join_error(driver.join({.type = ""})), Errc::inconsistent_group_protocol);
  EXPECT_EQ(driver.join_error(driver.join({.protocols = {}})), Errc::inconsistent_group_protocol);
}

TEST(ClassicGroupJoin, LaterMembersMustShareTheTypeAndAProtocolWithAll) {
  GroupDriver driver;
  const auto ids = driver.stable(1, {.protocols = {{"range", ""}, {"sticky", ""}}});
  EXPECT_EQ(driver.join_error(driver.join({.type = "connect"})), Errc::inconsistent_group_protocol);
  EXPECT_EQ(driver.join_error(driver.join({.protocols = {{"other", ""}}})), Errc::inconsistent_group_protocol);
  EXPECT_EQ(driver.join_error(driver.join({.protocols = {}})), Errc::inconsistent_group_protocol);
  EXPECT_EQ(driver.group.state(), GroupState::stable);
  driver.id({.protocols = {{"sticky", ""}}});
  const auto refused = driver.joined(driver.join({.member = ids[0], .protocols = {{"other", ""}}}));
  EXPECT_EQ(Errc{refused.error_code}, Errc::inconsistent_group_protocol);
  EXPECT_EQ(refused.member_id, ids[0]);
}

TEST(ClassicGroupJoin, AProtocolNamedTwiceCountsOnce) {
  GroupDriver driver;
  const GroupDriver::Protocols twice{{"range", "1"}, {"range", "2"}};
  const std::string id = driver.id({.protocols = twice});
  const Ticket join = driver.join({.member = id, .protocols = twice});
  driver.pass(3s);
  const auto response = driver.joined(join);
  EXPECT_EQ(response.protocol_name, "range");
  EXPECT_EQ(response.members.at(0).metadata.memory().text(), "1");
}

TEST(ClassicGroupJoin, AFullGroupTakesNobodyElseButLetsItsMembersRejoin) {
  GroupDriver driver(Settings{.max_size = 2});
  const auto ids = driver.stable(2);
  const auto refused = driver.joined(driver.join({}));
  EXPECT_EQ(Errc{refused.error_code}, Errc::group_max_size_reached);
  EXPECT_EQ(refused.member_id, "");
  EXPECT_EQ(driver.join_error(driver.join({.member = ids[1]})), Errc::none);
}

TEST(ClassicGroupJoin, OfMoreIdsThanThereIsRoomForTheLastToComeBackGo) {
  GroupDriver driver(Settings{.max_size = 2});
  const auto ids = driver.stable(1);
  const std::string second = driver.id();
  const std::string third = driver.id();
  const Ticket a = driver.join({.member = second});
  const Ticket b = driver.join({.member = third});
  EXPECT_EQ(driver.join_error(driver.join({.member = ids[0]})), Errc::group_max_size_reached);
  EXPECT_EQ(driver.joined(a).generation_id, 2) << "nobody is left to wait for";
  EXPECT_EQ(driver.joined(b).generation_id, 2);
  EXPECT_EQ(driver.heartbeat(ids[0], 2), Errc::unknown_member_id);
}

TEST(ClassicGroupJoin, AGroupThatIsLargerThanMayBeRebalancesOnceItIsLoaded) {
  GroupDriver before;
  const auto ids = before.stable(3);
  GroupDriver after(Settings{.max_size = 2});
  for (const auto& record : before.records) after.group.apply(*record.value);
  after.begin();
  EXPECT_EQ(after.group.state(), GroupState::preparing_rebalance);
  EXPECT_EQ(after.heartbeat(ids[0], 1), Errc::rebalance_in_progress);
  const Ticket a = after.join({.member = ids[0]});
  const Ticket b = after.join({.member = ids[1]});
  EXPECT_EQ(after.join_error(after.join({.member = ids[2]})), Errc::group_max_size_reached);
  EXPECT_EQ(after.joined(a).generation_id, 2);
  EXPECT_EQ(after.joined(b).generation_id, 2);
}

TEST(ClassicGroupJoin, AnEmptyGroupWaitsForMoreThanItsFirstMember) {
  GroupDriver driver;
  const Ticket first = driver.join({.version = 3});
  driver.pass(2999ms);
  EXPECT_FALSE(driver.is_answered(first));
  driver.pass(1ms);
  EXPECT_EQ(driver.join_error(first), Errc::none);
}

TEST(ClassicGroupJoin, EachNewcomerMakesTheFirstRebalanceWaitAgain) {
  GroupDriver driver;
  const Ticket first = driver.join({.version = 3});
  driver.pass(2s);
  const Ticket second = driver.join({.version = 3});
  driver.pass(3s);
  EXPECT_FALSE(driver.is_answered(first));
  driver.pass(1s);
  EXPECT_EQ(driver.joined(first).members.size(), 2u);
  EXPECT_EQ(driver.join_error(second), Errc::none);
}

TEST(ClassicGroupJoin, NewcomersDoNotMakeItWaitLongerThanItsRebalanceTimeout) {
  GroupDriver driver;
  const Ticket first = driver.join({.version = 3, .rebalance_ms = 7000});
  for (int i = 0; i < 6; ++i) {
    driver.pass(1s);
    driver.join({.version = 3, .rebalance_ms = 7000});
  }
  EXPECT_FALSE(driver.is_answered(first));
  driver.pass(1s);
  EXPECT_EQ(driver.joined(first).members.size(), 7u);
}

TEST(ClassicGroupJoin, WithoutADelayAFirstRebalanceEndsAsSoonAsTimeIsLookedAt) {
  GroupDriver driver(Settings{.initial_rebalance_delay = 0ms});
  const Ticket first = driver.join({.version = 3});
  EXPECT_EQ(driver.group.next_deadline(), driver.now.instant);
  driver.pass(0ms);
  EXPECT_EQ(driver.join_error(first), Errc::none);
}

TEST(ClassicGroupJoin, ARebalanceEndsWhenAllKnownMembersAreBack) {
  GroupDriver driver;
  const auto ids = driver.stable(2);
  const Ticket newcomer = driver.join({.version = 3});
  const Ticket first = driver.join({.member = ids[0]});
  EXPECT_FALSE(driver.is_answered(first));
  const Ticket second = driver.join({.member = ids[1]});
  EXPECT_EQ(driver.joined(first).members.size(), 3u);
  EXPECT_EQ(driver.join_error(second), Errc::none);
  EXPECT_EQ(driver.join_error(newcomer), Errc::none);
}

TEST(ClassicGroupJoin, WhoDoesNotComeBackInTimeIsNoMemberAnyMore) {
  GroupDriver driver;
  const auto ids = driver.stable(2, {.session_ms = 100'000, .rebalance_ms = 20'000});
  const Ticket first = driver.join({.member = ids[0], .session_ms = 100'000, .rebalance_ms = 20'000});
  driver.pass(19'999ms);
  EXPECT_FALSE(driver.is_answered(first));
  driver.pass(1ms);
  EXPECT_EQ(driver.joined(first).members.size(), 1u);
  EXPECT_EQ(driver.heartbeat(ids[1], 2), Errc::unknown_member_id);
}

TEST(ClassicGroupJoin, ARebalanceMayTakeAsLongAsTheMemberThatAsksForMost) {
  GroupDriver driver;
  const Ticket a = driver.join({.version = 3, .session_ms = 100'000, .rebalance_ms = 10'000});
  const Ticket b = driver.join({.version = 3, .session_ms = 100'000, .rebalance_ms = 50'000});
  driver.pass(6s);
  const std::string leader = driver.joined(a).member_id;
  const std::string other = driver.joined(b).member_id;
  driver.sync_all({leader, other}, 1);
  const Ticket again = driver.join({.member = leader, .session_ms = 100'000, .rebalance_ms = 10'000});
  driver.pass(49'999ms);
  EXPECT_FALSE(driver.is_answered(again));
  driver.pass(1ms);
  EXPECT_EQ(driver.join_error(again), Errc::none);
}

TEST(ClassicGroupJoin, TheFirstToJoinLeadsAndOnlyItLearnsWhoTheMembersAre) {
  GroupDriver driver;
  const Ticket first = driver.join({.protocols = {{"range", "one"}}, .version = 3});
  const Ticket second = driver.join({.protocols = {{"range", "two"}}, .version = 3});
  driver.pass(6s);
  const auto leader = driver.joined(first);
  const auto follower = driver.joined(second);
  EXPECT_EQ(leader.leader, leader.member_id);
  EXPECT_EQ(follower.leader, leader.member_id);
  EXPECT_THAT(member_ids(leader), testing::UnorderedElementsAre(leader.member_id, follower.member_id));
  for (const auto& one : leader.members)
    EXPECT_EQ(one.metadata.memory().text(), one.member_id == leader.member_id ? "one" : "two");
  EXPECT_TRUE(follower.members.empty());
}

TEST(ClassicGroupJoin, AnotherLeadsWhenTheLeaderDoesNotComeBack) {
  GroupDriver driver;
  const auto ids = driver.stable(2, {.session_ms = 100'000, .rebalance_ms = 20'000});
  const Ticket second =
      driver.join({.member = ids[1], .protocols = {{"range", "changed"}}, .session_ms = 100'000, .rebalance_ms = 20'000});
  driver.pass(20s);
  const auto response = driver.joined(second);
  EXPECT_EQ(response.leader, ids[1]);
  EXPECT_THAT(member_ids(response), testing::ElementsAre(ids[1]));
}

TEST(ClassicGroupJoin, AnotherLeadsWhenTheLeaderLeaves) {
  GroupDriver driver;
  const auto ids = driver.stable(2);
  EXPECT_EQ(driver.leave(ids[0]), Errc::none);
  EXPECT_EQ(driver.joined(driver.join({.member = ids[1]})).leader, ids[1]);
}

TEST(ClassicGroupJoin, TheProtocolIsWhatMostPreferOfThoseThatAllSupport) {
  GroupDriver driver;
  const Ticket join = driver.join({.protocols = {{"only-mine", ""}, {"range", "r"}, {"sticky", "s"}}, .version = 3});
  driver.join({.protocols = {{"sticky", "s"}, {"range", "r"}}, .version = 3});
  driver.join({.protocols = {{"sticky", "s"}, {"range", "r"}}, .version = 3});
  driver.pass(6s);
  const auto response = driver.joined(join);
  EXPECT_EQ(response.protocol_name, "sticky");
  EXPECT_EQ(response.protocol_type, "consumer");
  EXPECT_EQ(response.members.at(0).metadata.memory().text(), "s");
}

TEST(ClassicGroupJoin, EachCompletedJoinIsAGeneration) {
  GroupDriver driver;
  const auto ids = driver.stable(1);
  EXPECT_EQ(driver.group.generation(), 1);
  EXPECT_EQ(driver.joined(driver.join({.member = ids[0]})).generation_id, 2);
}

TEST(ClassicGroupJoin, InStableTheLeaderMakesARebalanceByJoiningAFollowerOnlyWithOtherMetadata) {
  GroupDriver driver;
  const auto ids = driver.stable(2);
  const auto same = driver.joined(driver.join({.member = ids[1]}));
  EXPECT_EQ(same.generation_id, 1);
  EXPECT_EQ(same.leader, ids[0]);
  EXPECT_FALSE(same.skip_assignment);
  EXPECT_EQ(driver.group.state(), GroupState::stable);

  driver.join({.member = ids[1], .protocols = {{"range", "changed"}}});
  EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);
  driver.join({.member = ids[0]});
  driver.sync_all(ids, 2);
  driver.join({.member = ids[0]});
  EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);
}

TEST(ClassicGroupJoin, InCompletingRebalanceTheSameJoinGetsTheSameAnswerAndAChangedOneAnotherRebalance) {
  GroupDriver driver;
  const Ticket a = driver.join({.version = 3});
  const Ticket b = driver.join({.version = 3});
  driver.pass(6s);
  const auto first = driver.joined(a);
  const auto again = driver.joined(driver.join({.member = first.member_id, .version = 3}));
  EXPECT_EQ(again.generation_id, 1);
  EXPECT_EQ(again.members.size(), 2u);
  const std::string follower = driver.joined(b).member_id;
  EXPECT_TRUE(driver.joined(driver.join({.member = follower, .version = 3})).members.empty());
  EXPECT_EQ(driver.group.state(), GroupState::completing_rebalance);

  const Ticket waits = driver.sync({.member = follower});
  driver.join({.member = first.member_id, .protocols = {{"range", "changed"}}});
  EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);
  EXPECT_EQ(driver.sync_error(waits), Errc::rebalance_in_progress);
}

TEST(ClassicGroupJoin, AJoinThatIsRetriedTakesThePlaceOfTheOneThatIsHeld) {
  GroupDriver driver;
  const auto ids = driver.stable(2);
  const Ticket lost = driver.join({.member = ids[0]});
  const Ticket retried = driver.join({.member = ids[0]});
  EXPECT_EQ(driver.join_error(lost), Errc::rebalance_in_progress);
  EXPECT_FALSE(driver.is_answered(retried));
  driver.join({.member = ids[1]});
  EXPECT_EQ(driver.joined(retried).generation_id, 2);
}

TEST(ClassicGroupJoin, AMissingProtocolNameIsNullFromVersion7On) {
  GroupDriver driver;
  EXPECT_EQ(driver.joined(driver.join({.member = "nobody", .version = 6})).protocol_name, "");
  EXPECT_EQ(driver.joined(driver.join({.member = "nobody", .version = 7})).protocol_name, std::nullopt);
}

TEST(ClassicGroupJoin, EveryAnswerCanBeEncodedAtTheVersionItWasAskedAt) {
  for (std::int16_t version = 0; version <= 9; ++version) {
    GroupDriver driver;
    const std::string id = version < 4 ? "" : driver.id({.version = version});
    const Ticket join = driver.join({.member = id, .version = version});
    driver.pass(3s);
    EXPECT_TRUE(protocol::encode(driver.joined(join), version)) << version;
    EXPECT_TRUE(protocol::encode(driver.joined(driver.join({.member = "nobody", .version = version})), version));
  }
}

TEST(ClassicGroupJoin, InVersion0TheSessionTimeoutIsTheRebalanceTimeoutToo) {
  GroupDriver driver;
  const Ticket a = driver.join({.version = 0, .session_ms = 12'000});
  const Ticket b = driver.join({.version = 0, .session_ms = 12'000});
  driver.pass(6s);
  const std::string leader = driver.joined(a).member_id;
  const std::string other = driver.joined(b).member_id;
  driver.sync_all({leader, other}, 1);
  const Ticket again = driver.join({.member = leader, .version = 0, .session_ms = 12'000});
  driver.pass(11s);
  EXPECT_EQ(driver.heartbeat(other, 1), Errc::rebalance_in_progress);
  EXPECT_FALSE(driver.is_answered(again));
  driver.pass(1s);
  EXPECT_EQ(driver.joined(again).members.size(), 1u);
}

TEST(ClassicGroupJoin, WhatMembersSayOfThemselvesIsRelayedAsItIs) {
  GroupDriver driver;
  const std::string any("\0\1\xff owned partitions", 20);
  const Ticket join = driver.join({.protocols = {{"cooperative-sticky", any}}, .version = 3});
  driver.pass(3s);
  EXPECT_EQ(driver.joined(join).members.at(0).metadata.memory().text(), any);
}

}  // namespace
}  // namespace leat::group
