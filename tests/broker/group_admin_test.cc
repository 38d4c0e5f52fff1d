#include <leat/admin.h>

#include <gmock/gmock.h>

#include <atomic>
#include <mutex>

#include "client/remote.h"
#include "group_world.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/offset_delete.h"
#include "sim/entropy.h"
#include "sim/scheduler.h"

/// leat::Admin's view of groups, over every kind of channel.
namespace leat::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// May change an answer on its way back.
using Meddle = std::function<void(const protocol::MessageSchema& request, Result<protocol::AnyMessage>& answer)>;

/// Whoever meddles at the moment; answers come from any thread.
class Meddler {
 public:
  void set(Meddle meddle) {
    std::lock_guard lock(mutex_);
    meddle_ = std::move(meddle);
  }
  void pass(const protocol::MessageSchema& request, Result<protocol::AnyMessage>& answer) {
    std::lock_guard lock(mutex_);
    if (meddle_) meddle_(request, answer);
  }

 private:
  std::mutex mutex_;
  Meddle meddle_;
};

class MeddlingChannel : public protocol::Channel {
 public:
  MeddlingChannel(std::shared_ptr<protocol::Channel> below, Meddler& meddler) : below_(std::move(below)), meddler_(meddler) {}
  void send(protocol::Request request, protocol::ResponseDone done) override {
    const auto& schema = request.message.schema();
    below_->send(std::move(request),
                 [&meddler = meddler_, &schema, done = std::move(done)](Result<protocol::AnyMessage> answer) {
                   meddler.pass(schema, answer);
                   done(std::move(answer));
                 });
  }
  void close() override { below_->close(); }

 private:
  const std::shared_ptr<protocol::Channel> below_;
  Meddler& meddler_;
};

class WorldChannels : public client::Channels {
 public:
  WorldChannels(World& world, Meddler& meddler) : world_(world), meddler_(meddler) {}
  std::shared_ptr<protocol::Channel> to_any() override {
    return std::make_shared<MeddlingChannel>(world_.channel(), meddler_);
  }
  std::shared_ptr<protocol::Channel> to(const client::NodeAddress&) override { return to_any(); }

 private:
  World& world_;
  Meddler& meddler_;
};

std::string assigned(const std::string& topic, const std::vector<std::int32_t>& partitions) {
  protocol::ConsumerProtocolAssignment assignment;
  assignment.assigned_partitions.push_back({.topic = topic, .partitions = partitions});
  const auto body = protocol::encode_flat(assignment, 1).value();
  return std::string("\0\1", 2) + std::string(reinterpret_cast<const char*>(body.data()), body.size());
}

class GroupAdmin : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    world_ = world_kinds()[GetParam()].make({});
    client_ = std::make_unique<Client>(*world_);
    client_->create_topic("t", 3);
    remote_ = client::Remote::over(std::make_shared<WorldChannels>(*world_, meddler_), world_->executor(), clock_, entropy_);
    admin_ = remote_->admin();
  }
  void TearDown() override {
    admin_.reset();
    remote_.reset();
    client_.reset();
    world_.reset();
  }
  World& world() { return *world_; }
  Client& client() { return *client_; }
  Admin& admin() { return *admin_; }
  /// Otherwise messages keep what their version lacks, and nobody has a host.
  bool is_encoded() const { return world_kinds()[GetParam()].name != "InProcess"; }
  /// The broker of before: nothing above those versions, what is not named is not served.
  void limit(std::map<std::int16_t, std::int16_t> versions) {
    meddler_.set([versions = std::move(versions)](const protocol::MessageSchema&, Result<protocol::AnyMessage>& answer) {
      auto* served = answer ? answer->get_if<protocol::ApiVersionsResponse>() : nullptr;
      if (!served) return;
      std::erase_if(served->api_keys, [&](auto& api) { return !versions.contains(api.api_key); });
      for (auto& api : served->api_keys) api.max_version = std::min(api.max_version, versions.at(api.api_key));
    });
  }
  /// Until the end of the scope.
  [[nodiscard]] auto meddle(Meddle meddle) {
    meddler_.set(std::move(meddle));
    const auto stop = [](Meddler* meddler) { meddler->set({}); };
    return std::unique_ptr<Meddler, decltype(stop)>(&meddler_, stop);
  }

 private:
  Meddler meddler_;
  sim::Scheduler clock_{1};
  sim::SeededEntropy entropy_{2};
  std::unique_ptr<World> world_;
  std::unique_ptr<Client> client_;
  std::optional<client::Remote> remote_;
  std::optional<Admin> admin_;
};
INSTANTIATE_TEST_SUITE_P(Over, GroupAdmin, testing::Range<std::size_t>(0, world_kinds().size()),
                         [](const auto& info) { return world_kinds()[info.param].name; });

