#include "partition_fixture.h"

/// What a follower does with what its leader says: P4 and P5 of partition.h.
namespace leat::replication {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class PartitionFollower : public PartitionTest {
 protected:
  PartitionFollower() { follow(epoch); }

  std::vector<std::byte> joined(std::initializer_list<std::vector<std::byte>> batches) {
    std::vector<std::byte> all;
    for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
    return all;
  }
  /// Begins an append; its end is noted in `told`.
  void take(const std::vector<std::byte>& batches, Offset high_watermark = 0, Offset log_start = 0) {
    if (auto known = partition->append_as_follower(epoch, Bytes(batches), high_watermark, log_start, note()))
      told.push_back(*known);
  }
  void take_durably(const std::vector<std::byte>& batches, Offset high_watermark = 0, Offset log_start = 0) {
    take(batches, high_watermark, log_start);
    release_syncs();
    disk.hold_syncs();
    ASSERT_TRUE(told.back());
  }
  Followed note() {
    return [this](Result<FollowerPosition> where) { told.push_back(std::move(where)); };
  }
  log::Log& reopened_log() {
    if (!reopened) reopened = log::Log::open(disk, scheduler, {.directory = "data/t-0"}, {}).value();
    return *reopened;
  }

  LeaderEpoch epoch = 5;
  std::vector<Result<FollowerPosition>> told;
  std::unique_ptr<log::Log> reopened;
};

TEST_F(PartitionFollower, BatchesKeepTheirOffsetsAndEpochs) {  // F18
  take_durably(joined({batch(0, 2, 2), batch(2, 4)}));
  EXPECT_EQ(told.back()->log_end, 3);
  EXPECT_EQ(told.back()->last_epoch, 4);
  const auto entries = reopened_log().leader_epochs().entries();
  EXPECT_THAT(entries, ElementsAre(log::EpochStart{2, 0}, log::EpochStart{4, 2}));
}

TEST_F(PartitionFollower, NoEndIsToldBeforeItIsDurable) {  // P4
  take(batch(0, 5, 3));
  EXPECT_EQ(partition->log_end(), 3);
  EXPECT_THAT(told, IsEmpty());
  complete_one_sync();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]->log_end, 3);
}

TEST_F(PartitionFollower, AFailedSyncTellsNoEnd) {  // P4
  take_durably(batch(0, 5));
  told.clear();
  take(batch(1, 5));
  take(batch(2, 5));  // in the round behind the one that is under way
  disk.fail_nth(1);
  release_syncs();
  ASSERT_TRUE(disk.fault_fired());
  ASSERT_EQ(told.size(), 2u);
  ASSERT_FALSE(told[1]);
  EXPECT_EQ(told[1].error().code, Errc::kafka_storage_error);
}

TEST_F(PartitionFollower, TheHighWatermarkIsTheLeadersButNotBeyondTheOwnDurableEnd) {  // P4
  take(batch(0, 5, 2), 9);
  EXPECT_EQ(partition->high_watermark(), 0);
  complete_one_sync();
  EXPECT_EQ(partition->high_watermark(), 2);
  EXPECT_EQ(told.back()->high_watermark, 2);
  take_durably(batch(2, 5, 2), 3);
  EXPECT_EQ(partition->high_watermark(), 3);
  take({}, 4);
  EXPECT_EQ(partition->high_watermark(), 4) << "an answer without records moves it too";
  EXPECT_EQ(told.back()->high_watermark, 4);
}

TEST_F(PartitionFollower, TheLeadersLogStartIsTakenUpToTheHighWatermark) {  // I2
  take_durably(joined({batch(0, 5, 2), batch(2, 5, 2)}), 3, 1);
  take({}, 3, 4);
  EXPECT_EQ(partition->log_start(), 3);
  EXPECT_EQ(told.back()->log_start, 3);
}

TEST_F(PartitionFollower, ABatchOfANewerEpochIsCutOff) {  // F18
  take_durably(joined({batch(0, 5), batch(1, 6), batch(2, 6)}));
  EXPECT_EQ(told.back()->log_end, 1);
}

TEST_F(PartitionFollower, ACutBatchAtTheEndIsLeftForTheNextFetch) {
  auto bytes = joined({batch(0, 5), batch(1, 5)});
  bytes.pop_back();
  take_durably(bytes);
  EXPECT_EQ(told.back()->log_end, 1);
}

TEST_F(PartitionFollower, NothingOfADamagedAnswerIsAppended) {
  auto bytes = joined({batch(0, 5), batch(1, 5)});
  bytes.back() ^= std::byte{1};
  take(bytes);
  EXPECT_EQ(told.back().error().code, Errc::corrupt_message);
  EXPECT_EQ(partition->log_end(), 0);
  take_durably(batch(0, 5));
}

TEST_F(PartitionFollower, OffsetsThatAreThereAlreadyAreNotAppended) {
  take_durably(batch(0, 5, 2));
  take(batch(1, 5, 2));
  EXPECT_FALSE(told.back());
  EXPECT_EQ(partition->log_end(), 2);
  take_durably(batch(2, 5));
}

TEST_F(PartitionFollower, TheFetcherOfAnOlderEpochChangesNothing) {  // P5
  const auto known = partition->append_as_follower(4, Bytes(batch(0, 4)), 0, 0, note());
  ASSERT_TRUE(known);
  EXPECT_EQ(known->error().code, Errc::not_leader_or_follower);
  EXPECT_EQ(partition->truncate_to(4, 0).error().code, Errc::not_leader_or_follower);
  EXPECT_EQ(partition->begin_following(4, note())->error().code, Errc::not_leader_or_follower);
  EXPECT_EQ(partition->log_end(), 0);
  EXPECT_THAT(told, IsEmpty());
}

