#pragma once

#include <leat/result.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/types.h"
#include "base/uuid.h"
#include "config/log_config.h"
#include "log/log.h"
#include "record/validate.h"
#include "replication/commit_waiters.h"
#include "replication/isr_changer.h"
#include "replication/peers.h"
#include "replication/remote_replicas.h"
#include "replication/watcher.h"
#include "storage/log_directory.h"
#include "storage/sync_rounds.h"

namespace leat::replication {

/// The log's part of a topic's settings.
log::LogSettings log_settings(const config::LogConfig& config);
/// Whether a log is synced because time has passed.
bool flushes_by_time(const config::LogConfig& config);

/// What a change of the partition leaves to do once its lock is released.
struct Aftermath {
  std::vector<Ready> ready;
  /// Those that were told; held so that none of them dies, and takes the lock to unwatch, under the lock.
  std::vector<std::shared_ptr<Watcher>> watchers;
  /// An ISR to be proposed.
  std::unique_ptr<PartitionIsrChange> proposal;
};

/// What the metadata says of the partition.
struct LeaderState {
  NodeId leader = no_node;
  LeaderEpoch leader_epoch = no_epoch;
  std::int32_t partition_epoch = -1;
  std::vector<NodeId> replicas;
  std::vector<NodeId> isr;
  RecoveryState recovery_state = RecoveryState::recovered;
};

struct AppendResult {
  Errc error = Errc::none;
  std::string message;
  Offset base_offset = no_offset;
  /// -1 on a CreateTime topic.
  TimestampMs log_append_time = no_timestamp;
  Offset log_start = no_offset;
  /// What acks wait for: the offset after the batch.
  Offset end = no_offset;
};

/// Which records a consumer is shown: those below the high watermark, or below the last stable offset.
enum class Isolation { read_uncommitted, read_committed };
/// Of the number in a request.
inline Isolation isolation_of(std::int8_t level) {
  return level == 1 ? Isolation::read_committed : Isolation::read_uncommitted;
}

struct ReadRequest {
  Offset from = 0;
  std::size_t max_bytes = 0;
  bool at_least_one_batch = false;
  Isolation isolation = Isolation::read_uncommitted;
  LeaderEpoch current_leader_epoch = no_epoch;
  LeaderEpoch last_fetched_epoch = no_epoch;
  /// A consumer may read from any replica (F2).
  bool also_from_follower = false;
};

/// A fetch by another replica.
struct ReplicaReadRequest {
  NodeId replica = no_node;
  std::int64_t broker_epoch = -1;
  Offset from = 0;
  std::size_t max_bytes = 0;
  bool at_least_one_batch = false;
  LeaderEpoch current_leader_epoch = no_epoch;
  LeaderEpoch last_fetched_epoch = no_epoch;
  Offset log_start = no_offset;  ///< the replica's
};

struct ReadResult {
  Errc error = Errc::none;
  Offset high_watermark = no_offset;
  Offset last_stable_offset = no_offset;
  Offset log_start = no_offset;
  /// What is shown ends here: HW, last stable offset or, to a replica, log end.
  Offset end = no_offset;
  log::ReadRange range;
  std::optional<log::EpochEnd> diverging;
};

struct OffsetResult {
  Errc error = Errc::none;
  log::OffsetAndTimestamp found;
};

/// Where a follower's log stands, all of it durable: what its next fetch says.
struct FollowerPosition {
  Offset log_end = 0;
  LeaderEpoch last_epoch = no_epoch;  ///< of the last batch; none is known: -1
  Offset log_start = 0;
  Offset high_watermark = 0;
  friend bool operator==(const FollowerPosition&, const FollowerPosition&) = default;
};

/// Told once what became of an append: where the log stands now that it is durable, or why it will not be.
using Followed = std::function<void(Result<FollowerPosition>)>;

/// One replica of a partition: its log, its role, its high watermark and who waits for it.
///
/// A monitor: one mutex guards log end, role, ISR and producer state; the critical section of an append
/// is check, stamp, write, index. Reads copy the role under the lock and move bytes without it. Waiters
/// are completed, and the log directory is asked for a sync, after the lock is released.
/// Lock order: partition < log directory; never two partitions; watchers' locks are leaves.
///
///   P1 a leader's HW = least durable end over the maximal ISR: with members that are proposed or about to join
///      (F9). It stands still while the ISR is below min ISR (B20), and never goes back within a leader term.
///   P2 nothing at or above the HW is returned to a consumer, nor at or above the LSO (E8) to one that reads committed
///      records only.
///   P3 acks=1 is answered at the leader's durable end, acks=all at the HW.
///   P4 a follower tells no end that is not durable, and its HW is at most that end: its fetch is its promise.
///   P5 what comes of an older leader epoch (a fetch's answer, an ISR's answer) changes nothing.
///
/// The sources: partition.cc (both roles), partition_leader.cc, partition_follower.cc, partition_retention.cc.
class Partition : public storage::Syncable, public std::enable_shared_from_this<Partition> {
 public:
  Partition(NodeId self, storage::LoadedLog loaded, storage::SyncRounds& rounds, const Clock& clock,
            config::LogConfig config, Peers peers = {});

