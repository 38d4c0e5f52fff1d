#include "client/group_member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripted_coordinator.h"
#include "sim/scheduler.h"

namespace leat::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

using Lines = std::vector<std::string>;

class MemberOfAGroup : public testing::Test {
 protected:
  void SetUp() override {
    make({});
    cluster->on_update([this](const Result<void>&) { member->on_metadata(); });
    cluster->want("t");
  }
  void TearDown() override {
    member->close();
    cluster->close();
    coordinator->close();
    scheduler.run_until_idle();
  }
  void make(GroupMemberOptions options) {
    if (options.assignors.empty()) options.assignors = {Assignor::range, Assignor::sticky};
    member = std::make_shared<GroupMember>(coordinator, options, [this] { ++changes; });
  }
  /// Joins and lets a second pass.
  GroupMember::News join() {
    EXPECT_TRUE(member->take().wants_join);
    member->join({"t"}, {});
    scheduler.run_for(1s);
    return member->take();
  }
  /// A member at generation 1, with nothing in the log.
  void be_stable() {
    ASSERT_TRUE(join().assignment);
    broker->take_log();
  }
  /// The log of what happens in the time, the member being polled.
  Lines during(Duration span) {
    for (const Instant end = scheduler.now() + span; scheduler.now() < end;) {
      scheduler.run_for(std::min<Duration>(100ms, end - scheduler.now()));
      keep(member->take());
    }
    return broker->take_log();
  }
  void keep(GroupMember::News now) {
    news.is_lost |= now.is_lost;
    news.wants_join = now.wants_join;
    if (now.error) news.error = now.error;
    if (now.assignment) news.assignment = now.assignment;
  }

  sim::Scheduler scheduler{3};
  std::shared_ptr<ScriptedCoordinator> broker = std::make_shared<ScriptedCoordinator>(scheduler);
  std::shared_ptr<Cluster> cluster = std::make_shared<Cluster>(scheduler, broker, ClusterOptions{.client_id = "c"});
  std::shared_ptr<GroupCoordinator> coordinator = std::make_shared<GroupCoordinator>(cluster, "g");
  std::shared_ptr<GroupMember> member;
  GroupMember::News news;
  int changes = 0;
};

constexpr std::int16_t code(Errc error) { return static_cast<std::int16_t>(error); }

TEST_F(MemberOfAGroup, JoinsAndSharesOutAsTheLeader) {
  const auto news = join();
  EXPECT_THAT(broker->take_log(), ElementsAre("find", "join ", "join m1", "sync m1@1"));
  ASSERT_TRUE(news.assignment);
  EXPECT_THAT(*news.assignment, testing::SizeIs(3));
  EXPECT_FALSE(news.wants_join);
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(member->commit_as()->generation, 1);
  EXPECT_EQ(member->commit_as()->member_id, "m1");
}

TEST_F(MemberOfAGroup, AFollowerTakesWhatItIsGiven) {
  broker->leader = "other";
  const auto news = join();
  EXPECT_THAT(broker->take_log(), ElementsAre("find", "join ", "join m1", "sync m1@1"));
  EXPECT_THAT(broker->last_shares, IsEmpty());
  ASSERT_TRUE(news.assignment);
  EXPECT_THAT(*news.assignment, IsEmpty());
}

TEST_F(MemberOfAGroup, TriesAgainToJoinWhereThatHelps) {
  struct Row {
    std::int16_t fate;
    Lines log;
  };
  const Lines again{"join m1", "join m1"}, found{"join m1", "find", "join m1"};
  for (const auto& [fate, expected] : {Row{code(Errc::coordinator_load_in_progress), again},
                                       Row{code(Errc::coordinator_not_available), found},
                                       Row{code(Errc::not_coordinator), found},
                                       Row{code(Errc::rebalance_in_progress), again},
                                       Row{ScriptedCoordinator::lose, found}}) {
    be_stable();
    member->request_join();
    broker->next("join", fate);
    EXPECT_TRUE(join().assignment) << fate;
    Lines log = broker->take_log();
    log.pop_back();
    EXPECT_EQ(log, expected) << fate;
    member->leave(nullptr);
    scheduler.run_for(1s);
    broker->take_log();
  }
}

TEST_F(MemberOfAGroup, JoinsUnderANewIdWhenItsOwnIsNotKnown) {
  broker->next("join", 0);
  broker->next("join", code(Errc::unknown_member_id));
  EXPECT_TRUE(join().assignment);
  EXPECT_THAT(broker->take_log(), ElementsAre("find", "join ", "join m1", "join ", "join m1", "sync m1@1"));
}

TEST_F(MemberOfAGroup, SaysWhyItIsRefusedAndWaitsToBeToldToJoinAgain) {
  for (const Errc error : {Errc::inconsistent_group_protocol, Errc::invalid_group_id, Errc::invalid_session_timeout,
                           Errc::group_authorization_failed, Errc::group_max_size_reached, Errc::unsupported_version}) {
    broker->next("join", code(error));
    const auto news = join();
    ASSERT_TRUE(news.error) << code(error);
    EXPECT_EQ(news.error->code, error);
    EXPECT_TRUE(news.wants_join);
    broker->take_log();
    EXPECT_THAT(during(5s), IsEmpty()) << "M2";
    EXPECT_TRUE(join().assignment);
    member->leave(nullptr);
    scheduler.run_for(1s);
    broker->take_log();
  }
}

