#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <sstream>

#include "client/assignor.h"
#include "sim/entropy.h"

namespace leat::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// "t1:5 t2:1"
PartitionCounts parse_counts(const std::string& text) {
  PartitionCounts counts;
  std::istringstream words(text);
  for (std::string word; words >> word;) counts[word.substr(0, word.find(':'))] = std::stoi(word.substr(word.find(':') + 1));
  return counts;
}

/// "member:instance:topic,topic"; "-" is no instance.
Members parse_members(const std::string& text) {
  Members members;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    std::istringstream parts(word);
    std::string id, instance, topic;
    std::getline(parts, id, ':');
    std::getline(parts, instance, ':');
    if (instance != "-") members[id].instance_id = instance;
    while (std::getline(parts, topic, ',')) members[id].topics.push_back(topic);
  }
  return members;
}

/// "m0=t1-0,t1-1, m1="
std::string print(const Shares& shares) {
  std::string text;
  for (auto [member, share] : shares) {
    std::ranges::sort(share);
    text += (text.empty() ? "" : " ") + member + "=";
    for (const TopicPartition& partition : share) text += partition.to_string() + ",";
  }
  return text;
}

struct Row {
  Assignor assignor;
  std::string counts, members, shares;
};

/// Made by Kafka 4.3.1's RangeAssignor and RoundRobinAssignor.
const Row kafkas_rows[] = {
    {Assignor::range, "t1:5 t2:1 t3:1", "m0:-:t1,t2,t3 m1:-:t1,t2,t3",
     "m0=t1-0,t1-1,t1-2,t2-0,t3-0, m1=t1-3,t1-4,"},
    {Assignor::round_robin, "t1:5 t2:1 t3:1", "m0:-:t1,t2,t3 m1:-:t1,t2,t3",
     "m0=t1-0,t1-2,t1-4,t3-0, m1=t1-1,t1-3,t2-0,"},
    {Assignor::range, "t2:4 t3:3", "m0:-:t1,t3 m1:i8:t2,t3 m2:-:t1,t2,t3 m3:-:t2,t3",
     "m0=t3-1, m1=t2-0,t2-1,t3-0, m2=t2-2,t3-2, m3=t2-3,"},
    {Assignor::round_robin, "t2:4 t3:3", "m0:-:t1,t3 m1:i8:t2,t3 m2:-:t1,t2,t3 m3:-:t2,t3",
     "m0=t3-0, m1=t2-0,t2-3, m2=t2-1,t3-1, m3=t2-2,t3-2,"},
    {Assignor::range, "t1:6 t2:6 t3:4", "m0:-:t2,t3 m1:-:t1,t2,t3 m2:i7:t1,t2",
     "m0=t2-2,t2-3,t3-0,t3-1, m1=t1-3,t1-4,t1-5,t2-4,t2-5,t3-2,t3-3, m2=t1-0,t1-1,t1-2,t2-0,t2-1,"},
    {Assignor::round_robin, "t1:6 t2:6 t3:4", "m0:-:t2,t3 m1:-:t1,t2,t3 m2:i7:t1,t2",
     "m0=t2-1,t2-4,t3-0,t3-2, m1=t1-1,t1-3,t1-5,t2-2,t2-5,t3-1,t3-3, m2=t1-0,t1-2,t1-4,t2-0,t2-3,"},
    {Assignor::range, "t1:3", "m0:i9:t1",
     "m0=t1-0,t1-1,t1-2,"},
    {Assignor::round_robin, "t1:3", "m0:i9:t1",
     "m0=t1-0,t1-1,t1-2,"},
    {Assignor::range, "t1:2 t2:1 t3:2", "m0:-:t1,t2,t3 m1:-:t1,t2,t3 m2:-:t1,t2,t3 m3:-:t1",
     "m0=t1-0,t2-0,t3-0, m1=t1-1,t3-1, m2= m3="},
    {Assignor::round_robin, "t1:2 t2:1 t3:2", "m0:-:t1,t2,t3 m1:-:t1,t2,t3 m2:-:t1,t2,t3 m3:-:t1",
     "m0=t1-0,t3-0, m1=t1-1,t3-1, m2=t2-0, m3="},
    {Assignor::range, "t1:5 t3:6", "m0:-:t1 m1:i8:t2 m2:-:t1,t2 m3:-:t1,t2,t3",
     "m0=t1-0,t1-1, m1= m2=t1-2,t1-3, m3=t1-4,t3-0,t3-1,t3-2,t3-3,t3-4,t3-5,"},
    {Assignor::round_robin, "t1:5 t3:6", "m0:-:t1 m1:i8:t2 m2:-:t1,t2 m3:-:t1,t2,t3",
     "m0=t1-0,t1-3, m1= m2=t1-1,t1-4, m3=t1-2,t3-0,t3-1,t3-2,t3-3,t3-4,t3-5,"},
    {Assignor::range, "t1:3 t2:5 t3:5", "m0:-:t2,t3 m1:-:t2,t3 m2:i7:t1,t2,t3 m3:-:t1,t2",
     "m0=t2-2,t3-2,t3-3, m1=t2-3,t3-4, m2=t1-0,t1-1,t2-0,t2-1,t3-0,t3-1, m3=t1-2,t2-4,"},
    {Assignor::round_robin, "t1:3 t2:5 t3:5", "m0:-:t2,t3 m1:-:t2,t3 m2:i7:t1,t2,t3 m3:-:t1,t2",
     "m0=t2-0,t2-4,t3-2, m1=t2-1,t3-0,t3-3, m2=t1-0,t1-2,t2-3,t3-1,t3-4, m3=t1-1,t2-2,"},
    {Assignor::range, "t2:7 t3:1", "m0:-:t1,t2,t3 m1:i8:t1,t2,t3 m2:-:t1,t2,t3 m3:-:t2,t3",
     "m0=t2-2,t2-3, m1=t2-0,t2-1,t3-0, m2=t2-4,t2-5, m3=t2-6,"},
    {Assignor::round_robin, "t2:7 t3:1", "m0:-:t1,t2,t3 m1:i8:t1,t2,t3 m2:-:t1,t2,t3 m3:-:t2,t3",
     "m0=t2-1,t2-5, m1=t2-0,t2-4, m2=t2-2,t2-6, m3=t2-3,t3-0,"},
};