TEST_P(GroupAdmin, AGroupThatIsNotThereIsNotFound) {
  EXPECT_EQ(admin().describe_group("nobody").error().code, Errc::group_id_not_found);
  EXPECT_EQ(admin().delete_group("nobody").error().code, Errc::group_id_not_found);
  EXPECT_EQ(admin().delete_group_offsets("nobody", {{"t", 0}}).error().code, Errc::group_id_not_found);
  EXPECT_THAT(admin().group_offsets("nobody").value(), IsEmpty());
  EXPECT_THAT(admin().list_groups().value(), IsEmpty());
}

TEST_P(GroupAdmin, OffsetsOfAGroupWithoutMembersAreSetReadAndDeleted) {
  const Offsets offsets = {{{"t", 0}, {5, 0, "five"}}, {{"t", 2}, {7, -1, ""}}};
  admin().alter_group_offsets("g", offsets).value();
  EXPECT_EQ(admin().group_offsets("g").value(), offsets);

  const auto group = admin().describe_group("g").value();
  EXPECT_EQ(group.state, "Empty");
  EXPECT_EQ(group.coordinator, 1);
  EXPECT_THAT(group.members, IsEmpty());

  admin().delete_group_offsets("g", {{"t", 0}, {"t", 0}}).value();
  EXPECT_EQ(admin().group_offsets("g").value(), Offsets({{{"t", 2}, {7, -1, ""}}}));
  admin().delete_group("g").value();
  EXPECT_THAT(admin().group_offsets("g").value(), IsEmpty());
  EXPECT_EQ(admin().describe_group("g").error().code, Errc::group_id_not_found);
}

TEST_P(GroupAdmin, WhatCannotBeCommittedSaysWhereAndWhy) {
  const auto refused = admin().alter_group_offsets("g", {{{"nowhere", 0}, {1}}});
  EXPECT_EQ(refused.error().code, Errc::unknown_topic_or_partition);
  EXPECT_EQ(refused.error().context, "committing nowhere-0 for group g");
  admin().alter_group_offsets("g", {{{"t", 0}, {1}}}).value();
  EXPECT_EQ(admin().delete_group_offsets("g", {{"t", 9}}).error().code, Errc::unknown_topic_or_partition);
}

TEST_P(GroupAdmin, MembersAreDescribedWithWhatTheyWantAndHold) {
  admin().alter_group_offsets("g", {{{"t", 1}, {3}}}).value();
  Member member(world(), "g");
  member.instance_id = "desk-1";
  member.note(member.ask_to_join().get().value());
  member.ask_to_sync({{member.id, assigned("t", {2, 0})}}).get().value();

  const auto group = admin().describe_group("g").value();
  EXPECT_EQ(group.name, "g");
  EXPECT_EQ(group.state, "Stable");
  EXPECT_EQ(group.protocol_type, "consumer");
  EXPECT_EQ(group.protocol, "range");
  ASSERT_THAT(group.members, SizeIs(1));
  EXPECT_EQ(group.members[0].id, member.id);
  EXPECT_EQ(group.members[0].instance_id, "desk-1");
  EXPECT_EQ(group.members[0].client_id, "member");
  if (is_encoded()) {
    EXPECT_FALSE(group.members[0].host.empty());
  }
  EXPECT_THAT(group.members[0].topics, ElementsAre("t"));
  EXPECT_THAT(group.members[0].partitions, ElementsAre(TopicPartition{"t", 0}, TopicPartition{"t", 2}));
}

TEST_P(GroupAdmin, AnAssignmentOfAnotherKindIsNoPartitions) {
  admin().alter_group_offsets("g", {{{"t", 1}, {3}}}).value();
  Member member(world(), "g");
  member.lead_alone("no assignment at all");
  EXPECT_THAT(admin().describe_group("g").value().members.at(0).partitions, IsEmpty());
}

TEST_P(GroupAdmin, AGroupWithMembersKeepsItsOffsetsAndItself) {
  admin().alter_group_offsets("g", {{{"t", 1}, {3}}}).value();
  Member member(world(), "g");
  member.lead_alone(assigned("t", {0, 1, 2}));
  EXPECT_EQ(admin().alter_group_offsets("g", {{{"t", 1}, {9}}}).error().code, Errc::unknown_member_id);
  EXPECT_EQ(admin().delete_group("g").error().code, Errc::non_empty_group);
  EXPECT_EQ(admin().delete_group_offsets("g", {{"t", 1}}).error().code, Errc::group_subscribed_to_topic);
  EXPECT_EQ(admin().group_offsets("g").value().at({"t", 1}).offset, 3);
  EXPECT_EQ(member.leave(), 0);
  admin().delete_group("g").value();
}

TEST_P(GroupAdmin, GroupsAreListedByNameAndState) {
  admin().alter_group_offsets("quiet", {{{"t", 0}, {1}}}).value();
  admin().alter_group_offsets("busy", {{{"t", 0}, {1}}}).value();
  Member member(world(), "busy");
  member.lead_alone();
  const auto all = admin().list_groups().value();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].name, "busy");
  EXPECT_EQ(all[0].state, "Stable");
  EXPECT_EQ(all[0].protocol_type, "consumer");
  EXPECT_EQ(all[0].type, "classic");
  EXPECT_EQ(all[1].name, "quiet");
  const auto empty = admin().list_groups({"Empty"}).value();
  ASSERT_THAT(empty, SizeIs(1));
  EXPECT_EQ(empty[0].name, "quiet");
  EXPECT_EQ(empty[0].state, "Empty");
}