TEST_F(MemberOfAGroup, StaysFencedOnceItIs) {
  make({.instance_id = "i"});
  broker->next("join", code(Errc::fenced_instance_id));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(join().error->code, Errc::fenced_instance_id);
    EXPECT_EQ(member->commit_as().error().code, Errc::fenced_instance_id);
  }
  EXPECT_THAT(broker->take_log(), ElementsAre("find", "join "));
}

TEST_F(MemberOfAGroup, ARefusedSyncLeadsWhereItsCodeSays) {
  be_stable();
  member->request_join();
  broker->next("sync", code(Errc::rebalance_in_progress));
  EXPECT_TRUE(join().assignment);
  EXPECT_THAT(broker->take_log(), ElementsAre("join m1", "sync m1@2", "join m1", "sync m1@3"));

  member->request_join();
  broker->next("sync", code(Errc::not_coordinator));
  EXPECT_TRUE(join().assignment);
  EXPECT_THAT(broker->take_log(), ElementsAre("join m1", "sync m1@4", "find", "join m1", "sync m1@5"));

  member->request_join();
  broker->next("sync", code(Errc::illegal_generation));
  EXPECT_TRUE(join().is_lost);
  EXPECT_EQ(member->commit_as().error().code, Errc::illegal_generation);
  EXPECT_TRUE(join().assignment);
  EXPECT_THAT(broker->take_log(), ElementsAre("join m1", "sync m1@6", "join m1", "sync m1@7")) << "the id is kept";

  member->request_join();
  broker->next("sync", code(Errc::unknown_member_id));
  EXPECT_TRUE(join().is_lost);
  EXPECT_TRUE(join().assignment);
  EXPECT_THAT(broker->take_log(), ElementsAre("join m1", "sync m1@8", "join ", "join m1", "sync m1@9"));
}

TEST_F(MemberOfAGroup, HeartbeatsByItself) {
  be_stable();
  EXPECT_THAT(during(9s), ElementsAre("heartbeat m1@1", "heartbeat m1@1", "heartbeat m1@1"));
}

TEST_F(MemberOfAGroup, HeartbeatsOnWhileItsConsumerHasNotJoinedAgain) {
  be_stable();
  broker->next("heartbeat", code(Errc::rebalance_in_progress));
  EXPECT_THAT(during(9s), testing::SizeIs(3));
  EXPECT_TRUE(news.wants_join);
  EXPECT_FALSE(news.is_lost);
  EXPECT_TRUE(member->commit_as()) << "its offsets are still taken";
  EXPECT_TRUE(join().assignment);
}

TEST_F(MemberOfAGroup, AHeartbeatTellsThatItIsNotAMemberAnyMore) {
  for (const Errc error : {Errc::unknown_member_id, Errc::illegal_generation}) {
    be_stable();
    broker->next("heartbeat", code(error));
    news = {};
    EXPECT_THAT(during(9s), testing::SizeIs(1)) << "no heartbeat and no join before it is told to";
    EXPECT_TRUE(news.is_lost);
    EXPECT_TRUE(news.wants_join);
    EXPECT_EQ(member->commit_as().error().code, error);
    EXPECT_TRUE(join().assignment);
    EXPECT_EQ(broker->take_log().front(), error == Errc::illegal_generation ? "join m1" : "join ");
    member->leave(nullptr);
    scheduler.run_for(1s);
    broker->take_log();
  }
}

TEST_F(MemberOfAGroup, FindsTheCoordinatorAgainWhenItHasMoved) {
  be_stable();
  for (const std::int16_t fate :
       {code(Errc::not_coordinator), code(Errc::coordinator_not_available), ScriptedCoordinator::lose}) {
    broker->next("heartbeat", fate);
    EXPECT_THAT(during(3s), IsSupersetOf(Lines{"heartbeat m1@1", "find", "heartbeat m1@1"})) << fate;
    EXPECT_FALSE(news.is_lost);
    EXPECT_FALSE(news.wants_join);
  }
  broker->next("heartbeat", ScriptedCoordinator::ignore);
  EXPECT_THAT(during(40s), IsSupersetOf(Lines{"find"}));
  EXPECT_FALSE(news.is_lost);
}

TEST_F(MemberOfAGroup, LooksForACoordinatorUntilThereIsOne) {
  for (int i = 0; i < 5; ++i) broker->next("find", code(Errc::coordinator_not_available));
  EXPECT_TRUE(join().assignment);
}

TEST_F(MemberOfAGroup, LeavesWhenItIsNotPolled) {  // M3
  make({.max_poll_interval = 10s});
  be_stable();
  scheduler.run_for(9s);
  EXPECT_THAT(broker->take_log(), testing::Each(testing::StartsWith("heartbeat")));
  scheduler.run_for(20s);
  EXPECT_THAT(broker->take_log(), ElementsAre("leave m1"));
  EXPECT_EQ(member->commit_as().error().code, Errc::unknown_member_id);
  EXPECT_TRUE(member->take().is_lost);
  EXPECT_TRUE(join().assignment);
}