TEST_F(PartitionFollower, WhoseLeaderChangesBeforeTheSyncIsToldSo) {  // P5
  take(batch(0, 5));
  follow(6);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].error().code, Errc::not_leader_or_follower);
}

TEST_F(PartitionFollower, ANewTermBeginsAtTheDurableEnd) {  // P4
  take(batch(0, 5, 2));
  follow(epoch = 6);
  told.clear();
  ASSERT_FALSE(partition->begin_following(6, note())) << "a batch of the last term is not durable yet";
  complete_one_sync();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]->log_end, 2);
  EXPECT_EQ(told[0]->last_epoch, 5);
}

TEST_F(PartitionFollower, WithoutAKnownEpochWhatIsNotCommittedIsDropped) {  // I3
  take_durably(joined({batch(0, no_epoch, 2), batch(2, no_epoch)}), 2);
  follow(epoch = 6);
  const auto where = partition->begin_following(6, note());
  ASSERT_TRUE(where && *where);
  EXPECT_EQ((*where)->log_end, 2);
  EXPECT_EQ((*where)->last_epoch, no_epoch);
}

TEST_F(PartitionFollower, WhereBothKnowTheEpochTheShorterEndOfItIsKept) {  // I3
  take_durably(joined({batch(0, 2, 2), batch(2, 2, 2), batch(4, 4)}));
  EXPECT_EQ(partition->truncate_diverging(epoch, {.epoch = 2, .end = 9})->log_end, 4) << "the own end";
  EXPECT_EQ(partition->truncate_diverging(epoch, {.epoch = 2, .end = 2})->log_end, 2) << "the leader's";
}

TEST_F(PartitionFollower, WhereTheOwnEpochIsOlderItsEndIsKeptToBeAskedForNext) {  // I3
  take_durably(joined({batch(0, 1, 2), batch(2, 4, 2)}));
  const auto where = partition->truncate_diverging(epoch, {.epoch = 3, .end = 3});
  EXPECT_EQ(where->log_end, 2);
  EXPECT_EQ(where->last_epoch, 1);
}

TEST_F(PartitionFollower, WhatIsCutIsCutOnDisk) {
  take_durably(joined({batch(0, 2), batch(1, 4)}), 2);
  EXPECT_EQ(partition->truncate_to(epoch, 1)->high_watermark, 1);
  partition.reset();
  disk.power_cycle();
  EXPECT_EQ(reopened_log().log_end(), 1);
  EXPECT_EQ(reopened_log().leader_epochs().latest(), 2);
}

TEST_F(PartitionFollower, ATermThatBroughtNoBatchIsForgottenAtTheCut) {
  lead({.leader_epoch = 6, .replicas = {self, other}, .isr = {self, other}});
  follow(epoch = 7);
  EXPECT_EQ(partition->truncate_to(epoch, 0)->last_epoch, no_epoch);
}

TEST_F(PartitionFollower, ASyncThatBeganBeforeACutSaysNothingOfWhatCameAfter) {  // P4
  take(batch(0, 5, 3));
  follow(epoch = 6);
  told.clear();
  ASSERT_TRUE(partition->truncate_to(epoch, 0));
  take(batch(0, 6, 3));
  complete_one_sync();  // of the first three
  EXPECT_THAT(told, IsEmpty());
  complete_one_sync();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]->log_end, 3);
}

TEST_F(PartitionFollower, AReplicaThatIsTooFarBehindStartsAnewWhereTheLeaderDoes) {  // I4
  take_durably(batch(0, 2, 3), 3);
  const auto where = partition->restart_at(epoch, 10);
  EXPECT_EQ(where->log_end, 10);
  EXPECT_EQ(where->log_start, 10);
  EXPECT_EQ(where->high_watermark, 10);
  EXPECT_EQ(where->last_epoch, no_epoch);
  take_durably(batch(10, 5), 11, 10);
  EXPECT_EQ(told.back()->log_end, 11);
}

TEST_F(PartitionFollower, AStartInsideABatchBringsTheWholeBatch) {
  ASSERT_TRUE(partition->restart_at(epoch, 11));
  take_durably(batch(10, 5, 3), 13, 11);
  EXPECT_EQ(told.back()->log_end, 13);
  EXPECT_EQ(told.back()->log_start, 11);
}

TEST_F(PartitionFollower, AConsumerMayReadUpToTheOwnHighWatermark) {  // F2
  take_durably(joined({batch(0, 5, 2), batch(2, 5)}), 2);
  const auto read = partition->read({.from = 0, .max_bytes = 1000, .also_from_follower = true});
  EXPECT_EQ(read.error, Errc::none);
  EXPECT_EQ(read.range.next, 2) << "P2";
  EXPECT_EQ(partition->read({.from = 0, .max_bytes = 1000}).error, Errc::not_leader_or_follower);
}

TEST_F(PartitionFollower, ItsHighWatermarkHoldsWhenItLeads) {
  take_durably(batch(0, 5, 3), 2);
  lead({.leader_epoch = 6, .replicas = {self, other}, .isr = {self, other}});
  EXPECT_EQ(partition->high_watermark(), 2);
  EXPECT_EQ(partition->find_offset(-1, no_epoch).error, Errc::offset_not_available);
  partition->read_for_replica({.replica = other, .from = 3});
  EXPECT_EQ(partition->high_watermark(), 3);
}

}  // namespace
}  // namespace leat::replication