TEST(Assignors, RangeAndRoundRobinGiveWhatKafkasGive) {  // A2
  for (const Row& row : kafkas_rows)
    EXPECT_EQ(print(share_out(row.assignor, parse_members(row.members), parse_counts(row.counts))), row.shares)
        << row.counts << " among " << row.members;
}

TEST(Assignors, HaveKafkasNames) {
  for (const Assignor assignor :
       {Assignor::range, Assignor::round_robin, Assignor::sticky, Assignor::cooperative_sticky})
    EXPECT_EQ(assignor_named(protocol_name(assignor)), assignor);
  EXPECT_EQ(protocol_name(Assignor::round_robin), "roundrobin");
  EXPECT_EQ(protocol_name(Assignor::cooperative_sticky), "cooperative-sticky");
  EXPECT_FALSE(assignor_named("uniform"));
}

// --- The sticky ones ----------------------------------------------------------------------------------------------

Members members_of(std::initializer_list<std::pair<const std::string, MemberSubscription>> members) { return members; }

TEST(StickyAssignor, MovesOnlyWhatANewcomerNeeds) {
  const auto shares = share_sticky(members_of({{"a", {.topics = {"t"}, .owned = {{"t", 0}, {"t", 1}}, .generation = 1}},
                                               {"b", {.topics = {"t"}, .owned = {{"t", 2}, {"t", 3}}, .generation = 1}},
                                               {"c", {.topics = {"t"}}}}),
                                   {{"t", 4}});
  EXPECT_EQ(shares.at("a").size() + shares.at("b").size(), 3u);
  EXPECT_EQ(shares.at("c").size(), 1u);
  for (const auto& partition : shares.at("a")) EXPECT_LT(partition.partition, 2);
  for (const auto& partition : shares.at("b")) EXPECT_GE(partition.partition, 2);
}

TEST(StickyAssignor, BelievesTheLatestGeneration) {
  const auto shares = share_sticky(members_of({{"a", {.topics = {"t"}, .owned = {{"t", 0}, {"t", 1}}, .generation = 4}},
                                               {"b", {.topics = {"t"}, .owned = {{"t", 0}}, .generation = 5}}}),
                                   {{"t", 2}});
  EXPECT_THAT(shares.at("a"), ElementsAre(TopicPartition{"t", 1}));
  EXPECT_THAT(shares.at("b"), ElementsAre(TopicPartition{"t", 0}));
}

