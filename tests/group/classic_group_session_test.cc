#include "group_driver.h"

namespace leat::group {
namespace {

using namespace std::chrono_literals;

TEST(ClassicGroupSession, AHeartbeatSaysWhetherThereIsARebalance) {
  GroupDriver driver;
  EXPECT_EQ(driver.heartbeat("nobody", 0), Errc::unknown_member_id);
  const auto ids = driver.stable(2);
  EXPECT_EQ(driver.heartbeat(ids[0], 1), Errc::none);
  EXPECT_EQ(driver.heartbeat(ids[0], 0), Errc::illegal_generation);
  EXPECT_EQ(driver.heartbeat(ids[0], 2), Errc::illegal_generation);
  EXPECT_EQ(driver.heartbeat("nobody", 1), Errc::unknown_member_id);
  driver.join({.member = ids[0]});
  EXPECT_EQ(driver.heartbeat(ids[1], 1), Errc::rebalance_in_progress);
  driver.join({.member = ids[1]});
  ASSERT_EQ(driver.group.state(), GroupState::completing_rebalance);
  EXPECT_EQ(driver.heartbeat(ids[1], 2), Errc::none);
}

TEST(ClassicGroupSession, HeartbeatsKeepAMemberAndSilenceEndsIt) {
  GroupDriver driver;
  const auto ids = driver.stable(2);
  for (int i = 0; i < 10; ++i) {
    driver.pass(9s);
    EXPECT_EQ(driver.heartbeat(ids[0], 1), Errc::none);
    EXPECT_EQ(driver.heartbeat(ids[1], 1), Errc::none);
  }
  driver.pass(5s);
  EXPECT_EQ(driver.heartbeat(ids[0], 1), Errc::none);
  driver.pass(4999ms);
  EXPECT_EQ(driver.group.state(), GroupState::stable);
  driver.pass(1ms);
  EXPECT_EQ(driver.heartbeat(ids[0], 1), Errc::rebalance_in_progress);
  EXPECT_EQ(driver.heartbeat(ids[1], 1), Errc::unknown_member_id);
}

TEST(ClassicGroupSession, AHeartbeatKeepsASessionDuringARebalanceToo) {
  GroupDriver driver;
  const auto ids = driver.stable(2);
  driver.join({.member = ids[0]});
  for (int i = 0; i < 5; ++i) {
    driver.pass(9s);
    EXPECT_EQ(driver.heartbeat(ids[1], 1), Errc::rebalance_in_progress);
  }
}

TEST(ClassicGroupSession, ACommitIsASignOfLife) {
  GroupDriver driver;
  const auto ids = driver.stable(1);
  for (int i = 0; i < 5; ++i) {
    driver.pass(9s);
    EXPECT_EQ(driver.commit(ids[0], 1), Errc::none);
  }
  EXPECT_EQ(driver.group.state(), GroupState::stable);
}

TEST(ClassicGroupSession, WhoWaitsInARebalanceNeedNotShowThatItIsThere) {
  GroupDriver driver;
  const auto ids = driver.stable(2, {.session_ms = 6000, .rebalance_ms = 60'000});
  const Ticket join = driver.join({.member = ids[0], .session_ms = 6000, .rebalance_ms = 60'000});
  for (int i = 0; i < 9; ++i) {
    driver.pass(5s);
    driver.heartbeat(ids[1], 1);
  }
  EXPECT_FALSE(driver.is_answered(join));
  driver.join({.member = ids[1], .session_ms = 6000, .rebalance_ms = 60'000});
  EXPECT_EQ(driver.join_error(join), Errc::none);

  const Ticket sync = driver.sync({.member = ids[1], .generation = 2});
  for (int i = 0; i < 9; ++i) {
    driver.pass(5s);
    EXPECT_EQ(driver.heartbeat(ids[0], 2), Errc::none);
  }
  EXPECT_FALSE(driver.is_answered(sync));
  driver.sync({.member = ids[0], .generation = 2});
  EXPECT_EQ(driver.sync_error(sync), Errc::none);
  driver.pass(5999ms);
  EXPECT_EQ(driver.heartbeat(ids[1], 2), Errc::none) << "a whole session from its answer on";
}

TEST(ClassicGroupSession, SessionsBeginWithTheEndOfTheJoinPhase) {
  GroupDriver driver;
  const Ticket join = driver.join({.version = 3, .session_ms = 6000});
  driver.pass(3s);
  const std::string id = driver.joined(join).member_id;
  driver.pass(5999ms);
  EXPECT_EQ(driver.heartbeat(id, 1), Errc::none);
  driver.pass(6s);
  EXPECT_EQ(driver.heartbeat(id, 1), Errc::unknown_member_id);
}

TEST(ClassicGroupSession, ANewMemberIsWaitedForFiveMinutes) {
  GroupDriver driver;
  const auto ids = driver.stable(1, {.session_ms = 6000, .rebalance_ms = 600'000});
  const Ticket join = driver.join({.version = 3, .session_ms = 6000, .rebalance_ms = 600'000});
  for (int i = 0; i < 60; ++i) {
    EXPECT_FALSE(driver.is_answered(join));
    driver.pass(5s);
    driver.heartbeat(ids[0], 1);
  }
  const auto response = driver.joined(join);
  EXPECT_EQ(Errc{response.error_code}, Errc::unknown_member_id);
  EXPECT_EQ(response.member_id, "");
}

TEST(ClassicGroupSession, WhoLeavesOrIsLostMakesTheOthersRebalance) {
  for (const bool leaves : {true, false}) {
    GroupDriver driver;
    const auto ids = driver.stable(2, {.session_ms = 20'000});
    driver.join({.member = ids[0], .session_ms = 20'000});
    driver.join({.member = ids[1], .session_ms = 20'000});
    const Ticket waits = driver.sync({.member = ids[0] < ids[1] ? ids[1] : ids[0], .generation = 2});
    ASSERT_EQ(driver.group.state(), GroupState::completing_rebalance);
    if (leaves) EXPECT_EQ(driver.leave(ids[0]), Errc::none);
    else driver.pass(20s);
    EXPECT_EQ(driver.sync_error(waits), Errc::rebalance_in_progress);
    EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);
    EXPECT_EQ(driver.heartbeat(ids[0], 2), Errc::unknown_member_id);
  }
}

TEST(ClassicGroupSession, WhoLeavesWhileItJoinsIsToldThatItIsNoMember) {
  GroupDriver driver;
  const auto ids = driver.stable(2);
  const Ticket join = driver.join({.member = ids[0]});
  EXPECT_EQ(driver.leave(ids[0]), Errc::none);
  const auto response = driver.joined(join);
  EXPECT_EQ(Errc{response.error_code}, Errc::unknown_member_id);
  EXPECT_EQ(response.member_id, "");
}

TEST(ClassicGroupSession, AJoinPhaseEndsWhenTheLastItWaitsForGoes) {
  GroupDriver driver;
  const auto ids = driver.stable(3, {.rebalance_ms = 300'000});
  const Ticket join = driver.join({.member = ids[0], .rebalance_ms = 300'000});
  EXPECT_EQ(driver.leave(ids[1]), Errc::none);
  EXPECT_FALSE(driver.is_answered(join));
  driver.pass(10s);
  EXPECT_EQ(driver.joined(join).members.size(), 1u);
}

TEST(ClassicGroupSession, WhenTheLastLeavesTheGroupIsEmptyAndThatIsRecorded) {
  GroupDriver driver;
  const auto ids = driver.stable(1);
  driver.pass(1s);
  EXPECT_EQ(driver.leave(ids[0]), Errc::none);
  EXPECT_EQ(driver.group.state(), GroupState::empty);
  EXPECT_EQ(driver.group.generation(), 2);
  ASSERT_EQ(driver.records.size(), 2u);
  const auto& value = *driver.records[1].value;
  EXPECT_EQ(value.generation, 2);
  EXPECT_EQ(value.protocol_type, "consumer");
  EXPECT_EQ(value.protocol, std::nullopt);
  EXPECT_EQ(value.leader, std::nullopt);
  EXPECT_EQ(value.current_state_timestamp, driver.now.wall);
  EXPECT_TRUE(value.members.empty());
  EXPECT_EQ(driver.group.empty_since(), driver.now.wall);
  EXPECT_EQ(driver.group.next_deadline(), Instant::max());
  EXPECT_EQ(driver.heartbeat(ids[0], 2), Errc::unknown_member_id);
  EXPECT_EQ(driver.sync_error(driver.sync({.member = ids[0], .generation = 2})), Errc::unknown_member_id);
}

TEST(ClassicGroupSession, AnEmptyGroupCanBecomeOneOfAnotherType) {
  GroupDriver driver;
  EXPECT_EQ(driver.leave(driver.stable(1).at(0)), Errc::none);
  const Ticket join = driver.join({.version = 3, .type = "connect"});
  driver.pass(3s);
  EXPECT_EQ(driver.joined(join).generation_id, 3);
  EXPECT_EQ(driver.group.protocol_type(), "connect");
}

TEST(ClassicGroupSession, BelowVersion3OneMemberLeavesAndTheAnswerIsItsError) {
  GroupDriver driver;
  const auto ids = driver.stable(1);
  EXPECT_EQ(driver.leave_as_of_version_2("nobody"), Errc::unknown_member_id);
  EXPECT_EQ(driver.leave_as_of_version_2(ids[0]), Errc::none);
  EXPECT_EQ(driver.group.state(), GroupState::empty);
}

TEST(ClassicGroupSession, ManyLeaveAtOnceAndEachHasItsOwnError) {
  GroupDriver driver;
  const auto ids = driver.stable(3);
  const std::string pending = driver.id();
  const auto response =
      driver.leave_all({{ids[0], {}, {}}, {"nobody", {}, {}}, {pending, {}, {}}, {ids[0], {}, {}}, {"", {}, {}}});
  ASSERT_EQ(response.members.size(), 5u);
  EXPECT_EQ(Errc{response.error_code}, Errc::none);
  EXPECT_EQ(Errc{response.members[0].error_code}, Errc::none);
  EXPECT_EQ(response.members[0].member_id, ids[0]);
  EXPECT_EQ(Errc{response.members[1].error_code}, Errc::unknown_member_id);
  EXPECT_EQ(Errc{response.members[2].error_code}, Errc::none);
  EXPECT_EQ(Errc{response.members[3].error_code}, Errc::unknown_member_id);
  EXPECT_EQ(Errc{response.members[4].error_code}, Errc::unknown_member_id);
  EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);
  EXPECT_EQ(driver.join_error(driver.join({.member = pending})), Errc::unknown_member_id);
}

TEST(ClassicGroupCommit, WhoIsNoMemberCommitsOnlyWhileTheGroupIsEmpty) {
  GroupDriver driver;
  EXPECT_EQ(driver.commit("", -1), Errc::none);
  EXPECT_EQ(driver.commit("", 0), Errc::unknown_member_id);
  driver.stable(1);
  EXPECT_EQ(driver.commit("", -1), Errc::unknown_member_id);
  EXPECT_EQ(driver.commit("nobody", 1), Errc::unknown_member_id);
}

TEST(ClassicGroupCommit, AMemberCommitsInItsGenerationAlsoWhileOthersRejoinButNotBeforeItsAssignment) {
  GroupDriver driver;
  const auto ids = driver.stable(2);
  EXPECT_EQ(driver.commit(ids[0], 1), Errc::none);
  EXPECT_EQ(driver.commit(ids[0], 0), Errc::illegal_generation);
  EXPECT_EQ(driver.commit(ids[0], 2), Errc::illegal_generation);
  EXPECT_EQ(driver.commit(ids[0], -1), Errc::illegal_generation);
  driver.join({.member = ids[0]});
  EXPECT_EQ(driver.commit(ids[1], 1), Errc::none);
  driver.join({.member = ids[1]});
  EXPECT_EQ(driver.commit(ids[1], 1), Errc::illegal_generation);
  EXPECT_EQ(driver.commit(ids[1], 2), Errc::rebalance_in_progress);
}

}  // namespace
}  // namespace leat::group
