#pragma once

#include <leat/result.h>

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
/// a `quorum-state`, snapshots and a leader.
///
///   Q2: a batch is committed when it is on disk (one voter); nothing else is ever given to replay().
///   Q3: what was committed is there after any crash, once and in order.
///
/// Threads: calls are the owner's to serialise, but for high_watermark(). A sync may complete beside them.
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
  /// The latest snapshot, if any, as batches that all bear its last offset, then the log behind it. Learns
  /// the voters on the way; once, before lead().
  Result<void> replay(const std::function<Result<void>(const Batch&)>& visit);

  /// Wins the next epoch and appends its LEADER_CHANGE batch. The epoch is on disk when this returns, the
  /// batch after the next sync. Returns the batch's last offset.
  Result<Offset> lead();

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
  Offset high_watermark() const { return log_->durable_end(); }
  /// Empty for a static quorum.
  const VoterSet& voters() const { return voters_; }

 private:
  MetadataLog(io::Volume& volume, const Clock& clock, Options options);
  Result<void> replay_snapshot(const std::function<Result<void>(const Batch&)>& visit);
  Result<void> replay_log(const std::function<Result<void>(const Batch&)>& visit);
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
  std::mutex log_mutex_;  ///< the log's owner's lock: an append may run while a sync completes
  std::optional<SnapshotId> snapshot_;
  VoterSet voters_;
  /// The voters were learnt from the 0-0 snapshot, which is not part of the log.
  bool voters_unlogged_ = false;
  LeaderEpoch epoch_ = 0;
};

}  // namespace leat::quorum
