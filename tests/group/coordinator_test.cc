#include "group/coordinator.h"

#include <gmock/gmock.h>

#include "clients.h"

namespace leat::group {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const auto any_topic = subscription_to({"t"});

TEST(Coordinator, AFirstJoinWithoutAMemberIdMakesTheGroupAndIsGivenAnId) {
  Clients clients;
  const auto joined = clients.join("g", "", 9, any_topic);
  EXPECT_EQ(Errc{joined.error_code}, Errc::member_id_required);
  EXPECT_FALSE(joined.member_id.empty());
  EXPECT_THAT(clients.list(), ElementsAre("g  Empty"));
  ASSERT_EQ(clients.log.size(), 1);
}

TEST(Coordinator, AJoinWithAMemberIdToNoGroupIsByAnUnknownMember) {  // I4
  Clients clients;
  const auto joined = clients.join("g", "somebody", 9, any_topic);
  EXPECT_EQ(Errc{joined.error_code}, Errc::unknown_member_id);
  EXPECT_EQ(joined.member_id, "somebody");
  EXPECT_THAT(clients.list(), IsEmpty());
  EXPECT_THAT(clients.log, IsEmpty());
}

TEST(Coordinator, MembersOfNoGroupAreUnknown) {
  Clients clients;
  EXPECT_EQ(clients.heartbeat("g", "m", 1), Errc::unknown_member_id);
  EXPECT_EQ(Errc{clients.sync("g", "m", 1, "").error_code}, Errc::unknown_member_id);
  const auto left = clients.leave("g", "m", 5);
  EXPECT_EQ(left.error_code, 0);
  EXPECT_EQ(Errc{left.members.at(0).error_code}, Errc::unknown_member_id);
  EXPECT_EQ(left.members.at(0).member_id, "m");
  EXPECT_EQ(Errc{clients.leave("g", "m", 2).error_code}, Errc::unknown_member_id);
}

TEST(Coordinator, AGroupIdThatIsEmptyOrFitsNoRecordIsInvalid) {  // I2
  Clients clients;
  for (const auto& group : {std::string(), std::string(40'000, 'g')}) {
    EXPECT_EQ(Errc{clients.join(group, "", 3, any_topic).error_code}, Errc::invalid_group_id);
    EXPECT_EQ(clients.heartbeat(group, "m", 1), Errc::invalid_group_id);
    EXPECT_EQ(Errc{clients.sync(group, "m", 1, "").error_code}, Errc::invalid_group_id);
    EXPECT_EQ(Errc{clients.leave(group, "m").error_code}, Errc::invalid_group_id);
  }
  EXPECT_EQ(clients.commit(std::string(40'000, 'g'), "t", 0, 1), Errc::invalid_group_id);
}

TEST(Coordinator, OffsetsOfTheEmptyGroupIdAreServed) {
  Clients clients;
  EXPECT_EQ(clients.commit("", "t", 0, 7), Errc::none);
  EXPECT_EQ(clients.committed("", "t", 0), 7);
}

TEST(Coordinator, ASessionTimeoutOutOfBoundsMakesNoGroup) {
  Clients clients({.min_session_timeout = std::chrono::hours(1), .max_session_timeout = std::chrono::hours(2)});
  EXPECT_EQ(Errc{clients.join("g", "", 3, any_topic).error_code}, Errc::invalid_session_timeout);
  EXPECT_THAT(clients.list(), IsEmpty());
}

TEST(Coordinator, GroupsAreListedInOrderOfTheirNames) {
  Clients clients;
  for (const auto* group : {"c", "a", "b"}) clients.commit(group, "t", 0, 1);
  clients.consume("aa", {"t"});
  EXPECT_THAT(clients.list(), ElementsAre("a  Empty", "aa consumer Stable", "b  Empty", "c  Empty"));
}

TEST(Coordinator, AListIsFilteredByStatesAndTypesWithoutRegardToCase) {  // I24
  Clients clients;
  clients.commit("simple", "t", 0, 1);
  clients.consume("consumers", {"t"});
  EXPECT_THAT(clients.list({"STABLE"}), ElementsAre("consumers consumer Stable"));
  EXPECT_THAT(clients.list({" empty "}), ElementsAre("simple  Empty"));
  EXPECT_THAT(clients.list({"Empty", "stable"}), testing::SizeIs(2));
  EXPECT_THAT(clients.list({"Nonsense"}), IsEmpty());
  EXPECT_THAT(clients.list({}, {"Classic"}), testing::SizeIs(2));
  EXPECT_THAT(clients.list({}, {"consumer"}), IsEmpty());
  EXPECT_THAT(clients.list({"", "  "}), IsEmpty());
}

TEST(Coordinator, AnUnknownGroupIsDescribedAsDeadAndFromVersion6OnAsNotFound) {  // I23
  Clients clients;
  const auto old = clients.describe("g", 5);
  EXPECT_EQ(old.error_code, 0);
  EXPECT_EQ(old.group_state, "Dead");
  EXPECT_EQ(old.group_id, "g");
  EXPECT_EQ(old.error_message, std::nullopt);
  const auto current = clients.describe("g", 6);
  EXPECT_EQ(Errc{current.error_code}, Errc::group_id_not_found);
  EXPECT_EQ(current.group_state, "Dead");
  EXPECT_EQ(current.error_message, "Group g not found.");
}

TEST(Coordinator, AStableGroupIsDescribedWithItsMembersMetadataAndAssignments) {  // I23
  Clients clients;
  const auto member = clients.consume("g", {"t"});
  const auto group = clients.describe("g");
  EXPECT_EQ(group.error_code, 0);
  EXPECT_EQ(group.group_id, "g");
  EXPECT_EQ(group.group_state, "Stable");
  EXPECT_EQ(group.protocol_type, "consumer");
  EXPECT_EQ(group.protocol_data, "range");
  ASSERT_EQ(group.members.size(), 1);
  EXPECT_EQ(group.members[0].member_id, member.id);
  EXPECT_EQ(group.members[0].client_host, "/127.0.0.1");
}

TEST(Coordinator, DeletingAGroupLeavesATombstoneForItAndEachOfItsOffsets) {  // I25
  Clients clients;
  EXPECT_EQ(clients.delete_group("g"), Errc::group_id_not_found);
  clients.commit(clients.commit_event("g", {{"a", {}, 1, 10}, {"b", {}, 0, 20}, {"a", {}, 0, 30}}));
  const auto before = clients.log.size();
  EXPECT_EQ(clients.delete_group("g"), Errc::none);
  ASSERT_EQ(clients.log.size(), before + 4);
  for (auto at = before; at < clients.log.size(); ++at) EXPECT_FALSE(clients.log[at].value);
  EXPECT_THAT(clients.list(), IsEmpty());
  EXPECT_EQ(clients.committed("g", "a", 1), -1);
  EXPECT_EQ(clients.coordinator->group_count(), 0);
  EXPECT_EQ(clients.coordinator->memory_bytes(), 0);
}

TEST(Coordinator, AGroupWithMembersIsNotDeleted) {  // I25
  Clients clients;
  clients.consume("g", {"t"});
  EXPECT_EQ(clients.delete_group("g"), Errc::non_empty_group);
  EXPECT_THAT(clients.list(), ElementsAre("g consumer Stable"));
}

TEST(Coordinator, AnEmptyGroupWithoutOffsetsGoesAtTheNextCheck) {  // J9
  Clients clients;
  const auto member = clients.consume("g", {"t"});
  clients.leave("g", member.id);
  EXPECT_THAT(clients.list(), ElementsAre("g consumer Empty"));
  clients.pass(clients.settings.offsets_retention_check_interval);
  EXPECT_THAT(clients.list(), IsEmpty());
  EXPECT_FALSE(clients.log.back().value);
}

TEST(Coordinator, AMemberThatIsNotHeardOfIsRemovedWhenItsSessionEnds) {
  Clients clients;
  const auto member = clients.consume("g", {"t"});
  clients.pass(std::chrono::seconds(40));
  EXPECT_EQ(clients.heartbeat("g", member.id, member.generation), Errc::none);
  clients.pass(std::chrono::seconds(40));
  EXPECT_EQ(clients.list({"Stable"}).size(), 1);
  clients.pass(std::chrono::seconds(6));
  EXPECT_EQ(clients.list({"Empty"}).size(), 1);
}

TEST(Coordinator, ATickBeforeTheNextDeadlineDoesNothing) {
  Clients clients;
  clients.consume("g", {"t"});
  clients.commit("h", "t", 0, 1);
  const auto deadline = clients.coordinator->next_deadline();
  EXPECT_GT(deadline, clients.now.instant);
  EXPECT_THAT(clients.run(Tick{}), IsEmpty());
  EXPECT_EQ(clients.coordinator->next_deadline(), deadline);
}

TEST(Coordinator, DeadlinesOfDeletedGroupsAreForgotten) {
  Clients clients;
  clients.join("g", "", 9, any_topic);  // pending for a session time-out
  EXPECT_LT(clients.coordinator->next_deadline(), clients.now.instant + std::chrono::minutes(1));
  EXPECT_EQ(clients.delete_group("g"), Errc::none);
  EXPECT_GT(clients.coordinator->next_deadline(), clients.now.instant + std::chrono::minutes(1));
  clients.pass(std::chrono::minutes(1));
}

TEST(Coordinator, MembersHaveAWholeSessionAfterAFailOver) {  // I26
  Clients clients;
  const auto member = clients.consume("g", {"t"});
  clients.pass(std::chrono::seconds(40));
  clients.fail_over();
  clients.pass(std::chrono::seconds(40));
  EXPECT_EQ(clients.heartbeat("g", member.id, member.generation), Errc::none);
  EXPECT_EQ(clients.commit("g", "t", 0, 5, member), Errc::none);
}

TEST(Coordinator, ATombstoneOfAGroupWhoseOffsetsRemainMakesItAGroupOfOffsetsOnly) {
  Clients clients;
  const auto member = clients.consume("g", {"t"});
  clients.commit("g", "t", 0, 5, member);
  GroupRecord gone;
  gone.key.group = "g";
  clients.log.push_back(encode(gone).value());
  clients.fail_over();
  EXPECT_THAT(clients.list(), ElementsAre("g  Empty"));
  EXPECT_EQ(clients.committed("g", "t", 0), 5);
  clients.pass(std::chrono::minutes(1));
}

TEST(Coordinator, TombstonesOfWhatIsNotThereDoNothing) {
  Coordinator coordinator(Settings{});
  coordinator.apply(OffsetRecord{{"g", "t", 0}, std::nullopt});
  coordinator.apply(GroupRecord{{"g"}, std::nullopt});
  EXPECT_EQ(coordinator.group_count(), 0);
}

TEST(Coordinator, MemoryIsThatOfWhatIsHeld) {
  Clients clients;
  for (int partition = 0; partition < 1000; ++partition) clients.commit("g", "t", partition, partition);
  const auto held = clients.coordinator->memory_bytes();
  EXPECT_GT(held, 1000 * 32);
  EXPECT_LT(held, 1000 * 48);
  clients.run(TopicsDeleted{{"t"}});
  EXPECT_LT(clients.coordinator->memory_bytes(), 2000);
}

}  // namespace
}  // namespace leat::group
