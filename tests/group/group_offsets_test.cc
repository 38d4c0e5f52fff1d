#include "group/group_offsets.h"

#include <gmock/gmock.h>

#include "clients.h"

namespace leat::group {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using std::chrono::hours;
using std::chrono::minutes;

TEST(GroupOffsets, MetadataThatIsTooLongIsRefusedAndTheOthersAreCommitted) {  // J1
  Clients clients({.offset_metadata_max_bytes = 4});
  auto event = clients.commit_event("g", {{"t", {}, 0, 10}, {"t", {}, 1, 11}, {"u", {}, 0, 12}});
  event.offsets[0].metadata = "four";
  event.offsets[1].metadata = "fives";
  EXPECT_THAT(clients.commit(event), ElementsAre(Errc::none, Errc::offset_metadata_too_large, Errc::none));
  EXPECT_EQ(clients.committed("g", "t", 0), 10);
  EXPECT_EQ(clients.committed("g", "t", 1), -1);
  EXPECT_EQ(clients.committed("g", "u", 0), 12);
  EXPECT_EQ(clients.log.size(), 2);
}

TEST(GroupOffsets, MetadataIsMeasuredInUtf16Units) {
  Clients clients({.offset_metadata_max_bytes = 4});
  auto event = clients.commit_event("g", {{"t", {}, 0, 1}, {"t", {}, 1, 1}, {"t", {}, 2, 1}});
  event.offsets[0].metadata = "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f";          // 4 letters in 8 bytes
  event.offsets[1].metadata = "\xf0\x9f\x98\x80\xf0\x9f\x98\x80";          // 2 surrogate pairs
  event.offsets[2].metadata = "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xc3\xa4";  // and a letter more
  EXPECT_THAT(clients.commit(event), ElementsAre(Errc::none, Errc::none, Errc::offset_metadata_too_large));
}

TEST(GroupOffsets, NothingGoodToCommitMakesNoGroup) {
  Clients clients({.offset_metadata_max_bytes = 0});
  auto event = clients.commit_event("g", {{"t", {}, 0, 1}});
  event.offsets[0].metadata = "x";
  EXPECT_THAT(clients.commit(event), ElementsAre(Errc::offset_metadata_too_large));
  EXPECT_THAT(clients.commit(clients.commit_event("g", {})), IsEmpty());
  EXPECT_THAT(clients.list(), IsEmpty());
}

TEST(GroupOffsets, ACommitByNobodyMakesAGroupWithoutAProtocol) {  // J2
  Clients clients;
  EXPECT_EQ(clients.commit("g", "t", 0, 5), Errc::none);
  EXPECT_THAT(clients.list(), ElementsAre("g  Empty"));
}

TEST(GroupOffsets, ACommitByNobodyToAGroupWithMembersIsByAnUnknownMember) {  // J2
  Clients clients;
  const auto member = clients.consume("g", {"t"});
  EXPECT_EQ(clients.commit("g", "t", 0, 5), Errc::unknown_member_id);
  clients.leave("g", member.id);
  EXPECT_EQ(clients.commit("g", "t", 0, 5), Errc::none);
}

TEST(GroupOffsets, OnlyMembersOfTheGenerationCommit) {  // J3
  Clients clients;
  const auto member = clients.consume("g", {"t"});
  EXPECT_EQ(clients.commit("g", "t", 0, 5, member), Errc::none);
  EXPECT_EQ(clients.commit("g", "t", 0, 6, {member.id, member.generation + 1}), Errc::illegal_generation);
  EXPECT_EQ(clients.commit("g", "t", 0, 7, {"stranger", member.generation}), Errc::unknown_member_id);
  EXPECT_EQ(clients.committed("g", "t", 0), 5);
}

TEST(GroupOffsets, MembersCommitWhileTheOthersJoinAndNotBeforeTheirAssignment) {  // J3
  Clients clients;
  const auto member = clients.consume("g", {"t"});
  clients.run(clients.join_event("g", "", 3, subscription_to({"t"})));
  EXPECT_THAT(clients.list(), ElementsAre("g consumer PreparingRebalance"));
  EXPECT_EQ(clients.commit("g", "t", 0, 5, member), Errc::none);
  const auto rejoined = clients.join("g", member.id, 3, subscription_to({"t"}));
  EXPECT_THAT(clients.list(), ElementsAre("g consumer CompletingRebalance"));
  EXPECT_EQ(clients.commit("g", "t", 0, 6, member), Errc::illegal_generation);
  EXPECT_EQ(clients.commit("g", "t", 0, 7, {member.id, rejoined.generation_id}), Errc::rebalance_in_progress);
  EXPECT_EQ(clients.committed("g", "t", 0), 5);
}

TEST(GroupOffsets, AnInstanceThatWasReplacedMayNotCommit) {  // J3
  Clients clients;
  auto event = clients.join_event("g", "", 5, subscription_to({"t"}));
  event.request.group_instance_id = "instance";
  const Ticket ticket = event.asker.ticket;
  clients.run(std::move(event));
  clients.pass(clients.settings.initial_rebalance_delay);
  const auto joined = clients.take<protocol::JoinGroupResponse>(ticket);
  clients.sync("g", joined.member_id, joined.generation_id, "work");
  auto commit = clients.commit_event("g", {{"t", {}, 0, 1}}, {"replaced", joined.generation_id});
  commit.instance_id = "instance";
  EXPECT_THAT(clients.commit(commit), ElementsAre(Errc::fenced_instance_id));
}

TEST(GroupOffsets, AMembersCommitToNoGroupIsWordedByVersion) {  // J4
  Clients clients;
  auto event = clients.commit_event("g", {{"t", {}, 0, 1}, {"t", {}, 1, 1}}, {"m", 0});
  event.asker.version = 8;
  EXPECT_THAT(clients.commit(event), ElementsAre(Errc::illegal_generation, Errc::illegal_generation));
  event.asker = clients.asker(9);
  EXPECT_THAT(clients.commit(event), ElementsAre(Errc::group_id_not_found, Errc::group_id_not_found));
  EXPECT_THAT(clients.list(), IsEmpty());
}

TEST(GroupOffsets, AnyOffsetIsTakenAndTheLastOneCounts) {  // J5
  Clients clients;
  for (const std::int64_t offset : {std::int64_t{100}, std::int64_t{3}, std::int64_t{-7}}) {
    EXPECT_EQ(clients.commit("g", "t", 0, offset), Errc::none);
    EXPECT_EQ(clients.committed("g", "t", 0), offset);
  }
  EXPECT_EQ(clients.commit("g", "t", -5, 1), Errc::none);
  EXPECT_EQ(clients.committed("g", "t", -5), 1);
}

TEST(GroupOffsets, WhatIsFetchedIsWhatWasCommitted) {  // J6
  Clients clients;
  auto event = clients.commit_event("g", {{"t", {}, 3, 42, 7, "note"}});
  clients.commit(event);
  const auto fetched = clients.fetch("g", {{{"t", {3, 4}}}});
  EXPECT_EQ(fetched.error, Errc::none);
  const auto& partitions = fetched.topics.at(0).partitions;
  EXPECT_EQ(partitions.at(0).partition, 3);
  EXPECT_EQ(partitions.at(0).offset, 42);
  EXPECT_EQ(partitions.at(0).leader_epoch, 7);
  EXPECT_EQ(partitions.at(0).metadata, "note");
  EXPECT_EQ(partitions.at(1).partition, 4);
  EXPECT_EQ(partitions.at(1).offset, -1);
  EXPECT_EQ(partitions.at(1).leader_epoch, -1);
  EXPECT_EQ(partitions.at(1).metadata, "");
}

TEST(GroupOffsets, AGroupThatIsUnknownHasNoOffsets) {  // J6
  Clients clients;
  const auto fetched = clients.fetch("g", {{{"t", {0}}}});
  EXPECT_EQ(fetched.error, Errc::none);
  EXPECT_EQ(fetched.topics.at(0).partitions.at(0).offset, -1);
  EXPECT_THAT(clients.fetch("g").topics, IsEmpty());
  EXPECT_THAT(clients.list(), IsEmpty());
}

TEST(GroupOffsets, AllAreFetchedInOrderOfTopicAndPartition) {  // J6
  Clients clients;
  clients.commit(clients.commit_event("g", {{"b", {}, 1000, 1}, {"b", {}, 2, 2}, {"a", {}, 7, 3}, {"b", {}, 64, 4}}));
  const auto fetched = clients.fetch("g");
  ASSERT_EQ(fetched.topics.size(), 2);
  EXPECT_EQ(fetched.topics[0].topic, "a");
  std::vector<std::pair<std::int32_t, std::int64_t>> of_b;
  for (const auto& partition : fetched.topics[1].partitions) of_b.emplace_back(partition.partition, partition.offset);
  EXPECT_THAT(of_b, ElementsAre(std::pair(2, 2), std::pair(64, 4), std::pair(1000, 1)));
}

TEST(GroupOffsets, AMembersIdAndEpochDoNotMatterToAClassicGroup) {  // J7
  Clients clients;
  clients.commit("g", "t", 0, 5);
  FetchOffsets event;
  event.asker = clients.asker(9);
  event.group = "g";
  event.member_id = "of the other protocol";
  event.member_epoch = 3;
  const auto fetched = clients.ask<FetchedOffsets>(event, event.asker.ticket);
  EXPECT_EQ(fetched.error, Errc::none);
  EXPECT_EQ(fetched.topics.at(0).partitions.at(0).offset, 5);
}

TEST(GroupOffsets, WithoutAProtocolTheyExpireOneByOneAfterTheirCommit) {  // J9
  Clients clients;
  clients.commit("g", "t", 0, 1);
  clients.pass(hours(24));
  clients.commit("g", "t", 1, 1);
  clients.pass(hours(6 * 24) + minutes(10));
  EXPECT_EQ(clients.committed("g", "t", 0), -1);
  EXPECT_EQ(clients.committed("g", "t", 1), 1);
  clients.pass(hours(24));
  EXPECT_THAT(clients.list(), IsEmpty());
}

TEST(GroupOffsets, OfAGroupThatBecameEmptyTheyExpireTogetherAfterThat) {  // J9
  Clients clients;
  const auto member = clients.consume("g", {"t"});
  clients.commit("g", "t", 0, 1, member);
  for (int day = 0; day < 8; ++day)
    for (int beat = 0; beat < 24 * 60 * 2; ++beat) {
      clients.pass(std::chrono::seconds(30));
      ASSERT_EQ(clients.heartbeat("g", member.id, member.generation), Errc::none);
    }
  clients.leave("g", member.id);
  clients.pass(hours(7 * 24) - minutes(20));
  EXPECT_EQ(clients.committed("g", "t", 0), 1);
  clients.pass(minutes(30));
  EXPECT_EQ(clients.committed("g", "t", 0), -1);
  EXPECT_THAT(clients.list(), IsEmpty());
}

/// Keeps the member alive for longer than offsets are retained.
void outlast_retention(Clients& clients, const std::string& group, const Membership& member) {
  const auto end = clients.now.instant + clients.settings.offsets_retention + minutes(10);
  while (clients.now.instant < end) {
    ASSERT_EQ(clients.heartbeat(group, member.id, member.generation), Errc::none);
    clients.pass(std::chrono::seconds(40));
  }
}

TEST(GroupOffsets, OfAStableGroupOnlyTopicsThatNobodyReadsExpire) {  // J9
  Clients clients;
  const auto member = clients.consume("g", {"read"});
  clients.commit("g", "read", 0, 1, member);
  clients.commit("g", "once", 0, 1, member);
  outlast_retention(clients, "g", member);
  EXPECT_EQ(clients.committed("g", "read", 0), 1);
  EXPECT_EQ(clients.committed("g", "once", 0), -1);
}

TEST(GroupOffsets, WithMembersOfAnotherProtocolTypeNoneExpires) {  // J9
  Clients clients;
  const auto member = clients.form("g", "opaque", "connect");
  clients.commit("g", "t", 0, 1, member);
  outlast_retention(clients, "g", member);
  EXPECT_EQ(clients.committed("g", "t", 0), 1);
}

TEST(GroupOffsets, DuringARebalanceNoneExpires) {  // J9
  Clients clients({.offsets_retention = std::chrono::milliseconds(1), .offsets_retention_check_interval = minutes(1)});
  const auto member = clients.consume("g", {"read"});
  clients.commit("g", "once", 0, 1, member);
  clients.pass(std::chrono::seconds(35));
  clients.run(clients.join_event("g", "", 3, subscription_to({"read"})));
  clients.heartbeat("g", member.id, member.generation);
  clients.pass(std::chrono::seconds(40));
  EXPECT_THAT(clients.list(), ElementsAre("g consumer PreparingRebalance"));
  EXPECT_EQ(clients.committed("g", "once", 0), 1);
}

TEST(GroupOffsets, WithASubscriptionThatCannotBeReadNoneExpires) {
  Clients clients;
  const auto member = clients.form("g", "x");
  clients.commit("g", "t", 0, 1, member);
  outlast_retention(clients, "g", member);
  EXPECT_EQ(clients.committed("g", "t", 0), 1);
}

TEST(GroupOffsets, ACommitMayBringItsOwnRetention) {  // J10
  Clients clients;
  auto event = clients.commit_event("g", {{"short", {}, 0, 1}});
  event.retention_ms = 60'000;
  clients.commit(event);
  event = clients.commit_event("g", {{"long", {}, 0, 1}});
  event.retention_ms = std::numeric_limits<std::int64_t>::max();
  clients.commit(event);
  clients.pass(minutes(10));
  EXPECT_EQ(clients.committed("g", "short", 0), -1);
  clients.fail_over();
  clients.pass(hours(24 * 365));
  EXPECT_EQ(clients.committed("g", "long", 0), 1);
}

TEST(GroupOffsets, WithARetentionOfItsOwnACommitHasNoLeaderEpoch) {  // G1: the record has no place for both
  Clients clients;
  auto event = clients.commit_event("g", {{"t", {}, 0, 1, 7}});
  event.retention_ms = 60'000;
  clients.commit(event);
  EXPECT_EQ(clients.fetch("g").topics.at(0).partitions.at(0).leader_epoch, -1);
}

TEST(GroupOffsets, TheyAreDeletedFromAGroupWithoutMembers) {  // J11
  Clients clients;
  clients.commit(clients.commit_event("g", {{"t", {}, 0, 1}, {"t", {}, 1, 2}}));
  const auto before = clients.log.size();
  const auto deleted = clients.delete_offsets("g", {{"t", {0, 0, 9}}, {"other", {3}}});
  EXPECT_EQ(deleted.error, Errc::none);
  ASSERT_EQ(deleted.topics.size(), 2);
  for (const auto& topic : deleted.topics)
    for (const auto& partition : topic.partitions) EXPECT_EQ(partition.error, Errc::none);
  EXPECT_EQ(clients.log.size(), before + 1) << "a tombstone only for what was there";
  EXPECT_EQ(clients.committed("g", "t", 0), -1);
  EXPECT_EQ(clients.committed("g", "t", 1), 2);
}

TEST(GroupOffsets, TheyAreNotDeletedWhereMembersSubscribeToTheTopic) {  // J11
  Clients clients;
  const auto member = clients.consume("g", {"read"});
  clients.commit(clients.commit_event("g", {{"read", {}, 0, 1}, {"once", {}, 0, 2}}, member));
  const auto deleted = clients.delete_offsets("g", {{"read", {0}}, {"once", {0}}});
  EXPECT_EQ(deleted.error, Errc::none);
  EXPECT_EQ(deleted.topics.at(0).partitions.at(0).error, Errc::group_subscribed_to_topic);
  EXPECT_EQ(deleted.topics.at(1).partitions.at(0).error, Errc::none);
  EXPECT_EQ(clients.committed("g", "read", 0), 1);
  EXPECT_EQ(clients.committed("g", "once", 0), -1);
}

TEST(GroupOffsets, TheyAreNotDeletedFromNoGroupNorFromMembersThatAreNoConsumers) {  // J11
  Clients clients;
  EXPECT_EQ(clients.delete_offsets("g", {{"t", {0}}}).error, Errc::group_id_not_found);
  const auto member = clients.form("g", "opaque", "connect");
  clients.commit("g", "t", 0, 1, member);
  EXPECT_EQ(clients.delete_offsets("g", {{"t", {0}}}).error, Errc::non_empty_group);
  clients.leave("g", member.id);
  EXPECT_EQ(clients.delete_offsets("g", {{"t", {0}}}).error, Errc::none);
  EXPECT_EQ(clients.committed("g", "t", 0), -1);
}

TEST(GroupOffsets, OfADeletedTopicTheyGoInAllGroups) {  // J13
  Clients clients;
  for (const auto* group : {"g", "h"})
    clients.commit(clients.commit_event(group, {{"gone", {}, 0, 1}, {"kept", {}, 0, 2}}));
  const auto records = clients.run(TopicsDeleted{{"gone", "never there"}});
  EXPECT_EQ(records.size(), 2);
  for (const auto* group : {"g", "h"}) {
    EXPECT_EQ(clients.committed(group, "gone", 0), -1);
    EXPECT_EQ(clients.committed(group, "kept", 0), 2);
  }
}

}  // namespace
}  // namespace leat::group