TEST(StickyAssignor, ForgetsTopicsThatAreGoneOrNotReadAnyMore) {
  const auto shares =
      share_sticky(members_of({{"a", {.topics = {"t"}, .owned = {{"gone", 0}, {"u", 0}, {"t", 9}}, .generation = 1}},
                               {"b", {.topics = {"u"}}}}),
                   {{"t", 1}, {"u", 1}});
  EXPECT_THAT(shares.at("a"), ElementsAre(TopicPartition{"t", 0}));
  EXPECT_THAT(shares.at("b"), ElementsAre(TopicPartition{"u", 0}));
}

TEST(StickyAssignor, EvensOutOverThirdMembers) {
  // a has too much and shares no topic with c, but b stands between them.
  const auto shares = share_sticky(
      members_of({{"a", {.topics = {"t"}, .owned = {{"t", 0}, {"t", 1}, {"t", 2}}, .generation = 1}},
                  {"b", {.topics = {"t", "u"}, .owned = {{"u", 0}, {"u", 1}}, .generation = 1}},
                  {"c", {.topics = {"u"}, .owned = {{"u", 2}}, .generation = 1}}}),
      {{"t", 3}, {"u", 3}});
  EXPECT_EQ(shares.at("a").size(), 2u);
  EXPECT_EQ(shares.at("b").size(), 2u);
  EXPECT_EQ(shares.at("c").size(), 2u);
}

TEST(CooperativeStickyAssignor, GivesWhatMovesToNobodyAtFirst) {
  auto members = members_of({{"a", {.topics = {"t"}, .owned = {{"t", 0}, {"t", 1}}, .generation = 1}},
                             {"b", {.topics = {"t"}}}});
  const auto first = share_out(Assignor::cooperative_sticky, members, {{"t", 2}});
  ASSERT_EQ(first.at("a").size(), 1u);
  EXPECT_THAT(first.at("b"), IsEmpty());
  members.at("a") = {.topics = {"t"}, .owned = first.at("a"), .generation = 2};
  members.at("b").generation = 2;
  const auto second = share_out(Assignor::cooperative_sticky, members, {{"t", 2}});
  EXPECT_EQ(second.at("a"), first.at("a"));
  EXPECT_EQ(second.at("b").size(), 1u);
}

TEST(CooperativeStickyAssignor, TakesFromBothWhatTwoClaimOfOneGeneration) {
  const auto shares = share_out(Assignor::cooperative_sticky,
                                members_of({{"a", {.topics = {"t"}, .owned = {{"t", 0}}, .generation = 3}},
                                            {"b", {.topics = {"t"}, .owned = {{"t", 0}}, .generation = 3}}}),
                                {{"t", 1}});
  EXPECT_THAT(shares.at("a"), IsEmpty());
  EXPECT_THAT(shares.at("b"), IsEmpty());
}

// --- Any group ----------------------------------------------------------------------------------------------------

/// A group that changes from generation to generation as a seed says.
struct Group {
  explicit Group(std::uint64_t seed) : entropy(seed) {}
  std::size_t any(std::size_t below) { return entropy.next() % below; }

  void change(bool same_topics) {
    for (const std::string topic : {"t", "u", "v"})
      if (any(3) == 0) counts[topic] = std::max(counts[topic], static_cast<std::int32_t>(any(12)));
    std::erase_if(counts, [](const auto& topic) { return topic.second == 0; });
    while (members.size() > 1 && any(3) == 0) members.erase(std::next(members.begin(), static_cast<long>(any(members.size()))));
    do {
      MemberSubscription member;
      for (const std::string topic : {"t", "u", "v"})
        if (same_topics || any(3) > 0) member.topics.push_back(topic);
      if (any(4) == 0) member.instance_id = "i" + std::to_string(last);
      members["m" + std::to_string(last++)] = member;
    } while (any(2) == 0);
  }
  void take(const Shares& shares) {
    ++generation;
    for (auto& [id, member] : members) {
      member.owned = shares.at(id);
      member.generation = generation;
    }
  }
  bool reads(const std::string& id, const std::string& topic) const {
    return std::ranges::count(members.at(id).topics, topic) > 0;
  }

  sim::SeededEntropy entropy;
  PartitionCounts counts{{"t", 6}};
  Members members;
  std::int32_t generation = 0;
  int last = 0;
};

