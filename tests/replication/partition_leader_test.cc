#include "partition_fixture.h"

/// What a leader does with its followers' fetches: P1 and P5 of partition.h, F9 to F17 of the specification.
namespace leat::replication {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr NodeId third = 3;

class PartitionLeader : public PartitionTest {
 protected:
  PartitionLeader() {
    disk.release_syncs();
    for (const NodeId id : {self, other, third}) brokers.known[id] = {.epoch = 10 + id, .is_active = true, .rack = {}};
  }
  /// Leads, and has all that it appended on its disk.
  void lead_with(std::vector<NodeId> isr, LeaderEpoch epoch = 0) {
    lead({.leader_epoch = epoch, .replicas = {self, other, third}, .isr = std::move(isr)});
  }
  Offset append_durably(int records) {
    const Offset end = append(records, 1).end;
    scheduler.run_ready();
    return end;
  }
  ReadResult fetch_by(NodeId replica, Offset from) {
    return partition->read_for_replica({.replica = replica,
                                        .broker_epoch = brokers.known.at(replica).epoch,
                                        .from = from,
                                        .max_bytes = 1 << 20,
                                        .log_start = 0});
  }
  std::vector<NodeId> proposed_isr() const {
    std::vector<NodeId> ids;
    for (const IsrMember& member : controller.proposed.back().isr) ids.push_back(member.id);
    return ids;
  }
  void accept(std::vector<NodeId> isr) {
    const auto change = controller.proposed.back();
    partition->isr_answer(change, {.leader = self,
                                   .leader_epoch = change.leader_epoch,
                                   .partition_epoch = ++partition_epoch,
                                   .isr = std::move(isr)});
  }
  void refuse(Errc error) { partition->isr_answer(controller.proposed.back(), {.error = error}); }
};

TEST_F(PartitionLeader, TheHighWatermarkIsTheLeastDurableEndOfTheIsr) {  // P1
  lead_with({self, other, third});
  append_durably(3);
  EXPECT_EQ(partition->high_watermark(), 0) << "nobody has fetched yet";
  fetch_by(other, 3);
  EXPECT_EQ(partition->high_watermark(), 0);
  fetch_by(third, 2);
  EXPECT_EQ(partition->high_watermark(), 2);
  fetch_by(third, 3);
  EXPECT_EQ(partition->high_watermark(), 3);
}

TEST_F(PartitionLeader, TheLeadersOwnEndCountsOnceItIsDurable) {  // P1
  lead_with({self, other});
  disk.hold_syncs();
  append(2);
  fetch_by(other, 2);
  EXPECT_EQ(partition->high_watermark(), 0);
  release_syncs();
  EXPECT_EQ(partition->high_watermark(), 2);
}

TEST_F(PartitionLeader, AReplicaOutsideTheIsrDoesNotHoldTheHighWatermarkBack) {
  lead_with({self, other});
  append_durably(1);
  fetch_by(other, 1);
  fetch_by(third, 0);
  append_durably(2);
  fetch_by(other, 3);
  EXPECT_EQ(partition->high_watermark(), 3);
}

TEST_F(PartitionLeader, AFollowersFetchIsAnsweredWithTheHighWatermarkThatItMoved) {  // F10
  lead_with({self, other});
  append_durably(3);
  EXPECT_EQ(fetch_by(other, 3).high_watermark, 3);
}

TEST_F(PartitionLeader, AFollowerIsShownWhatIsNotCommitted) {
  lead_with({self, other, third});
  append_durably(3);
  const auto read = fetch_by(other, 0);
  EXPECT_EQ(read.range.next, 3);
  EXPECT_EQ(read.high_watermark, 0);
}

TEST_F(PartitionLeader, AcksAllWaitsForTheIsr) {  // P3
  lead_with({self, other});
  const Offset end = append_durably(1);
  wait(end, -1, outcomes);
  EXPECT_THAT(outcomes, IsEmpty());
  fetch_by(other, end);
  EXPECT_THAT(outcomes, ElementsAre(Errc::none));
}

TEST_F(PartitionLeader, WhoIsNoReplicaIsRefused) {  // F17
  lead_with({self, other});
  EXPECT_EQ(partition->read_for_replica({.replica = 9, .from = 0}).error, Errc::unknown_leader_epoch);
}

TEST_F(PartitionLeader, AFetchOfAnEarlierIncarnationIsRefused) {  // F17
  lead_with({self, other});
  append_durably(2);
  fetch_by(other, 0);
  EXPECT_EQ(partition->read_for_replica({.replica = other, .broker_epoch = 11, .from = 2}).error,
            Errc::not_leader_or_follower);
  EXPECT_EQ(partition->high_watermark(), 0) << "and promises nothing";
}

TEST_F(PartitionLeader, AFetchUnderAnotherLeaderEpochPromisesNothing) {  // P5
  lead_with({self, other}, 5);
  append_durably(2);
  EXPECT_EQ(partition->read_for_replica({.replica = other, .from = 2, .current_leader_epoch = 4}).error,
            Errc::fenced_leader_epoch);
  EXPECT_EQ(partition->read_for_replica({.replica = other, .from = 2, .current_leader_epoch = 6}).error,
            Errc::unknown_leader_epoch);
  EXPECT_EQ(partition->high_watermark(), 0);
}

TEST_F(PartitionLeader, ADivergingFollowerIsToldWhereAndPromisesNothing) {
  lead_with({self, other}, 1);
  append_durably(2);
  lead_with({self, other}, 4);
  append_durably(2);
  const auto read = partition->read_for_replica({.replica = other, .from = 3, .last_fetched_epoch = 2});
  ASSERT_TRUE(read.diverging);
  EXPECT_EQ(read.diverging->epoch, 1);
  EXPECT_EQ(read.diverging->end, 2);
  EXPECT_EQ(partition->high_watermark(), 0);
}

TEST_F(PartitionLeader, AFetchOutsideTheLogIsOutOfRangeAndPromisesNothing) {
  lead_with({self, other});
  append_durably(2);
  EXPECT_EQ(fetch_by(other, 3).error, Errc::offset_out_of_range);
  EXPECT_EQ(partition->high_watermark(), 0);
}

TEST_F(PartitionLeader, AReplicaThatHasAllIsProposedForTheIsr) {  // F14
  lead_with({self, other});
  append_durably(2);
  fetch_by(other, 2);
  fetch_by(third, 1);
  EXPECT_THAT(controller.proposed, IsEmpty()) << "it lacks what is committed";
  fetch_by(third, 2);
  ASSERT_EQ(controller.proposed.size(), 1u);
  const auto& change = controller.proposed.back();
  EXPECT_THAT(change.isr, ElementsAre(IsrMember{self, 11}, IsrMember{other, 12}, IsrMember{third, 13}));
  EXPECT_EQ(change.leader_epoch, 0);
  EXPECT_EQ(change.partition_epoch, partition_epoch);
}

TEST_F(PartitionLeader, AProposedMemberHoldsTheHighWatermarkBackAtOnce) {  // F15
  lead_with({self, other});
  fetch_by(third, 0);
  ASSERT_THAT(proposed_isr(), ElementsAre(self, other, third));
  append_durably(2);
  fetch_by(other, 2);
  EXPECT_EQ(partition->high_watermark(), 0);
  fetch_by(third, 2);
  EXPECT_EQ(partition->high_watermark(), 2);
}

TEST_F(PartitionLeader, AReplicaBehindTheStartOfTheTermDoesNotJoin) {  // F14
  lead_with({self, other, third}, 0);
  append_durably(2);
  lead_with({self}, 2);
  fetch_by(third, 1);
  EXPECT_THAT(controller.proposed, IsEmpty());
  fetch_by(third, 2);
  EXPECT_THAT(proposed_isr(), ElementsAre(self, third));
}

TEST_F(PartitionLeader, ABrokerThatIsFencedOrOfAnotherEpochDoesNotJoin) {  // F14
  lead_with({self});
  brokers.known[other].is_active = false;
  fetch_by(other, 0);
  const auto epoch = brokers.known[third].epoch;
  partition->read_for_replica({.replica = third, .broker_epoch = epoch + 1, .from = 0});
  EXPECT_THAT(controller.proposed, IsEmpty());
  brokers.known[other].is_active = true;
  brokers.known[third].epoch = epoch + 1;
  partition->review_isr();
  EXPECT_THAT(proposed_isr(), ElementsAre(self, other, third)) << "once the metadata knows them";
}

TEST_F(PartitionLeader, AnAcceptedChangeIsTheIsr) {  // I7
  lead_with({self, other});
  fetch_by(third, 0);
  accept({self, other, third});
  EXPECT_THAT(partition->state().isr, ElementsAre(self, other, third));
  EXPECT_EQ(partition->state().partition_epoch, partition_epoch);
  fetch_by(third, 0);
  EXPECT_EQ(controller.proposed.size(), 1u);
}

TEST_F(PartitionLeader, OnlyOneChangeIsUnderWay) {  // F15
  lead_with({self});
  fetch_by(other, 0);
  fetch_by(third, 0);
  EXPECT_EQ(controller.proposed.size(), 1u);
  accept({self, other});
  fetch_by(third, 0);
  EXPECT_THAT(proposed_isr(), ElementsAre(self, other, third));
}

TEST_F(PartitionLeader, AMemberThatLagsTooLongIsDropped) {  // F13
  lead_with({self, other, third});
  append_durably(2);
  fetch_by(other, 2);
  fetch_by(third, 1);
  scheduler.run_for(lag_max);
  partition->review_isr();
  EXPECT_THAT(controller.proposed, IsEmpty()) << "it had all when the term began";
  scheduler.run_for(std::chrono::milliseconds(1));
  partition->review_isr();
  EXPECT_THAT(proposed_isr(), ElementsAre(self, other));
  EXPECT_EQ(partition->high_watermark(), 1) << "it counts until the controller has dropped it (I6)";
  accept({self, other});
  EXPECT_EQ(partition->high_watermark(), 2);
}

TEST_F(PartitionLeader, AMemberThatHasAllStaysHoweverLongAgoItFetched) {  // F12
  lead_with({self, other});
  append_durably(2);
  fetch_by(other, 2);
  scheduler.run_for(10 * lag_max);
  partition->review_isr();
  EXPECT_THAT(controller.proposed, IsEmpty());
  append_durably(1);
  scheduler.run_for(lag_max);
  partition->review_isr();
  EXPECT_THAT(controller.proposed, IsEmpty()) << "it had all until the append";
  scheduler.run_for(std::chrono::milliseconds(1));
  partition->review_isr();
  EXPECT_THAT(proposed_isr(), ElementsAre(self));
}

TEST_F(PartitionLeader, AReviewDropsWhoLagsAndTakesInNobodyWhoDoes) {  // or they would come and go
  lead_with({self, other});
  append_durably(2);
  fetch_by(third, 0);
  refuse(Errc::ineligible_replica);
  scheduler.run_for(lag_max + std::chrono::milliseconds(1));
  partition->review_isr();
  EXPECT_THAT(proposed_isr(), ElementsAre(self)) << "though the third has all that is committed, too";
}

TEST_F(PartitionLeader, AnIneligibleMemberIsTakenBackAndMayBeProposedAgain) {  // I7
  lead_with({self, other});
  fetch_by(third, 0);
  append_durably(1);
  fetch_by(other, 1);
  scheduler.run_for(lag_max + std::chrono::milliseconds(1));
  refuse(Errc::ineligible_replica);
  EXPECT_EQ(partition->high_watermark(), 1);
  fetch_by(third, 1);
  EXPECT_EQ(controller.proposed.size(), 2u);
}

TEST_F(PartitionLeader, AChangeThatMetadataMayHaveOvertakenStaysUntilItComes) {  // I7
  lead_with({self, other});
  fetch_by(third, 0);
  append_durably(1);
  fetch_by(other, 1);
  for (const Errc error : {Errc::invalid_update_version, Errc::fenced_leader_epoch, Errc::new_leader_elected}) {
    refuse(error);
    EXPECT_EQ(partition->high_watermark(), 0) << "the member may be in";
  }
  EXPECT_EQ(controller.proposed.size(), 1u);
  lead_with({self, other});
  scheduler.run_for(lag_max + std::chrono::milliseconds(1));
  fetch_by(other, 1);
  EXPECT_EQ(partition->high_watermark(), 1);
}

TEST_F(PartitionLeader, AChangeThatFailedForNoLastingReasonIsProposedAgain) {  // I7
  lead_with({self, other});
  fetch_by(third, 0);
  refuse(Errc::request_timed_out);
  ASSERT_EQ(controller.proposed.size(), 2u);
  EXPECT_EQ(controller.proposed[0], controller.proposed[1]);
}

TEST_F(PartitionLeader, AnAnswerThatMetadataHasOvertakenChangesNothing) {  // P5
  lead_with({self, other});
  fetch_by(third, 0);
  lead_with({self}, 1);
  accept({self, other, third});
  EXPECT_THAT(partition->state().isr, ElementsAre(self));
  EXPECT_EQ(partition->state().leader_epoch, 1);
}

TEST_F(PartitionLeader, MetadataAndAnswersMayComeInEitherOrder) {  // H4
  lead_with({self, other});
  fetch_by(third, 0);
  accept({self, other, third});
  ASSERT_TRUE(partition->update({.leader = self,
                                 .leader_epoch = 0,
                                 .partition_epoch = partition_epoch - 1,
                                 .replicas = {self, other, third},
                                 .isr = {self, other}}));
  EXPECT_THAT(partition->state().isr, ElementsAre(self, other, third)) << "older metadata is ignored";
}

TEST_F(PartitionLeader, ANewTermWaitsForFetchesOfItsOwn) {
  lead_with({self, other}, 0);
  append_durably(2);
  fetch_by(other, 1);
  follow(1);
  lead_with({self, other}, 2);
  EXPECT_EQ(partition->high_watermark(), 1) << "it never goes back";
  append_durably(1);
  EXPECT_EQ(partition->high_watermark(), 1);
  fetch_by(other, 3);
  EXPECT_EQ(partition->high_watermark(), 3);
}

TEST_F(PartitionLeader, AFollowersListOffsetsSeesTheWholeLog) {  // I4
  lead_with({self, other}, 3);
  append_durably(2);
  EXPECT_EQ(partition->find_offset_for_replica(-1, 3).found.offset, 2);
  EXPECT_EQ(partition->find_offset_for_replica(-1, 3).found.leader_epoch, 3);
  EXPECT_EQ(partition->find_offset_for_replica(-2, 3).found.offset, 0);
  EXPECT_EQ(partition->find_offset_for_replica(-1, 2).error, Errc::fenced_leader_epoch);
}

TEST_F(PartitionLeader, AWatcherOfTheLogEndIsToldOfAnAppend) {
  lead_with({self, other});
  const auto replica = std::make_shared<CountingWatcher>();
  const auto consumer = std::make_shared<CountingWatcher>();
  partition->watch(replica, 1, Partition::Interest::appended);
  partition->watch(consumer, 1);
  append_durably(1);
  EXPECT_EQ(replica->changes, 1);
  EXPECT_EQ(consumer->changes, 0);
  fetch_by(other, 1);
  EXPECT_EQ(consumer->changes, 1);
}

TEST_F(PartitionLeader, AConsumerIsSentToTheReplicaOfItsRackThatHasTheOffset) {  // I11
  brokers.known[self].rack = "a";
  brokers.known[other].rack = brokers.known[third].rack = "b";
  lead_with({self, other, third});
  append_durably(3);
  EXPECT_EQ(partition->preferred_read_replica("b", 0), std::nullopt) << "none has fetched";
  fetch_by(other, 1);
  EXPECT_EQ(partition->preferred_read_replica("b", 0), other);
  fetch_by(third, 2);
  EXPECT_EQ(partition->preferred_read_replica("b", 0), third) << "the one that has most";
  EXPECT_EQ(partition->preferred_read_replica("b", 3), std::nullopt);
  EXPECT_EQ(partition->preferred_read_replica("a", 0), std::nullopt) << "the leader is there";
  EXPECT_EQ(partition->preferred_read_replica("c", 0), std::nullopt);
  brokers.known[third].is_active = false;
  EXPECT_EQ(partition->preferred_read_replica("b", 0), other);
}

}  // namespace
}  // namespace leat::replication
