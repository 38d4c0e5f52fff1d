#include "group_driver.h"

namespace leat::group {
namespace {

using namespace std::chrono_literals;

/// Static members "i0" and "i1", stable in generation 1; "i0" leads.
class StaticMembers : public testing::Test {
 protected:
  void SetUp() override { make_stable(); }

  void make_stable(GroupDriver::JoinArgs args = {.session_ms = 20'000, .rebalance_ms = 30'000}) {
    args.instance = "i0";
    const Ticket a = driver.join(args);
    args.instance = "i1";
    const Ticket b = driver.join(args);
    driver.pass(6s);
    ids = {driver.joined(a).member_id, driver.joined(b).member_id};
    driver.sync_all(ids, 1);
  }
  GroupDriver::JoinArgs restart(const char* instance) const {
    return {.instance = instance, .session_ms = 20'000, .rebalance_ms = 30'000};
  }

  GroupDriver driver{Settings{.max_record_bytes = 3000}};
  std::vector<std::string> ids;
};

TEST_F(StaticMembers, AreNamedAfterTheirInstanceAndJoinInOneStep) {
  EXPECT_EQ(ids[0], "i0-00000000-0000-0000-0000-000000000001");
  EXPECT_EQ(driver.records.at(0).value->members.at(0).group_instance_id, "i0");
}

TEST_F(StaticMembers, AFollowerThatRestartsGetsAnotherIdAndItsAssignmentWithoutARebalance) {
  const auto response = driver.joined(driver.join(restart("i1")));
  EXPECT_EQ(Errc{response.error_code}, Errc::none);
  EXPECT_NE(response.member_id, ids[1]);
  EXPECT_EQ(response.generation_id, 1);
  EXPECT_EQ(response.leader, ids[0]);
  EXPECT_FALSE(response.skip_assignment);
  EXPECT_TRUE(response.members.empty());
  EXPECT_EQ(driver.group.state(), GroupState::stable);
  EXPECT_EQ(driver.assignment(driver.sync({.member = response.member_id, .instance = "i1"})), ids[1]);
}

TEST_F(StaticMembers, TheNewIdIsInARecordBeforeItIsInTheAnswer) {
  const auto response = driver.joined(driver.join(restart("i1")));
  ASSERT_EQ(driver.records.size(), 2u);
  const auto& value = *driver.records[1].value;
  EXPECT_EQ(value.generation, 1);
  EXPECT_EQ(value.members.at(1).member_id, response.member_id);
  EXPECT_EQ(value.members.at(1).assignment.memory().text(), ids[1]);
  EXPECT_EQ(value.members.at(0).assignment.memory().text(), ids[0]);
}

TEST_F(StaticMembers, ALeaderThatRestartsLeadsOnAndSkipsTheAssignment) {
  const auto response = driver.joined(driver.join(restart("i0")));
  EXPECT_EQ(response.leader, response.member_id);
  EXPECT_TRUE(response.skip_assignment);
  EXPECT_EQ(response.members.size(), 2u);
  EXPECT_EQ(driver.group.state(), GroupState::stable);
}

TEST_F(StaticMembers, BelowVersion9ALeaderThatRestartsIsToldThatItsOldIdLeads) {
  auto args = restart("i0");
  args.version = 8;
  const auto response = driver.joined(driver.join(args));
  EXPECT_EQ(response.leader, ids[0]);
  EXPECT_FALSE(response.skip_assignment);
  EXPECT_TRUE(response.members.empty());
  EXPECT_TRUE(protocol::encode(response, 8));
}

TEST_F(StaticMembers, ARestartThatChangesTheProtocolRebalances) {
  auto args = restart("i1");
  args.protocols = {{"sticky", ""}};
  EXPECT_EQ(driver.join_error(driver.join(args)), Errc::inconsistent_group_protocol);

  GroupDriver other;
  const GroupDriver::Protocols both{{"range", ""}, {"sticky", ""}};
  const Ticket a = other.join({.instance = "i0", .protocols = both});
  const Ticket b = other.join({.instance = "i1", .protocols = both});
  other.pass(6s);
  other.sync_all({other.joined(a).member_id, other.joined(b).member_id}, 1);
  const Ticket join = other.join({.instance = "i1", .protocols = {{"sticky", ""}}});
  EXPECT_FALSE(other.is_answered(join));
  EXPECT_EQ(other.group.state(), GroupState::preparing_rebalance);
}

TEST_F(StaticMembers, ARestartBeforeTheAssignmentRebalances) {
  driver.join({.member = ids[0], .instance = "i0"});
  driver.join({.member = ids[1], .instance = "i1"});
  ASSERT_EQ(driver.group.state(), GroupState::completing_rebalance);
  const Ticket waits = driver.sync({.member = ids[1], .generation = 2, .instance = "i1"});
  const Ticket join = driver.join(restart("i1"));
  EXPECT_EQ(driver.sync_error(waits), Errc::fenced_instance_id);
  EXPECT_FALSE(driver.is_answered(join));
  EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);
}

TEST_F(StaticMembers, ARestartDuringAJoinPhaseTakesTheOldOnesPlace) {
  const Ticket old = driver.join({.member = ids[0], .instance = "i0"});
  const Ticket fresh = driver.join(restart("i0"));
  const auto fenced = driver.joined(old);
  EXPECT_EQ(Errc{fenced.error_code}, Errc::fenced_instance_id);
  EXPECT_EQ(fenced.member_id, ids[0]);
  EXPECT_FALSE(driver.is_answered(fresh));
  driver.join({.member = ids[1], .instance = "i1"});
  const auto response = driver.joined(fresh);
  EXPECT_EQ(response.generation_id, 2);
  EXPECT_EQ(response.members.size(), 2u);
  EXPECT_EQ(response.leader, response.member_id);
}

TEST_F(StaticMembers, WhoIsReplacedIsFencedEverywhere) {
  driver.join(restart("i0"));
  EXPECT_EQ(driver.join_error(driver.join({.member = ids[0], .instance = "i0"})), Errc::fenced_instance_id);
  EXPECT_EQ(driver.sync_error(driver.sync({.member = ids[0], .instance = "i0"})), Errc::fenced_instance_id);
  EXPECT_EQ(driver.heartbeat(ids[0], 1, "i0"), Errc::fenced_instance_id);
  EXPECT_EQ(driver.commit(ids[0], 1, "i0"), Errc::fenced_instance_id);
  EXPECT_EQ(Errc{driver.leave_all({{ids[0], "i0", {}}}).members.at(0).error_code}, Errc::fenced_instance_id);
  EXPECT_EQ(driver.heartbeat(ids[0], 1), Errc::unknown_member_id);
}

TEST_F(StaticMembers, AnInstanceThatNobodyIsIsUnknown) {
  EXPECT_EQ(driver.join_error(driver.join({.member = ids[0], .instance = "i7"})), Errc::unknown_member_id);
  EXPECT_EQ(driver.sync_error(driver.sync({.member = ids[0], .instance = "i7"})), Errc::unknown_member_id);
  EXPECT_EQ(driver.heartbeat(ids[0], 1, "i7"), Errc::unknown_member_id);
  EXPECT_EQ(driver.commit(ids[0], 1, "i7"), Errc::unknown_member_id);
}

TEST_F(StaticMembers, StayWhenTheyDoNotRejoinInTime) {
  const Ticket join = driver.join({.member = ids[0], .instance = "i0", .session_ms = 20'000, .rebalance_ms = 30'000});
  driver.pass(15s);
  driver.heartbeat(ids[1], 1, "i1");
  driver.pass(15s);
  const auto response = driver.joined(join);
  EXPECT_EQ(response.generation_id, 2);
  EXPECT_EQ(response.members.size(), 2u);
}

TEST_F(StaticMembers, AnotherLeadsWhenAStaticLeaderDoesNotRejoin) {
  const Ticket join =
      driver.join({.member = ids[1], .instance = "i1", .protocols = {{"range", "changed"}}, .session_ms = 20'000});
  driver.pass(15s);
  driver.heartbeat(ids[0], 1, "i0");
  driver.pass(15s);
  driver.heartbeat(ids[0], 1, "i0");
  driver.pass(15s);
  driver.heartbeat(ids[0], 1, "i0");
  driver.pass(15s);
  const auto response = driver.joined(join);
  EXPECT_EQ(response.leader, ids[1]);
  EXPECT_EQ(response.members.size(), 2u);
}

TEST_F(StaticMembers, AJoinPhaseThatNoneOfThemComesToGoesOnUntilTheirSessionsEnd) {
  Settings settings;
  settings.max_size = 1;
  GroupDriver loaded(settings);
  for (const auto& record : driver.records) loaded.group.apply(*record.value);
  loaded.begin();
  ASSERT_EQ(loaded.group.state(), GroupState::preparing_rebalance);
  for (int i = 0; i < 4; ++i) {
    loaded.pass(15s);
    EXPECT_EQ(loaded.heartbeat(ids[0], 1, "i0"), Errc::rebalance_in_progress);
    EXPECT_EQ(loaded.heartbeat(ids[1], 1, "i1"), Errc::rebalance_in_progress);
  }
  loaded.pass(20s);
  EXPECT_EQ(loaded.group.state(), GroupState::empty);
}

TEST_F(StaticMembers, AskingForNoRebalanceTimeDoesNotMakeTheGroupLookAtTimeAgainAndAgain) {
  Settings settings;
  settings.max_size = 1;
  GroupDriver loaded(settings);
  auto value = *driver.records.at(0).value;
  for (auto& member : value.members) member.rebalance_timeout = 0;
  loaded.group.apply(value);
  loaded.begin();
  loaded.pass(19s);
  EXPECT_EQ(loaded.group.state(), GroupState::preparing_rebalance);
  loaded.pass(2s);
  EXPECT_EQ(loaded.group.state(), GroupState::empty);
}

TEST_F(StaticMembers, AreRemovedByTheirInstanceOrByBothNames) {
  const auto by_instance = driver.leave_all({{"", "i1", {}}, {"", "i7", {}}, {ids[1], "i1", {}}});
  EXPECT_EQ(Errc{by_instance.members[0].error_code}, Errc::none);
  EXPECT_EQ(by_instance.members[0].member_id, "");
  EXPECT_EQ(by_instance.members[0].group_instance_id, "i1");
  EXPECT_EQ(Errc{by_instance.members[1].error_code}, Errc::unknown_member_id);
  EXPECT_EQ(Errc{by_instance.members[2].error_code}, Errc::unknown_member_id);
  EXPECT_EQ(driver.group.state(), GroupState::preparing_rebalance);
  EXPECT_EQ(Errc{driver.leave_all({{ids[0], "i0", {}}}).members[0].error_code}, Errc::none);
  EXPECT_EQ(driver.group.state(), GroupState::empty);
}

TEST_F(StaticMembers, AreRemovedWhenTheirSessionsEnd) {
  driver.pass(19'999ms);
  EXPECT_EQ(driver.group.state(), GroupState::stable);
  driver.pass(1ms);
  EXPECT_EQ(driver.group.state(), GroupState::empty);
}

TEST_F(StaticMembers, ARestartThatCannotBeWrittenLeavesTheOldMemberInItsPlace) {
  auto args = restart("i0");
  args.protocols = {{"range", std::string(5000, 'x')}};
  const auto response = driver.joined(driver.join(args));
  EXPECT_EQ(Errc{response.error_code}, Errc::unknown_server_error);
  EXPECT_EQ(response.member_id, "");
  EXPECT_EQ(driver.records.size(), 1u);
  EXPECT_EQ(driver.heartbeat(ids[0], 1, "i0"), Errc::none);
  EXPECT_EQ(driver.assignment(driver.sync({.member = ids[0], .instance = "i0"})), ids[0]);
  EXPECT_EQ(driver.join_error(driver.join({.member = ids[1], .instance = "i1"})), Errc::none);
}

TEST_F(StaticMembers, ARestartBeforeTheOldOneSyncedOwesItsSync) {
  GroupDriver other;
  const Ticket a = other.join({.instance = "i0", .session_ms = 200'000, .rebalance_ms = 20'000});
  const Ticket b = other.join({.instance = "i1", .session_ms = 200'000, .rebalance_ms = 20'000});
  other.pass(6s);
  const std::string leader = other.joined(a).member_id;
  other.joined(b);
  other.sync({.member = leader, .instance = "i0"});
  const auto fresh = other.joined(other.join({.instance = "i1", .session_ms = 200'000, .rebalance_ms = 20'000}));
  EXPECT_EQ(other.sync_error(other.sync({.member = fresh.member_id, .instance = "i1"})), Errc::none);
  other.pass(100s);
  EXPECT_EQ(other.group.state(), GroupState::stable);
}

}  // namespace
}  // namespace leat::group
