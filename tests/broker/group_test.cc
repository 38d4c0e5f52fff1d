#include <gmock/gmock.h>

#include "group_world.h"
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/offset_delete.h"

/// Groups as clients see them, over every kind of channel. The rules themselves are tested in tests/group.
namespace leat::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::int16_t code(Errc error) { return static_cast<std::int16_t>(error); }
std::string text(const Payload& payload) { return payload.memory().to_string(); }

class Groups : public testing::TestWithParam<std::size_t> {
 protected:
  void open(const Settings& settings = {}) {
    world_ = world_kinds()[GetParam()].make(settings);
    client_ = std::make_unique<Client>(*world_);
  }
  void restart() {
    client_.reset();
    world_->restart();
    client_ = std::make_unique<Client>(*world_);
  }
  void TearDown() override {
    client_.reset();
    world_.reset();
  }
  World& world() { return *world_; }
  Client& client() { return *client_; }

  protocol::FindCoordinatorResponse::Coordinator find_coordinator(const std::string& group, std::int8_t type = 0) {
    protocol::FindCoordinatorRequest request;
    request.key_type = type;
    request.coordinator_keys = {group};
    return client().call<protocol::FindCoordinatorResponse>(std::move(request), 4).coordinators.at(0);
  }
  /// The partition of its group is there and served.
  Member member(const std::string& group = "g") {
    EXPECT_EQ(find_coordinator(group).error_code, 0);
    return Member(world(), group);
  }
  protocol::DescribeGroupsResponse::DescribedGroup describe(const std::string& group, std::int16_t version = 6) {
    protocol::DescribeGroupsRequest request;
    request.groups = {group};
    return client().call<protocol::DescribeGroupsResponse>(std::move(request), version).groups.at(0);
  }

 private:
  std::unique_ptr<World> world_;
  std::unique_ptr<Client> client_;
};
INSTANTIATE_TEST_SUITE_P(Over, Groups, testing::Range<std::size_t>(0, world_kinds().size()),
                         [](const auto& info) { return world_kinds()[info.param].name; });

TEST_P(Groups, TheCoordinatorIsFoundAtTheFirstAskAndItsTopicIsKafkas) {
  open({{"offsets.topic.num.partitions", "50"}});
  const auto found = find_coordinator("g");
  EXPECT_EQ(found.error_code, 0);
  EXPECT_EQ(found.node_id, 1);
  protocol::MetadataRequest request;
  request.topics.emplace();
  request.topics->emplace_back().name = "__consumer_offsets";
  const auto topic = client().call<protocol::MetadataResponse>(std::move(request), 12).topics.at(0);
  EXPECT_TRUE(topic.is_internal);
  EXPECT_THAT(topic.partitions, SizeIs(50));
}

TEST_P(Groups, NoCoordinatorOfTransactionsIsFound) {
  open();
  EXPECT_EQ(find_coordinator("t", 1).error_code, code(Errc::transactional_id_authorization_failed));
  EXPECT_EQ(find_coordinator("t", 7).error_code, code(Errc::invalid_request));
}

TEST_P(Groups, BeforeAnybodyAskedForTheCoordinatorThereIsNone) {
  open();
  Member early(world(), "g");
  EXPECT_EQ(early.ask_to_join().get().value().error_code, code(Errc::not_coordinator));
}

TEST_P(Groups, TwoMembersShareAGroup) {
  open();
  client().create_topic("t", 2);
  Member first = member(), second = member();
  first.lead_alone();
  EXPECT_EQ(first.generation, 1);

  second.introduce();
  auto second_join = second.ask_to_join();
  while (first.heartbeat() != code(Errc::rebalance_in_progress)) {}
  first.note(first.ask_to_join().get().value());
  const auto joined = second_join.get().value();
  second.note(joined);
  EXPECT_EQ(first.generation, 2);
  EXPECT_EQ(second.generation, 2);
  EXPECT_NE(first.is_leader, second.is_leader);

  Member& leader = first.is_leader ? first : second;
  Member& other = first.is_leader ? second : first;
  auto others_sync = other.ask_to_sync();
  EXPECT_EQ(text(leader.ask_to_sync({{leader.id, "zero"}, {other.id, "one"}}).get().value().assignment), "zero");
  EXPECT_EQ(text(others_sync.get().value().assignment), "one");
  EXPECT_EQ(first.heartbeat(), 0);
  EXPECT_EQ(second.heartbeat(), 0);

  EXPECT_EQ(other.leave(), 0);
  EXPECT_EQ(leader.heartbeat(), code(Errc::rebalance_in_progress));
  EXPECT_EQ(other.heartbeat(), code(Errc::unknown_member_id));
}

