#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "record/batch_builder.h"
#include "replication/partition.h"
#include "sim/disk.h"
#include "sim/scheduler.h"

namespace leat::replication {

inline constexpr NodeId self = 1;
inline constexpr NodeId other = 2;

/// What the metadata says of the brokers.
struct Brokers : PeerView {
  std::map<NodeId, Peer> known;
  std::optional<Peer> find(NodeId broker) const override {
    const auto found = known.find(broker);
    return found == known.end() ? std::nullopt : std::optional(found->second);
  }
};

/// Keeps what is proposed.
struct Controller : IsrChanger {
  std::vector<PartitionIsrChange> proposed;
  void propose(std::shared_ptr<Partition>, PartitionIsrChange change) override {
    proposed.push_back(std::move(change));
  }
};

struct CountingWatcher : Watcher {
  void partition_changed(std::uint64_t) override { ++changes; }
  int changes = 0;
};

/// One partition on a disk that syncs when it is told to.
class PartitionTest : public testing::Test {
 protected:
  PartitionTest() {
    EXPECT_TRUE(disk.create_directories("data"));
    open();
    disk.hold_syncs();
  }

  void open(config::LogConfig config = {}, Offset high_watermark = 0) {
    partition.reset();
    auto log = log::Log::open(disk, scheduler, {.directory = "data/t-0"}, log_settings(config)).value();
    partition = std::make_shared<Partition>(self, storage::LoadedLog{{"t", 0}, Uuid{}, std::move(log), high_watermark},
                                            rounds, scheduler, config, Peers{&brokers, &controller, lag_max});
  }
  /// This replica leads alone, unless said otherwise.
  void lead(LeaderState state = {}) {
    state.leader = self;
    if (state.leader_epoch < 0) state.leader_epoch = 0;
    if (state.replicas.empty()) state.replicas = state.isr = {self};
    state.partition_epoch = ++partition_epoch;
    ASSERT_TRUE(partition->update(state));
  }
  void follow(LeaderEpoch epoch) {
    ASSERT_TRUE(partition->update({.leader = other, .leader_epoch = epoch, .partition_epoch = ++partition_epoch}));
  }
  /// The other replica has all below `from`.
  ReadResult fetch(Offset from) { return partition->read_for_replica({.replica = other, .from = from}); }
  AppendResult append(int records = 1, std::int16_t acks = -1, record::BatchOptions options = {}) {
    record::BatchBuilder builder(options);
    for (int i = 0; i < records; ++i) builder.append(1'700'000'000'000 + i, Bytes(), Bytes("value"));
    auto bytes = builder.build().value();
    auto produced = record::validate_produced(bytes, {.now = scheduler.wall_ms()}).value();
    return partition->append(bytes, produced, acks);
  }
  /// Waits, and notes the outcome, also one that is known at once.
  void wait(Offset end, std::int16_t acks, std::vector<Errc>& outcomes) {
    if (auto known = partition->wait_for(end, acks, [&](Errc outcome) { outcomes.push_back(outcome); }))
      outcomes.push_back(*known);
  }
  void close() {
    const auto files = partition->begin_close();
    ASSERT_TRUE(files);
    Result<void> synced;
    for (const auto& file : *files)
      if (synced) synced = file->sync();
    ASSERT_TRUE(partition->end_close(synced));
  }
  storage::LogDirectory::Checkpoint checkpoint() {
    Result<void> synced;
    for (const auto& file : partition->begin_checkpoint())
      if (synced) synced = file->sync();
    return partition->end_checkpoint(synced);
  }
  void complete_one_sync() {
    ASSERT_TRUE(disk.complete_one_sync());
    scheduler.run_ready();
  }
  void release_syncs() {
    disk.release_syncs();
    scheduler.run_until_idle();
  }

  /// A batch as a leader of that epoch has it.
  static std::vector<std::byte> batch(Offset base, LeaderEpoch epoch, int records = 1) {
    record::BatchBuilder builder;
    for (int i = 0; i < records; ++i) builder.append(1'700'000'000'000 + base + i, Bytes(), Bytes("value"));
    auto bytes = builder.build().value();
    record::set_base_offset(bytes, base);
    record::set_leader_epoch(bytes, epoch);
    return bytes;
  }

  static constexpr Duration lag_max = std::chrono::seconds(30);
  Brokers brokers;
  Controller controller;
  sim::Scheduler scheduler{1};
  sim::Disk disk{scheduler, {.sync_delay_max = Duration(0)}};
  storage::SyncRounds rounds{disk};
  std::shared_ptr<Partition> partition;
  std::int32_t partition_epoch = 0;
  std::vector<Errc> outcomes;
};

}  // namespace leat::replication
