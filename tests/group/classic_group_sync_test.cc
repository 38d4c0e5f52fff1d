#include "group_driver.h"

namespace leat::group {
namespace {

using namespace std::chrono_literals;

/// Two members that have joined generation 1 and not synced.
class ClassicGroupSync : public testing::Test {
 protected:
  void join_both(GroupDriver::JoinArgs args = {.version = 3}) {
    const Ticket a = driver.join(args);
    const Ticket b = driver.join(args);
    driver.pass(6s);
    leader = driver.joined(a).member_id;
    follower = driver.joined(b).member_id;
  }

  GroupDriver driver;
  std::string leader;
  std::string follower;
};

TEST_F(ClassicGroupSync, TheLeadersAssignmentAnswersEverybody) {
  join_both();
  const Ticket waits = driver.sync({.member = follower});
  EXPECT_FALSE(driver.is_answered(waits));
  EXPECT_EQ(driver.group.state(), GroupState::completing_rebalance);
  const Ticket leads = driver.sync({.member = leader, .assignments = {{leader, "p0"}, {follower, "p1"}}});
  EXPECT_EQ(driver.assignment(leads), "p0");
  const auto response = driver.synced(waits);
  EXPECT_EQ(response.assignment.memory().text(), "p1");
  EXPECT_EQ(response.protocol_type, "consumer");
  EXPECT_EQ(response.protocol_name, "range");
  EXPECT_EQ(driver.group.state(), GroupState::stable);
}

TEST_F(ClassicGroupSync, TheAssignmentIsInARecordBeforeItIsInAnAnswer) {
  join_both();
  EXPECT_TRUE(driver.records.empty());
  driver.now.wall = 777;
  const TimestampMs since = driver.now.wall;
  driver.sync({.member = leader, .assignments = {{leader, "p0"}, {follower, "p1"}}});
  ASSERT_EQ(driver.records.size(), 1u);
  const auto& record = driver.records[0];
  EXPECT_EQ(record.key.group, "g");
  EXPECT_EQ(record.value->generation, 1);
  EXPECT_EQ(record.value->protocol_type, "consumer");
  EXPECT_EQ(record.value->protocol, "range");
  EXPECT_EQ(record.value->leader, leader);
  EXPECT_NE(record.value->current_state_timestamp, since) << "of when the join was complete";
  ASSERT_EQ(record.value->members.size(), 2u);
  for (const auto& member : record.value->members) {
    EXPECT_EQ(member.client_id, "client");
    EXPECT_EQ(member.client_host, "/127.0.0.1");
    EXPECT_EQ(member.session_timeout, 10'000);
    EXPECT_EQ(member.rebalance_timeout, 60'000);
    EXPECT_EQ(member.subscription.memory().text(), "meta");
    EXPECT_EQ(member.assignment.memory().text(), member.member_id == leader ? "p0" : "p1");
  }
}

TEST_F(ClassicGroupSync, WhoIsMissingFromTheAssignmentGetsAnEmptyOneAndStrangersNone) {
  join_both();
  const Ticket waits = driver.sync({.member = follower});
  driver.sync({.member = leader, .assignments = {{leader, "p0"}, {"stranger", "p1"}}});
  EXPECT_EQ(driver.assignment(waits), "");
  EXPECT_EQ(driver.records.at(0).value->members.size(), 2u);
}

TEST_F(ClassicGroupSync, InStableTheAssignmentIsGivenAtOnce) {
  const auto ids = driver.stable(2);
  EXPECT_EQ(driver.assignment(driver.sync({.member = ids[1]})), ids[1]);
  EXPECT_EQ(driver.assignment(driver.sync({.member = ids[0], .assignments = {{ids[0], "other"}}})), ids[0]);
  EXPECT_EQ(driver.records.size(), 1u);
}

TEST_F(ClassicGroupSync, WrongGenerationsMembersAndProtocolsAreRefused) {
  EXPECT_EQ(driver.sync_error(driver.sync({.member = "nobody"})), Errc::unknown_member_id);
  join_both();
  EXPECT_EQ(driver.sync_error(driver.sync({.member = "nobody"})), Errc::unknown_member_id);
  EXPECT_EQ(driver.sync_error(driver.sync({.member = leader, .generation = 0})), Errc::illegal_generation);
  EXPECT_EQ(driver.sync_error(driver.sync({.member = leader, .generation = 2})), Errc::illegal_generation);
  EXPECT_EQ(driver.sync_error(driver.sync({.member = leader, .type = "connect"})),
            Errc::inconsistent_group_protocol);
  EXPECT_EQ(driver.sync_error(driver.sync({.member = leader, .protocol = "sticky"})),
            Errc::inconsistent_group_protocol);
  EXPECT_EQ(driver.sync_error(driver.sync({.member = leader, .type = {}})), Errc::inconsistent_group_protocol);
  EXPECT_EQ(driver.sync_error(driver.sync({.member = leader, .protocol = {}})), Errc::inconsistent_group_protocol);
  EXPECT_EQ(driver.group.state(), GroupState::completing_rebalance);
  EXPECT_EQ(driver.sync_error(driver.sync({.member = leader, .version = 4})), Errc::none);
}

TEST_F(ClassicGroupSync, DuringAJoinPhaseNobodyIsAssignedAnything) {
  const auto ids = driver.stable(2);
  driver.join({.member = ids[0]});
  const auto response = driver.synced(driver.sync({.member = ids[1]}));
  EXPECT_EQ(Errc{response.error_code}, Errc::rebalance_in_progress);
  EXPECT_TRUE(response.assignment.empty());
}

TEST_F(ClassicGroupSync, WhoJoinsAndDoesNotSyncInTimeIsRemoved) {
  join_both({.version = 3, .session_ms = 100'000, .rebalance_ms = 20'000});
  const Ticket waits = driver.sync({.member = follower});
  driver.pass(19'999ms);
  EXPECT_EQ(driver.group.state(), GroupState::completing_rebalance);
  driver.pass(1ms);
  EXPECT_EQ(driver.sync_error(waits), Errc::rebalance_in_progress);
  EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);
  EXPECT_EQ(driver.heartbeat(leader, 1), Errc::unknown_member_id);
  EXPECT_EQ(driver.joined(driver.join({.member = follower})).leader, follower);
}

TEST_F(ClassicGroupSync, EvenOnceTheGroupIsStable) {
  join_both({.version = 3, .session_ms = 100'000, .rebalance_ms = 20'000});
  driver.sync({.member = leader});
  EXPECT_EQ(driver.group.state(), GroupState::stable);
  driver.pass(20s);
  EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);
  EXPECT_EQ(driver.heartbeat(leader, 1), Errc::rebalance_in_progress);
  EXPECT_EQ(driver.heartbeat(follower, 1), Errc::unknown_member_id);
}

TEST_F(ClassicGroupSync, WhoSyncedMayTakeItsTime) {
  join_both({.version = 3, .session_ms = 100'000, .rebalance_ms = 20'000});
  driver.sync({.member = leader});
  driver.sync({.member = follower});
  driver.pass(99s);
  EXPECT_EQ(driver.group.state(), GroupState::stable);
}

TEST_F(ClassicGroupSync, ASyncThatIsRetriedTakesThePlaceOfTheOneThatIsHeld) {
  join_both();
  const Ticket lost = driver.sync({.member = follower});
  const Ticket retried = driver.sync({.member = follower});
  EXPECT_EQ(driver.sync_error(lost), Errc::rebalance_in_progress);
  EXPECT_FALSE(driver.is_answered(retried));
  driver.sync({.member = leader, .assignments = {{follower, "p1"}}});
  EXPECT_EQ(driver.assignment(retried), "p1");
}

TEST_F(ClassicGroupSync, WhoLeavesWhileItWaitsIsToldThatItIsNoMember) {
  join_both();
  const Ticket waits = driver.sync({.member = follower});
  EXPECT_EQ(driver.leave(follower), Errc::none);
  EXPECT_EQ(driver.sync_error(waits), Errc::unknown_member_id);
}

TEST(ClassicGroupRecordSize, AnAssignmentThatIsTooLargeToBeWrittenFailsAllSyncsAndRebalances) {
  GroupDriver driver(Settings{.max_record_bytes = 2000});
  const auto ids = driver.stable(2);
  const Ticket a = driver.join({.member = ids[0]});
  const Ticket b = driver.join({.member = ids[1]});
  EXPECT_EQ(driver.joined(a).generation_id, 2);
  EXPECT_EQ(driver.joined(b).generation_id, 2);
  const Ticket waits = driver.sync({.member = ids[1], .generation = 2});
  const Ticket leads =
      driver.sync({.member = ids[0], .generation = 2, .assignments = {{ids[1], std::string(3000, 'x')}}});
  EXPECT_EQ(driver.sync_error(leads), Errc::unknown_server_error);
  const auto response = driver.synced(waits);
  EXPECT_EQ(Errc{response.error_code}, Errc::unknown_server_error);
  EXPECT_TRUE(response.assignment.empty());
  EXPECT_EQ(driver.records.size(), 1u);
  EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);

  driver.join({.member = ids[0]});
  driver.join({.member = ids[1]});
  driver.sync_all(ids, 3);
}

TEST(ClassicGroupRecordSize, AGroupBecomesEmptyEvenIfThatCannotBeWritten) {
  GroupDriver driver(Settings{.max_record_bytes = 10});
  const std::string id = driver.id();
  driver.join({.member = id});
  EXPECT_EQ(driver.leave(id), Errc::none);
  driver.pass(3s);
  EXPECT_EQ(driver.group.state(), GroupState::empty);
  EXPECT_EQ(driver.group.generation(), 1);
  EXPECT_TRUE(driver.records.empty());
  EXPECT_EQ(driver.group.next_deadline(), Instant::max());
}

}  // namespace
}  // namespace leat::group