  const TopicPartition& id() const { return id_; }
  const Uuid& topic_id() const { return topic_id_; }

  /// New metadata. A newer leader epoch starts a term (this node leads) or ends one (all that wait get
  /// not_leader_or_follower); an older partition epoch is ignored (cluster.md H4).
  Result<void> update(const LeaderState& state);
  void reconfigure(config::LogConfig config);
  std::shared_ptr<const config::LogConfig> config() const;

  /// Why append() would refuse a good batch now; none if it would not.
  Errc can_append(std::int16_t acks) const;
  /// Appends one batch that validate_produced passed; `batch` is its bytes, stamped in place.
  AppendResult append(std::span<std::byte> batch, const record::ProducedBatch& produced, std::int16_t acks);
  /// Calls `done` (never from inside this call) once `end` is acknowledged for `acks` (1 or -1), or never
  /// will be. Returns the outcome, and drops `done`, where that is known already.
  std::optional<Errc> wait_for(Offset end, std::int16_t acks, Committed done);

  ReadResult read(const ReadRequest& request) const;
  /// ListOffsets' special timestamps -1, -2, -3, -4 and real ones (primitives.md 14).
  OffsetResult find_offset(TimestampMs timestamp, LeaderEpoch current_leader_epoch,
                           Isolation isolation = Isolation::read_uncommitted) const;
  /// OffsetForLeaderEpoch.
  struct EpochResult {
    Errc error = Errc::none;
    log::EpochEnd end;
  };
  EpochResult end_of_epoch(LeaderEpoch epoch, LeaderEpoch current_leader_epoch) const;

  // Leader:
  /// A follower's fetch: its offset is its promise that all below is durable there (P4). It may bring the replica
  /// into the ISR and raise the HW, which the result has already. Errors: unknown_leader_epoch for who is no replica,
  /// not_leader_or_follower for an older broker epoch (F17). It sees all up to the log end.
  ReadResult read_for_replica(const ReplicaReadRequest& request);
  /// ListOffsets by a follower: -1 is the log end, -2 and -4 the log start.
  OffsetResult find_offset_for_replica(TimestampMs timestamp, LeaderEpoch current_leader_epoch) const;
  /// Proposes to drop ISR members that lag (F13), and to take in who does not and has become eligible since it fetched
  /// (F14). Every lag_max / 2, and when brokers were fenced, unfenced or registered anew.
  void review_isr();
  /// What the controller said of a change that was proposed (I7).
  void isr_answer(const PartitionIsrChange& change, const IsrAnswer& answer);
  /// Where a consumer in `rack` should rather read `from`; nullopt: here (I11).
  std::optional<NodeId> preferred_read_replica(std::string_view rack, Offset from) const;