TEST_F(MemberOfAGroup, AnAnswerFromBeforeItLeftChangesNothing) {  // M1
  (void)member->take();
  member->join({"t"}, {});
  while (broker->log.empty() || broker->log.back() != "join m1") ASSERT_TRUE(scheduler.step());
  bool has_left = false;
  member->leave([&] { has_left = true; });
  scheduler.run_for(5s);
  EXPECT_TRUE(has_left);
  EXPECT_THAT(broker->take_log(), ElementsAre("find", "join ", "join m1", "leave m1"));
  const auto news = member->take();
  EXPECT_FALSE(news.assignment);
  EXPECT_FALSE(news.is_lost);
  EXPECT_EQ(member->identity().generation, -1);
}

TEST_F(MemberOfAGroup, AStaticMemberDoesNotSayGoodbye) {
  make({.instance_id = "i"});
  EXPECT_TRUE(join().assignment);
  EXPECT_THAT(broker->take_log(), ElementsAre("find", "join ", "sync m1@1"));
  bool is_done = false;
  member->leave([&] { is_done = true; });
  scheduler.run_for(5s);
  EXPECT_TRUE(is_done);
  EXPECT_THAT(broker->take_log(), IsEmpty());
}

TEST_F(MemberOfAGroup, TheLeaderSharesOutAnewWhenThereAreOtherPartitions) {
  be_stable();
  cluster->refresh();
  EXPECT_THAT(during(1s), IsEmpty());
  EXPECT_FALSE(news.wants_join);
  broker->partitions["t"] = 5;
  cluster->refresh();
  scheduler.run_for(1s);
  EXPECT_TRUE(member->take().wants_join);
  EXPECT_THAT(*join().assignment, testing::SizeIs(5));
}

TEST_F(MemberOfAGroup, TheLeaderAsksForTopicsThatOnlyOthersRead) {
  broker->partitions["u"] = 2;
  broker->other_subscription = subscription_bytes(Assignor::range, {.topics = {"u", "none"}}, nullptr);
  EXPECT_THAT(*join().assignment, testing::SizeIs(3));
  EXPECT_THAT(*read_assignment(broker->last_shares.at("other")), ElementsAre(TopicPartition{"u", 0}, TopicPartition{"u", 1}));
  EXPECT_TRUE(member->misses_topics());
}

TEST_F(MemberOfAGroup, TheStickyOneTellsWhatItHadWhenItJoinsAgain) {
  broker->protocol = "sticky";
  be_stable();
  EXPECT_THAT(read_subscription(Assignor::sticky, broker->last_subscription)->owned, IsEmpty());
  member->request_join();
  EXPECT_TRUE(join().assignment);
  const auto told = *read_subscription(Assignor::sticky, broker->last_subscription);
  EXPECT_THAT(told.owned, testing::SizeIs(3));
  EXPECT_EQ(told.generation, 1);
}

TEST_F(MemberOfAGroup, WhatACommitIsToldCountsForTheMember) {
  const auto offsets = std::make_shared<GroupOffsets>(coordinator);
  const auto commit = [&](Errc error) {
    broker->next("commit", code(error));
    const auto as = *member->commit_as();
    Errc told = Errc::none;
    offsets->commit(as, {{{"t", 0}, {.offset = 1}}}, scheduler.now() + 5s, [&](const Result<void>& outcome) {
      if (outcome) return;
      told = outcome.error().code;
      member->on_commit_error(as, told);
    });
    scheduler.run_for(1s);
    return told;
  };
  be_stable();
  EXPECT_EQ(commit(Errc::coordinator_load_in_progress), Errc::none) << "tried again";
  EXPECT_EQ(commit(Errc::not_coordinator), Errc::none);
  EXPECT_THAT(broker->take_log(), ElementsAre("commit m1@1", "commit m1@1", "commit m1@1", "find", "commit m1@1"));
  EXPECT_EQ(commit(Errc::offset_metadata_too_large), Errc::offset_metadata_too_large);
  EXPECT_FALSE(member->take().wants_join);
  EXPECT_EQ(commit(Errc::rebalance_in_progress), Errc::rebalance_in_progress);
  auto news = member->take();
  EXPECT_TRUE(news.wants_join && !news.is_lost);
  EXPECT_EQ(commit(Errc::illegal_generation), Errc::illegal_generation);
  EXPECT_TRUE(member->take().is_lost);
  EXPECT_EQ(member->commit_as().error().code, Errc::illegal_generation);
}

TEST_F(MemberOfAGroup, CommitsAreRefusedWhileItJoins) {
  be_stable();
  member->request_join();
  (void)member->take();
  member->join({"t"}, {});
  EXPECT_EQ(member->commit_as().error().code, Errc::rebalance_in_progress);
  scheduler.run_for(1s);
  EXPECT_TRUE(member->commit_as());
}

}  // namespace
}  // namespace leat::client
