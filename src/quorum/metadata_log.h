#pragma once

#include <leat/result.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "io/volume.h"
#include "log/log.h"
#include "quorum/election.h"
#include "quorum/snapshot_file.h"
#include "quorum/voters.h"

namespace leat::quorum {

/// The log that every fact of the cluster lives in: `__cluster_metadata-0`, an ordinary partition log with
/// a `quorum-state`, snapshots and a leader. The leader writes it; on other nodes it is a copy of what the leader says.
///
///   Q2: a batch is committed when it is on the leader's disk (one voter); nothing else is ever given to replay() by
///       who replays to the high watermark, and nothing else is given to another node.
///   Q3: what was committed is there after any crash, once and in order.
///   Q4: a copy promises nothing, so nothing waits for its disk: what a crash takes is fetched again.
///
/// Threads: calls are the owner's to serialise, but for high_watermark(), fetch() and read_snapshot(). A sync may complete
/// beside them.
/// Failure: a failed write or sync is final until the log has been reopened (log::Log L6).
class MetadataLog {
 public:
  struct Options {
    std::string directory;  ///< ".../__cluster_metadata-0"
    NodeId node_id = 1;
    Uuid directory_id;
    /// Where this voter is reached; empty keeps what the log says of it.
    std::vector<VoterEndpoint> endpoints;
    log::LogSettings settings;
  };

  /// Opens or creates the log, always as unclean, since it is small and its files are checked so; restores
  /// `partition.metadata`; a snapshot beyond the log replaces it.
  static Result<std::unique_ptr<MetadataLog>> open(io::Volume& volume, const Clock& clock, Options options,
                                                   const Diagnostics& diagnostics);

  /// What replay() hands out: a whole batch. `values` are the framed records of a data batch, valid during
  /// the call; none for a control batch.
  struct Batch {
    Offset last_offset = no_offset;
    LeaderEpoch epoch = 0;
    bool is_control = false;
    std::vector<Bytes> values;
  };
  using Visit = std::function<Result<void>(const Batch&)>;
  /// What lies below `below` and was not handed out before: the latest snapshot, if any, as batches that all bear its
  /// last offset, then the log behind it. Learns the voters on the way. All of it once, before lead().
  Result<void> replay(Offset below, const Visit& visit);

  /// Wins the next epoch and appends its LEADER_CHANGE batch. The epoch is on disk when this returns, the
  /// batch after the next sync. Returns the batch's last offset.
  Result<Offset> lead();

  /// What another node asks for (cluster.md C1).
  struct Ask {
    Offset from = 0;
    LeaderEpoch leader_epoch = no_epoch;  ///< that it takes for the current one
    LeaderEpoch last_fetched_epoch = no_epoch;
    std::size_t max_bytes = 0;
  };
  /// And gets, of a leader: an error, or the snapshot that it must have first, or where its log is no prefix of this one,
  /// or batches, at least one if there are any.
  struct Answer {
    Errc error = Errc::none;
    std::optional<SnapshotId> snapshot;
    std::optional<log::EpochEnd> diverging;
    log::ReadRange range;
    Offset high_watermark = no_offset;
    Offset log_start = no_offset;
  };
  Answer fetch(const Ask& ask) const;
  /// A piece of a snapshot, and the size of the whole. snapshot_not_found, position_out_of_range.
  struct SnapshotPiece {
    Payload bytes;
    std::uint64_t size = 0;
  };
  Result<SnapshotPiece> read_snapshot(const SnapshotId& id, std::int64_t position, std::size_t max_bytes) const;

  // A copy:
  /// `leader` leads `epoch`, which is not older than the last one that was told; durable when it returns.
  Result<void> follow(NodeId leader, LeaderEpoch epoch);
  /// The epoch of the last batch, else that of the snapshot, else 0.
  LeaderEpoch last_epoch() const;
  /// The whole and sound batches of what the leader sent.
  Result<void> append_fetched(Bytes batches);
  /// Drops what the leader does not have. `corrupt` when that was committed.
  Result<void> truncate(const log::EpochEnd& leaders);
  /// Everything below `high_watermark` is committed, as far as this copy has it.
  void commit(Offset high_watermark) { committed_ = std::max(committed_.load(), std::min(high_watermark, end())); }
  /// The file `snapshot_name(id)` is in the directory, whole and durable: it replaces the log.
  Result<void> restart_with(const SnapshotId& id);

  /// Appends one batch of framed records at the current epoch. Returns its last offset.
  Result<Offset> append(const std::vector<std::vector<std::byte>>& values);
  /// Makes everything appended before this call durable, then calls `done` from an executor task.
  void sync(std::function<void(Result<void>)> done);
  /// The same, blocking; for opening and closing.
  Result<void> sync_now();
  /// Syncs and closes.
  Result<void> close();

  LeaderEpoch epoch() const { return epoch_; }
  /// Where the next batch goes: the first offset behind the log.
  Offset end() const { return log_->log_end(); }
  /// Everything below is committed. Any thread.
  Offset high_watermark() const { return is_leader_ ? log_->durable_end() : committed_.load(); }
  const std::string& directory() const { return options_.directory; }
  /// Empty for a static quorum.
  const VoterSet& voters() const { return voters_; }

 private:
  MetadataLog(io::Volume& volume, const Clock& clock, Options options);
  Result<void> replay_snapshot(const Visit& visit);
  Result<void> replay_log(Offset below, const Visit& visit);
  Result<void> note_control(const record::BatchView& batch, bool founding);
  Result<void> restore_topic_id();
  std::optional<VoterSet> voters_to_announce();
  void synced(Offset end, const Result<void>& result);

  io::Volume& volume_;
  const Clock& clock_;
  Options options_;
  std::unique_ptr<log::Log> log_;
  /// `partition.metadata` was missing or damaged and is on disk with the first sync. It is only a copy of
  /// what everybody knows, so nothing waits for it.
  std::shared_ptr<io::File> topic_id_file_;
  mutable std::mutex log_mutex_;  ///< the log's owner's lock: an append may run while a sync completes
  /// Up to where it was handed out; nothing was: the snapshot is next.
  std::optional<Offset> replayed_;
  std::atomic<bool> is_leader_ = false;
  std::atomic<Offset> committed_ = 0;  ///< of a copy
  std::optional<SnapshotId> snapshot_;
  VoterSet voters_;
  /// The voters were learnt from the 0-0 snapshot, which is not part of the log.
  bool voters_unlogged_ = false;
  LeaderEpoch epoch_ = 0;
};

}  // namespace leat::quorum