  // Follower. `leader_epoch` is the fetcher's: not_leader_or_follower when it is not, or no longer, this replica's.
  // Where `done` is taken, a known outcome is returned and `done` dropped; it is never called from inside.
  /// Where to fetch from. With no epoch known what is above the HW is dropped first (I3), which blocks on the disk.
  std::optional<Result<FollowerPosition>> begin_following(LeaderEpoch leader_epoch, Followed done);
  /// Appends the whole batches of `batches` as they are, up to one of a newer epoch (F18), and takes the leader's HW
  /// and log start. corrupt_message: nothing was appended, ask again.
  std::optional<Result<FollowerPosition>> append_as_follower(LeaderEpoch leader_epoch, Bytes batches,
                                                             Offset high_watermark, Offset log_start, Followed done);
  /// These block until the disk has forgotten what was cut.
  Result<FollowerPosition> truncate_diverging(LeaderEpoch leader_epoch, const log::EpochEnd& leaders);
  Result<FollowerPosition> truncate_to(LeaderEpoch leader_epoch, Offset offset);
  Result<FollowerPosition> restart_at(LeaderEpoch leader_epoch, Offset offset);

  /// `interest`: consumers are told when the HW moves; replicas, which hear of it with the next answer, and when the log
  /// end does, too.
  enum class Interest { committed, appended };
  void watch(std::weak_ptr<Watcher> watcher, std::uint64_t cookie, Interest interest = Interest::committed);
  void unwatch(const Watcher* watcher, std::uint64_t cookie);

  /// Moves the log start over what the topic's retention does not keep (G2-G6); true when it moved. The caller has
  /// the new start checkpointed and then calls drop_unreachable(), as after delete_records().
  Result<bool> retain();
  /// Moves the log start to `offset`, -1: to the HW (G7). The low watermark is then the log start.
  struct DeleteResult {
    Errc error = Errc::none;
    Offset low_watermark = no_offset;
  };
  DeleteResult delete_records(Offset offset);
  /// Segments wholly below the log start go. Blocks until the disk knows that they went.
  Result<void> drop_unreachable();

  LeaderState state() const;
  Offset high_watermark() const;
  /// Its log takes nothing more until it is opened again.
  bool has_failed() const { return log_->failure().has_value(); }
  Offset log_end() const { return log_->log_end(); }
  Offset log_start() const { return log_->log_start(); }
  std::size_t size_bytes() const { return log_->size_bytes(); }
  /// The log start, where it is not the base of a segment and nothing but a checkpoint tells it.
  std::optional<Offset> log_start_in_segment() const;

  /// From where recovery would start now, in two halves so that the partitions of a directory share their syncs. The first
  /// returns the files that must be durable; the second is told how their sync went. A log that has failed says what it
  /// said last.
  std::vector<std::shared_ptr<io::File>> begin_checkpoint();
  storage::LogDirectory::Checkpoint end_checkpoint(const Result<void>& synced);
  /// Has the log synced if its oldest unsynced record has waited for `flush.ms`.
  void flush_if_due();
  /// Forgets producers that were silent for longer than `producer.id.expiration.ms`.
  void expire_producers();
  /// Removes files whose deletion is due.
  Result<void> purge_deleted();
  /// A clean stop, in two halves so that the partitions of a directory share their syncs. The first takes
  /// nothing more and returns the files that must be durable; the second is told how their sync went.
  /// Afterwards all that waits has been answered, and appends fail.
  Result<std::vector<std::shared_ptr<io::File>>> begin_close();
  Result<storage::LogDirectory::Checkpoint> end_close(const Result<void>& synced);
  /// The topic was deleted: everything that waits gets unknown_topic_or_partition.
  void retire();
  bool is_retired() const;

  // storage::Syncable
  Pending begin_sync() override;
  void end_sync(const Mark& mark, const Result<void>& outcome) override;