TEST_P(Groups, AMemberAndItsOffsetsSurviveARestartOfTheBroker) {
  open();
  client().create_topic("t");
  Member one = member();
  one.lead_alone("everything");
  EXPECT_EQ(one.commit("t", 0, 42, "here"), 0);

  restart();
  Member again = member();
  again.id = one.id;
  again.generation = one.generation;
  EXPECT_EQ(again.heartbeat(), 0) << "also while the coordinator loads";
  std::int64_t offset;
  while ((offset = again.committed("t", 0)) == -1000 - code(Errc::coordinator_load_in_progress)) {}
  EXPECT_EQ(offset, 42);
  EXPECT_EQ(again.heartbeat(), 0);
  const auto described = describe("g");
  EXPECT_EQ(described.group_state, "Stable");
  EXPECT_EQ(described.protocol_data, "range");
  ASSERT_THAT(described.members, SizeIs(1));
  EXPECT_EQ(described.members[0].client_id, "member");
  EXPECT_EQ(text(described.members[0].member_assignment), "everything");
}

TEST_P(Groups, OffsetsOfTheSameGroupSurviveManyRestartsAndStayTheLatest) {
  open();
  client().create_topic("t", 3);
  for (std::int64_t round = 1; round <= 3; ++round) {
    Member simple = member();
    for (std::int32_t partition = 0; partition < 3; ++partition)
      EXPECT_EQ(simple.commit("t", partition, round * 100 + partition), 0);
    restart();
    Member reader = member();
    std::int64_t offset;
    while ((offset = reader.committed("t", 2)) == -1000 - code(Errc::coordinator_load_in_progress)) {}
    EXPECT_EQ(offset, round * 100 + 2);
  }
}

TEST_P(Groups, ACommitOfATopicThatIsNotThereHarmsNoOther) {
  open();
  const Uuid id = client().create_topic("t");
  Member simple = member();
  for (const std::int16_t version : {std::int16_t{9}, std::int16_t{10}}) {
    protocol::OffsetCommitRequest request;
    request.group_id = "g";
    auto& good = request.topics.emplace_back();
    if (version < 10) good.name = "t";
    else good.topic_id = id;
    good.partitions.push_back({.partition_index = 0, .committed_offset = version, .committed_metadata = ""});
    good.partitions.push_back({.partition_index = 7, .committed_offset = 1, .committed_metadata = ""});
    auto& bad = request.topics.emplace_back();
    if (version < 10) bad.name = "nope";
    else bad.topic_id = Uuid{{std::byte{9}}};
    bad.partitions.push_back({.partition_index = 0, .committed_offset = 1, .committed_metadata = ""});
    const auto answer = client().call<protocol::OffsetCommitResponse>(std::move(request), version);
    EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, 0);
    EXPECT_EQ(answer.topics.at(0).partitions.at(1).error_code, code(Errc::unknown_topic_or_partition));
    EXPECT_EQ(answer.topics.at(1).partitions.at(0).error_code,
              code(version < 10 ? Errc::unknown_topic_or_partition : Errc::unknown_topic_id));
    EXPECT_EQ(simple.committed("t", 0), version);
  }
}

TEST_P(Groups, OffsetsAreFetchedAtEveryVersionByNameByIdAndAllAtOnce) {
  open();
  const Uuid id = client().create_topic("t");
  Member simple = member();
  EXPECT_EQ(simple.commit("t", 0, 5, "note"), 0);
  for (std::int16_t version = 1; version <= 10; ++version) {
    for (const bool all : {false, true}) {
      if (all && version < 2) continue;
      protocol::OffsetFetchRequest request;
      std::optional<std::vector<protocol::OffsetFetchRequest::OffsetFetchRequestTopics>> wanted;
      if (!all) {
        wanted.emplace();
        wanted->push_back({.name = version < 10 ? "t" : "", .topic_id = version < 10 ? Uuid{} : id,
                           .partition_indexes = {0}});
      }
      if (version >= 8) {
        auto& group = request.groups.emplace_back();
        group.group_id = "g";
        group.topics = std::move(wanted);
      } else {
        request.group_id = "g";
        request.topics = std::nullopt;
        if (!all) request.topics = {{{.name = "t", .partition_indexes = {0}}}};
      }
      const auto answer = client().call<protocol::OffsetFetchResponse>(std::move(request), version);
      if (version >= 8) {
        const auto& topic = answer.groups.at(0).topics.at(0);
        EXPECT_TRUE(version >= 10 ? topic.topic_id == id : topic.name == "t") << version;
        EXPECT_EQ(topic.partitions.at(0).committed_offset, 5) << version;
        EXPECT_EQ(topic.partitions.at(0).metadata, "note");
      } else {
        EXPECT_EQ(answer.topics.at(0).partitions.at(0).committed_offset, 5) << version;
      }
    }
  }
}

