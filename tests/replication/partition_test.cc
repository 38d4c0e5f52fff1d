#include "partition_fixture.h"

#include "record/control_record.h"

/// P1-P3 of partition.h for a leader whose followers, if any, do what they are told.
namespace leat::replication {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(PartitionTest, HighWatermarkFollowsTheDurableEndOfASoleReplica) {
  lead();
  EXPECT_EQ(append(3).end, 3);
  EXPECT_EQ(partition->log_end(), 3);
  EXPECT_EQ(partition->high_watermark(), 0) << "P1: not durable yet";
  complete_one_sync();
  EXPECT_EQ(partition->high_watermark(), 3);
}

TEST_F(PartitionTest, NothingAtOrAboveTheHighWatermarkIsRead) {
  lead();
  append(2);
  complete_one_sync();
  append(2);
  const auto read = partition->read({.from = 0, .max_bytes = 1 << 20, .at_least_one_batch = true});
  EXPECT_EQ(read.error, Errc::none);
  EXPECT_EQ(read.high_watermark, 2);
  EXPECT_EQ(read.range.next, 2) << "P2";
  const auto beyond = partition->read({.from = 3, .max_bytes = 1 << 20, .at_least_one_batch = true});
  EXPECT_EQ(beyond.error, Errc::none);
  EXPECT_EQ(beyond.range.bytes, 0u);
}

TEST_F(PartitionTest, BothAcksWaitForTheSyncOfASoleReplica) {
  lead();
  const Offset end = append().end;
  wait(end, 1, outcomes);
  wait(end, -1, outcomes);
  EXPECT_THAT(outcomes, IsEmpty());
  complete_one_sync();
  EXPECT_THAT(outcomes, ElementsAre(Errc::none, Errc::none)) << "P3";
}

TEST_F(PartitionTest, BelowMinIsrTheHighWatermarkStandsStillAndAcksOneIsServed) {
  open({.min_insync_replicas = 2});
  lead({.replicas = {1, 2, 3}, .isr = {1}});
  EXPECT_EQ(append(1, -1).error, Errc::not_enough_replicas);
  const Offset end = append(1, 1).end;
  wait(end, 1, outcomes);
  release_syncs();
  EXPECT_THAT(outcomes, ElementsAre(Errc::none));
  EXPECT_EQ(partition->high_watermark(), 0) << "B20";
}

TEST_F(PartitionTest, AnIsrThatShrinksBelowTheMinimumAfterTheAppendIsTold) {
  open({.min_insync_replicas = 2});
  lead({.replicas = {1, 2, 3}, .isr = {1, 2}});
  const Offset end = append().end;
  lead({.replicas = {1, 2, 3}, .isr = {1}});
  release_syncs();
  wait(end, -1, outcomes);
  EXPECT_THAT(outcomes, ElementsAre(Errc::not_enough_replicas_after_append)) << "B19";
}

TEST_F(PartitionTest, ALostLeadershipEndsAllWaits) {
  lead();
  const Offset end = append().end;
  wait(end, -1, outcomes);
  follow(1);
  EXPECT_THAT(outcomes, ElementsAre(Errc::not_leader_or_follower));
  EXPECT_EQ(append().error, Errc::not_leader_or_follower);
}

TEST_F(PartitionTest, AWaitThatComesAfterTheLeadershipWentIsNotKept) {
  lead();
  const Offset end = append().end;
  follow(1);
  wait(end, -1, outcomes);
  wait(end, 1, outcomes);
  EXPECT_THAT(outcomes, ElementsAre(Errc::not_leader_or_follower, Errc::not_leader_or_follower));
}

TEST_F(PartitionTest, AWaitThatComesAfterTheSyncFailedIsNotKept) {
  lead();
  append();
  const Offset end = append().end;  // in the round behind the one that is under way
  disk.fail_nth(1);
  release_syncs();
  ASSERT_TRUE(disk.fault_fired());
  wait(end, -1, outcomes);
  wait(end, 1, outcomes);
  EXPECT_THAT(outcomes, ElementsAre(Errc::kafka_storage_error, Errc::kafka_storage_error));
}

TEST_F(PartitionTest, AWaitThatComesAfterTheTopicWentIsNotKept) {
  lead();
  const Offset end = append().end;
  partition->retire();
  wait(end, -1, outcomes);
  EXPECT_THAT(outcomes, ElementsAre(Errc::unknown_topic_or_partition));
}

TEST_F(PartitionTest, WhatCloseMadeDurableCountsAsAcknowledged) {
  lead();
  const Offset end = append().end;
  close();
  wait(end, -1, outcomes);
  EXPECT_THAT(outcomes, ElementsAre(Errc::none));
  wait(end + 1, -1, outcomes);
  EXPECT_THAT(outcomes, ElementsAre(Errc::none, Errc::not_leader_or_follower));
}

TEST_F(PartitionTest, NothingIsTakenBetweenTheHalvesOfAClose) {
  lead();
  append();
  const auto files = partition->begin_close();
  ASSERT_TRUE(files);
  EXPECT_EQ(append().error, Errc::not_leader_or_follower);
  for (const auto& file : *files) ASSERT_TRUE(file->sync());
  EXPECT_TRUE(partition->end_close({})) << "a refused append is not a failed log";
}

TEST_F(PartitionTest, CloseWakesWhoWatches) {
  lead();
  auto watcher = std::make_shared<CountingWatcher>();
  partition->watch(watcher, 1);
  close();
  EXPECT_GT(watcher->changes, 0) << "a fetch that waits would wait for its whole time";
}

TEST_F(PartitionTest, ADuplicateIsNotAcknowledgedBeforeItsFirstSyncIs) {
  lead();
  const record::BatchOptions identity{.producer_id = 7, .producer_epoch = 0, .base_sequence = 0};
  EXPECT_EQ(append(1, -1, identity).base_offset, 0);
  const auto again = append(1, -1, identity);
  EXPECT_EQ(again.base_offset, 0) << "C2";
  EXPECT_EQ(partition->log_end(), 1);
  wait(again.end, -1, outcomes);
  wait(again.end, 1, outcomes);
  EXPECT_THAT(outcomes, IsEmpty());
  complete_one_sync();
  EXPECT_THAT(outcomes, ElementsAre(Errc::none, Errc::none));
}

TEST_F(PartitionTest, AnOlderPartitionEpochIsIgnored) {
  lead({.leader_epoch = 3});
  ASSERT_TRUE(partition->update({.leader = other, .leader_epoch = 2, .partition_epoch = partition_epoch - 1}));
  EXPECT_EQ(partition->state().leader, self);
  EXPECT_EQ(partition->state().leader_epoch, 3);
}

TEST_F(PartitionTest, EpochsAreComparedBeforeLeadership) {
  follow(5);
  EXPECT_EQ(partition->read({.current_leader_epoch = 4}).error, Errc::fenced_leader_epoch);
  EXPECT_EQ(partition->read({.current_leader_epoch = 6}).error, Errc::unknown_leader_epoch);
  EXPECT_EQ(partition->read({.current_leader_epoch = 5}).error, Errc::not_leader_or_follower);
}

TEST_F(PartitionTest, TheHighWatermarkOfTheCheckpointIsCappedAtWhatIsThere) {
  open({}, 1000);
  EXPECT_EQ(partition->high_watermark(), 0);
}

TEST_F(PartitionTest, ANewLeaderBehindItsTermsStartKnowsNoLatestOffset) {
  open({.min_insync_replicas = 2});
  lead({.replicas = {1, 2, 3}, .isr = {1, 2}});
  append(2);
  release_syncs();
  fetch(2);
  ASSERT_EQ(partition->high_watermark(), 2);
  lead({.replicas = {1, 2, 3}, .isr = {1}});
  append(2, 1);
  scheduler.run_until_idle();
  lead({.leader_epoch = 1, .replicas = {1, 2, 3}, .isr = {1}});
  EXPECT_EQ(partition->find_offset(-1, no_epoch).error, Errc::offset_not_available);
  EXPECT_EQ(partition->find_offset(1'900'000'000'000, no_epoch).error, Errc::offset_not_available);
  EXPECT_EQ(partition->find_offset(-2, no_epoch).error, Errc::none);
  EXPECT_EQ(partition->find_offset(1'700'000'000'000, no_epoch).found.offset, 0);
  lead({.leader_epoch = 1, .replicas = {1, 2, 3}, .isr = {1, 2}});
  fetch(4);
  EXPECT_EQ(partition->find_offset(-1, no_epoch).found.offset, 4);
}

TEST_F(PartitionTest, TheLastStableOffsetWaitsForTheMarkerToBeCommitted) {  // E8
  lead();
  append(2);
  append(1, -1, {.producer_id = 7, .producer_epoch = 0, .base_sequence = 0, .is_transactional = true});
  append(1);
  release_syncs();
  EXPECT_EQ(partition->high_watermark(), 4);
  const auto read_committed = [&] { return partition->read({.isolation = Isolation::read_committed}); };
  EXPECT_EQ(read_committed().last_stable_offset, 2);
  EXPECT_EQ(partition->find_offset(-1, no_epoch, Isolation::read_committed).found.offset, 2);
  partition.reset();
  {
    auto log = log::Log::open(disk, scheduler, {.directory = "data/t-0"}, {}).value();
    auto marker = record::marker_batch({.commit = true}, 7, 0, 1'700'000'000'000);
    record::set_base_offset(marker, 4);
    record::set_leader_epoch(marker, 0);
    ASSERT_TRUE(log->append(marker));
  }
  open({.min_insync_replicas = 2}, 4);
  lead({.leader_epoch = 1, .replicas = {1, 2}, .isr = {1}});
  EXPECT_EQ(partition->high_watermark(), 4);
  EXPECT_EQ(read_committed().last_stable_offset, 2) << "the marker is there, and not below the high watermark";
  lead({.leader_epoch = 1, .replicas = {1, 2}, .isr = {1, 2}});
  fetch(5);
  EXPECT_EQ(read_committed().last_stable_offset, 5);
  open({}, 5);
  lead({.leader_epoch = 2});
  EXPECT_EQ(read_committed().last_stable_offset, 5) << "replayed, and committed before";
}

TEST_F(PartitionTest, TheLastStableOffsetIsNotBelowTheLogStart) {
  lead();
  append(1, -1, {.producer_id = 7, .producer_epoch = 0, .base_sequence = 0, .is_transactional = true});
  append(3);
  release_syncs();
  EXPECT_EQ(partition->delete_records(2).low_watermark, 2);
  EXPECT_EQ(partition->read({.from = 2}).last_stable_offset, 2);
}

TEST_F(PartitionTest, FlushMessagesCountsRecordsAndNotBatches) {
  open({.flush_messages = 10});
  lead();
  const auto syncs = disk.counters().sync_calls;
  append(6);
  EXPECT_EQ(disk.counters().sync_calls, syncs);
  append(6);
  EXPECT_EQ(disk.counters().sync_calls, syncs + 1);
}

TEST_F(PartitionTest, WhereTheSystemDecidesAFinishedSegmentIsSyncedAllTheSame) {
  open({.segment_bytes = 1000, .flush_messages = INT64_MAX});
  lead();
  disk.release_syncs();
  for (int i = 0; i < 50; ++i) append(10);
  scheduler.run_until_idle();
  EXPECT_GT(checkpoint().recovery_point, 0);
}

TEST_F(PartitionTest, AFailedLogKeepsItsLastCheckpoint) {
  lead();
  append(2);
  complete_one_sync();
  EXPECT_EQ(checkpoint().recovery_point, 2);
  append(2);
  append(2);  // in the round behind the one that is under way
  disk.fail_nth(1);
  release_syncs();
  ASSERT_TRUE(disk.fault_fired());
  const auto said = checkpoint();
  EXPECT_EQ(said.recovery_point, 2) << "so that the checkpoints of other logs can be written";
  EXPECT_EQ(said.high_watermark, 4);
}

TEST_F(PartitionTest, RetentionKeepsWhatIsNotCommitted) {  // G4
  open({.segment_bytes = 1, .retention_ms = 0});
  lead();
  for (int i = 0; i < 3; ++i) append();
  EXPECT_FALSE(partition->retain().value()) << "nothing is committed yet";
  release_syncs();
  disk.hold_syncs();
  append();
  EXPECT_TRUE(partition->retain().value());
  EXPECT_EQ(partition->log_start(), 3);
  EXPECT_EQ(partition->log_end(), 4);
  release_syncs();
}

TEST_F(PartitionTest, RetentionTakesTheActiveSegmentToo) {
  open({.retention_ms = 0});
  lead();
  append(3);
  release_syncs();
  const auto watcher = std::make_shared<CountingWatcher>();
  partition->watch(watcher, 1);
  EXPECT_TRUE(partition->retain().value());
  EXPECT_EQ(watcher->changes, 1) << "a fetch must learn the new start";
  EXPECT_EQ(partition->log_start(), 3);
  EXPECT_EQ(partition->log_start_in_segment(), 3) << "until the files are gone";
  ASSERT_TRUE(partition->drop_unreachable());
  EXPECT_EQ(partition->log_start_in_segment(), std::nullopt);
  EXPECT_EQ(partition->size_bytes(), 0u);
  EXPECT_FALSE(partition->retain().value());
  EXPECT_EQ(append().base_offset, 3);
  release_syncs();
}

TEST_F(PartitionTest, RetentionIsForTopicsThatDelete) {  // G6
  open({.retention_ms = 0, .cleanup_delete = false, .cleanup_compact = true});
  lead();
  append(3);
  release_syncs();
  EXPECT_FALSE(partition->retain().value());
}

TEST_F(PartitionTest, RecordsAreDeletedUpToTheHighWatermark) {  // G7
  lead();
  append(3);
  EXPECT_EQ(partition->delete_records(1).error, Errc::offset_out_of_range);
  release_syncs();
  disk.hold_syncs();
  append(2);
  EXPECT_EQ(partition->delete_records(2).low_watermark, 2);
  EXPECT_EQ(partition->delete_records(1).low_watermark, 2) << "the start never goes back";
  EXPECT_EQ(partition->delete_records(4).error, Errc::offset_out_of_range);
  EXPECT_EQ(partition->delete_records(-2).error, Errc::offset_out_of_range);
  EXPECT_EQ(partition->delete_records(-1).low_watermark, 3);
  EXPECT_EQ(partition->read({.from = 2, .max_bytes = 1000}).error, Errc::offset_out_of_range);
  follow(7);
  EXPECT_EQ(partition->delete_records(-1).error, Errc::not_leader_or_follower);
  release_syncs();
}

TEST_F(PartitionTest, ALogThatMaySyncLateSyncsWhenItsTimeHasCome) {
  open({.flush_messages = 100, .flush_ms = 1000});
  lead();
  append();
  EXPECT_EQ(partition->high_watermark(), 1) << "flush.messages lets the operating system decide";
  scheduler.run_for(std::chrono::milliseconds(999));
  partition->flush_if_due();
  EXPECT_EQ(disk.held_syncs(), 0u);
  scheduler.run_for(std::chrono::milliseconds(1));
  partition->flush_if_due();
  EXPECT_EQ(disk.held_syncs(), 1u);
  release_syncs();
  disk.hold_syncs();
  scheduler.run_for(std::chrono::seconds(5));
  partition->flush_if_due();
  EXPECT_EQ(disk.held_syncs(), 0u) << "nothing is unsynced";
  disk.release_syncs();
}

}  // namespace
}  // namespace leat::replication