 private:
  struct Watch {
    std::weak_ptr<Watcher> watcher;
    const Watcher* key;
    std::uint64_t cookie;
  };
  /// Why this replica does not lead, or cannot; none if it does.
  Errc why_not_leading() const;
  Errc why_not_appending(std::int16_t acks) const;
  Errc check_leader(LeaderEpoch current_leader_epoch) const;
  bool is_leader() const { return state_.leader == self_; }
  std::size_t effective_min_isr() const;
  bool is_below_min_isr() const { return state_.isr.size() < effective_min_isr(); }
  bool syncs_every_append() const { return config_->flush_messages <= 1; }
  Offset acknowledged_end(std::int16_t acks) const;
  Offset last_stable_offset() const;
  storage::LogDirectory::Checkpoint describe() const;
  /// Moves the HW as far as P1 or P4 lets it, and collects whom to tell after unlocking.
  void advance(Aftermath& after);
  void set_high_watermark(Offset offset, Aftermath& after);
  void fail_waits(Errc outcome, Aftermath& after);
  /// What an append brings with it, the log having ended in `segment` and at `end` before; true when a sync is wanted.
  bool settle_append(Offset segment, Offset end, Aftermath& after);
  void tell_watchers(Aftermath& after);
  static void tell(std::vector<Watch>& watches, Aftermath& after);
  /// With the lock released.
  void run(Aftermath& after);
  /// Where the log of who fetches `from` after `last_fetched_epoch` is no prefix of this one; an error where this log
  /// does not reach so far back.
  Result<std::optional<log::EpochEnd>> find_divergence(Offset from, LeaderEpoch last_fetched_epoch) const;
  /// Why `epoch`, where it is one, is not this replica's.
  Errc check_epoch(LeaderEpoch epoch) const;
  void fail_log(const Error& error, Aftermath& after);
  Result<void> move_log_start(Offset offset, Aftermath& after);

  // partition_leader.cc
  Result<void> begin_leading(bool led_before);
  void advance_leader(Aftermath& after);
  /// The maximal ISR's least durable end (P1).
  Offset least_durable_end() const;
  /// A broker that may be in an ISR (F14).
  bool is_eligible(const RemoteReplica& replica) const;
  bool may_join(const RemoteReplica& replica) const;
  void propose_isr(std::vector<NodeId> isr, Aftermath& after);
  void set_proposed(std::optional<PartitionIsrChange> change);
  std::vector<IsrMember> with_epochs(std::span<const NodeId> isr) const;

  // partition_follower.cc
  Errc why_not_following(LeaderEpoch leader_epoch) const;
  /// Of a log that is durable (P4).
  Result<FollowerPosition> position(LeaderEpoch leader_epoch) const;
  void advance_follower(Aftermath& after);
  std::optional<Result<FollowerPosition>> wait_until_durable(LeaderEpoch leader_epoch, Followed done);
  Result<void> append_fetched(Bytes batches);
  /// Cuts the log as `change` does, and goes on at its new end.
  template <class Change>
  Result<void> cut(Change change, Aftermath& after);
  template <class Change>
  Result<FollowerPosition> cut_for(LeaderEpoch leader_epoch, Change change);

  const NodeId self_;
  const TopicPartition id_;
  const Uuid topic_id_;
  storage::SyncRounds& rounds_;
  const Clock& clock_;
  const Peers peers_;

  mutable std::mutex mutex_;  // guards all below, and changes to the log
  std::unique_ptr<log::Log> log_;
  std::shared_ptr<const config::LogConfig> config_;
  LeaderState state_;
  Offset high_watermark_;
  /// What counts as durable for HW and acks: the log's durable end, or its end where flush.messages lets
  /// the operating system decide.
  Offset durable_end_;
  std::int64_t records_since_sync_ = 0;
  Instant unsynced_since_{};  // of the first of them
  Offset recovery_point_;  // of the last checkpoint
  Offset term_start_ = 0;  // log end when this leader's term began
  std::uint64_t cuts_ = 0;  // how often the log was truncated: what a sync began before one says nothing
  RemoteReplicas remote_;                       // of a leader
  std::optional<PartitionIsrChange> proposed_;  // that the controller has not answered
  Offset leader_high_watermark_ = no_offset;    // of a follower: as this term's leader said last
  bool retired_ = false;
  bool closing_ = false;
  CommitWaiters durable_waiters_;    // acks=1
  CommitWaiters committed_waiters_;  // acks=all
  std::vector<Watch> watches_;
  std::vector<Watch> append_watches_;  // Interest::appended
};

}  // namespace leat::replication