TEST_P(GroupAdmin, SeveralGroupsAreDescribedAtOnceWithoutThoseThatAreNotThere) {
  std::atomic<int> asked = 0;
  const auto counting = meddle([&](const protocol::MessageSchema& request, Result<protocol::AnyMessage>&) {
    asked += &request == &protocol::DescribeGroupsRequest::schema() || &request == &protocol::FindCoordinatorRequest::schema();
  });
  for (const char* name : {"a", "c"}) admin().alter_group_offsets(name, {{{"t", 0}, {1}}}).value();
  asked = 0;
  const auto groups = admin().describe_groups({"c", "b", "a"}).value();
  ASSERT_THAT(groups, SizeIs(2));
  EXPECT_EQ(groups[0].name, "a");
  EXPECT_EQ(groups[1].name, "c");
  EXPECT_EQ(asked, 2);  // who coordinates b, and then all three
}

TEST_P(GroupAdmin, ACoordinatorThatIsNotReadyIsAskedAgain) {
  admin().alter_group_offsets("g", {{{"t", 0}, {1}}}).value();
  for (const Errc error : {Errc::coordinator_load_in_progress, Errc::coordinator_not_available, Errc::not_coordinator}) {
    std::atomic<int> left = 0, found = 0;
    const auto refusing = meddle([&](const protocol::MessageSchema& request, Result<protocol::AnyMessage>& answer) {
      if (!answer) return;
      found += &request == &protocol::FindCoordinatorRequest::schema();
      if (auto* described = answer->get_if<protocol::DescribeGroupsResponse>(); described && left-- > 0)
        described->groups.at(0).error_code = wire_code(error);
      if (auto* offsets = answer->get_if<protocol::OffsetFetchResponse>(); offsets && left-- > 0)
        offsets->groups.at(0).error_code = wire_code(error);
      if (auto* committed = answer->get_if<protocol::OffsetCommitResponse>(); committed && left-- > 0)
        committed->topics.at(0).partitions.at(0).error_code = wire_code(error);
      if (auto* listed = answer->get_if<protocol::ListGroupsResponse>(); listed && left-- > 0)
        listed->error_code = wire_code(error);
    });
    left = 2;
    EXPECT_TRUE(admin().describe_group("g"));
    EXPECT_EQ(found, 2) << "it may be another one now";
    left = 2;
    EXPECT_THAT(admin().group_offsets("g").value(), SizeIs(1));
    left = 2;
    EXPECT_TRUE(admin().alter_group_offsets("g", {{{"t", 0}, {2}}}));
    left = 2;
    EXPECT_THAT(admin().list_groups().value(), SizeIs(1));
  }
}

TEST_P(GroupAdmin, ADeleteWhoseAnswerWasLostIsNoFailure) {
  admin().alter_group_offsets("g", {{{"t", 0}, {1}}}).value();
  std::atomic<int> left = 1;
  const auto losing = meddle([&](const protocol::MessageSchema& request, Result<protocol::AnyMessage>& answer) {
    if (&request == &protocol::DeleteGroupsRequest::schema() && left-- > 0) answer = Error{Errc::disconnected, "lost"};
  });
  EXPECT_TRUE(admin().delete_group("g"));
  EXPECT_EQ(admin().delete_group("g").error().code, Errc::group_id_not_found);
}

TEST_P(GroupAdmin, OldVersionsSayTheSame) {
  // Metadata, OffsetCommit, OffsetFetch, FindCoordinator, DescribeGroups, ListGroups, ApiVersions, DeleteGroups, OffsetDelete.
  limit({{3, 4}, {8, 2}, {9, 2}, {10, 0}, {15, 0}, {16, 0}, {18, 0}, {42, 0}, {47, 0}});
  const Offsets offsets = {{{"t", 0}, {5, -1, "five"}}, {{"t", 1}, {6, -1, ""}}};
  admin().alter_group_offsets("g", offsets).value();
  admin().alter_group_offsets("h", offsets).value();
  EXPECT_EQ(admin().group_offsets("g").value(), offsets);
  EXPECT_THAT(admin().describe_groups({"g", "h", "nobody"}).value(), SizeIs(2));
  EXPECT_THAT(admin().list_groups().value(), SizeIs(2));
  if (is_encoded()) {
    EXPECT_EQ(admin().list_groups().value().at(0).state, "");
  }
  EXPECT_EQ(admin().describe_group("nobody").error().code, Errc::group_id_not_found);
  admin().delete_group_offsets("g", {{"t", 0}}).value();
  EXPECT_THAT(admin().group_offsets("g").value(), SizeIs(1));
  admin().delete_group("g").value();
  EXPECT_THAT(admin().list_groups().value(), SizeIs(1));
}

}  // namespace
}  // namespace leat::test