std::map<TopicPartition, std::string> owners_of(const Shares& shares) {
  std::map<TopicPartition, std::string> owners;
  for (const auto& [member, share] : shares)
    for (const TopicPartition& partition : share)
      EXPECT_TRUE(owners.emplace(partition, member).second) << partition.to_string() << " has two owners";
  return owners;
}

/// A1.
void expect_whole(const Group& group, const Shares& shares, bool may_withhold) {
  const auto owners = owners_of(shares);
  for (const auto& [partition, owner] : owners) EXPECT_TRUE(group.reads(owner, partition.topic));
  EXPECT_EQ(shares.size(), group.members.size());
  if (may_withhold) return;
  for (const auto& [topic, count] : group.counts) {
    const bool is_read = std::ranges::any_of(group.members, [&](const auto& m) { return group.reads(m.first, topic); });
    for (std::int32_t p = 0; is_read && p < count; ++p) EXPECT_TRUE(owners.contains({topic, p})) << topic << "-" << p;
  }
}

class AnyGroup : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, AnyGroup, testing::Range<std::uint64_t>(1, 60));

TEST_P(AnyGroup, HasOneOwnerForEachPartition) {
  for (const Assignor assignor : {Assignor::range, Assignor::round_robin, Assignor::sticky}) {
    Group group(GetParam());
    for (int round = 0; round < 8; ++round) {
      group.change(round % 2 == 0);
      const auto shares = share_out(assignor, group.members, group.counts);
      expect_whole(group, shares, false);
      group.take(shares);
    }
  }
}

TEST_P(AnyGroup, IsEvenAndMovesNoMoreThanThatNeeds) {  // A3
  Group group(GetParam());
  for (int round = 0; round < 8; ++round) {
    group.change(true);
    const auto shares = share_sticky(group.members, group.counts);
    std::size_t total = 0, most = 0, least = SIZE_MAX, kept = 0, possible = 0, rich = 0;
    for (const auto& [id, share] : shares) {
      total += share.size();
      most = std::max(most, share.size());
      least = std::min(least, share.size());
      for (const auto& partition : share) kept += static_cast<std::size_t>(std::ranges::count(group.members.at(id).owned, partition));
    }
    EXPECT_LE(most - least, 1u);
    // Each may keep the quotient, and as many as there are left over one more.
    const std::size_t quotient = total / shares.size();
    for (const auto& [id, member] : group.members) {
      possible += std::min(member.owned.size(), quotient);
      rich += member.owned.size() > quotient;
    }
    possible += std::min(rich, total % shares.size());
    EXPECT_EQ(kept, possible) << "round " << round;
    group.take(shares);
  }
}

TEST_P(AnyGroup, IsAsEvenAsItsSubscriptionsAllow) {  // A3
  Group group(GetParam());
  for (int round = 0; round < 8; ++round) {
    group.change(false);
    const auto shares = share_sticky(group.members, group.counts);
    for (const auto& [from, share] : shares)
      for (const auto& partition : share)
        for (const auto& [to, other] : shares)
          EXPECT_TRUE(!group.reads(to, partition.topic) || share.size() <= other.size() + 1) << from << " and " << to;
    group.take(shares);
    EXPECT_EQ(print(share_sticky(group.members, group.counts)), print(shares)) << "nothing has changed";
  }
}

TEST_P(AnyGroup, ComesToRestWhenItIsCooperative) {
  Group group(GetParam());
  for (int round = 0; round < 8; ++round) {
    group.change(round % 2 == 0);
    std::map<TopicPartition, std::string> before;
    for (const auto& [id, member] : group.members)
      for (const auto& partition : member.owned) before[partition] = id;
    for (int rebalances = 0;; ++rebalances) {
      ASSERT_LT(rebalances, 3);
      const auto shares = share_out(Assignor::cooperative_sticky, group.members, group.counts);
      expect_whole(group, shares, true);
      for (const auto& [partition, owner] : owners_of(shares))
        EXPECT_TRUE(!before.contains(partition) || before.at(partition) == owner) << "given before it was given up";
      before = owners_of(shares);
      group.take(shares);
      const auto again = share_out(Assignor::cooperative_sticky, group.members, group.counts);
      if (print(again) == print(shares)) break;
    }
    expect_whole(group, share_out(Assignor::cooperative_sticky, group.members, group.counts), false);
  }
}

}  // namespace
}  // namespace leat::client