TEST_P(Groups, DeletingATopicForgetsItsOffsets) {
  open();
  client().create_topic("t");
  client().create_topic("u");
  Member simple = member();
  EXPECT_EQ(simple.commit("t", 0, 5), 0);
  EXPECT_EQ(simple.commit("u", 0, 6), 0);
  protocol::DeleteTopicsRequest request;
  request.topics.emplace_back().name = "t";
  request.timeout_ms = 5000;
  client().call<protocol::DeleteTopicsResponse>(std::move(request), 6);
  EXPECT_EQ(simple.committed("t", 0), -1);
  EXPECT_EQ(simple.committed("u", 0), 6);
}

TEST_P(Groups, AreListedDescribedAndDeleted) {
  open({{"offsets.topic.num.partitions", "5"}});
  client().create_topic("t");
  Member live = member("live"), simple = member("simple");
  live.lead_alone();
  EXPECT_EQ(simple.commit("t", 0, 1), 0);

  const auto list = [&](std::vector<std::string> states) {
    protocol::ListGroupsRequest request;
    request.states_filter = std::move(states);
    std::vector<std::string> names;
    for (const auto& group : client().call<protocol::ListGroupsResponse>(std::move(request), 5).groups)
      names.push_back(group.group_id + " " + group.group_state + " " + group.group_type);
    std::ranges::sort(names);
    return names;
  };
  EXPECT_THAT(list({}), ElementsAre("live Stable classic", "simple Empty classic"));
  EXPECT_THAT(list({"stable"}), ElementsAre("live Stable classic"));
  EXPECT_EQ(describe("nobody").error_code, code(Errc::group_id_not_found));
  EXPECT_EQ(describe("nobody", 5).group_state, "Dead");

  protocol::DeleteGroupsRequest request;
  request.groups_names = {"live", "simple", "nobody"};
  const auto deleted = client().call<protocol::DeleteGroupsResponse>(std::move(request), 2).results;
  EXPECT_EQ(deleted.at(0).error_code, code(Errc::non_empty_group));
  EXPECT_EQ(deleted.at(1).error_code, 0);
  EXPECT_EQ(deleted.at(2).error_code, code(Errc::group_id_not_found));
  EXPECT_THAT(list({}), ElementsAre("live Stable classic"));
  EXPECT_EQ(simple.committed("t", 0), -1);
}

TEST_P(Groups, OffsetsOfTopicsNobodyReadsCanBeDeleted) {
  open();
  client().create_topic("t");
  client().create_topic("u");
  Member one = member();
  one.lead_alone();
  EXPECT_EQ(one.commit("t", 0, 1), 0);
  EXPECT_EQ(one.commit("u", 0, 2), 0);
  protocol::OffsetDeleteRequest request;
  request.group_id = "g";
  request.topics.push_back({.name = "t", .partitions = {{0}}});
  request.topics.push_back({.name = "u", .partitions = {{0}, {9}}});
  const auto answer = client().call<protocol::OffsetDeleteResponse>(std::move(request), 0);
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, code(Errc::group_subscribed_to_topic));
  for (const auto& partition : answer.topics.at(1).partitions)
    EXPECT_EQ(partition.error_code, partition.partition_index == 0 ? 0 : code(Errc::unknown_topic_or_partition));
  EXPECT_EQ(one.committed("t", 0), 1);
  EXPECT_EQ(one.committed("u", 0), -1);
}

/// In virtual time only: in real time it would do nothing but wait.
class GroupsInVirtualTime : public Groups {};
INSTANTIATE_TEST_SUITE_P(Over, GroupsInVirtualTime, testing::ValuesIn([] {
                           std::vector<std::size_t> kinds;
                           for (std::size_t i = 0; i < world_kinds().size(); ++i)
                             if (world_kinds()[i].name != "Tcp") kinds.push_back(i);
                           return kinds;
                         }()),
                         [](const auto& info) { return world_kinds()[info.param].name; });

TEST_P(GroupsInVirtualTime, AMemberThatFallsSilentLosesItsPlace) {
  open();
  client().create_topic("t");
  Member one = member();
  one.lead_alone();
  Event never;
  world().executor().wait(never, world().executor().now() + std::chrono::seconds(11));
  EXPECT_EQ(one.heartbeat(), code(Errc::unknown_member_id));
  EXPECT_EQ(describe("g").group_state, "Empty");
}

TEST_P(Groups, AStopOfTheBrokerAnswersWhoWaits) {
  open({{"group.initial.rebalance.delay.ms", "60000"}});
  client().create_topic("t");
  Member one = member();
  one.introduce();
  auto join = one.ask_to_join();
  restart();
  const auto answer = join.get();
  EXPECT_TRUE(!answer || answer->error_code == code(Errc::not_coordinator));
}

}  // namespace
}  // namespace leat::test
