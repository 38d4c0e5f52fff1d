#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/payload.h"
#include "base/types.h"
#include "io/volume.h"
#include "log/leader_epochs.h"
#include "log/producer_state.h"
#include "record/batch_view.h"

namespace leat::log {

/// The settings of one log, as plain numbers; a running log takes new ones with `reconfigure`.
struct LogSettings {
  std::int64_t segment_bytes = 1 << 30;
  std::int64_t segment_ms = 7LL * 24 * 3600 * 1000;
  std::int64_t segment_jitter_ms = 0;
  std::int64_t index_interval_bytes = 4096;
  std::int64_t segment_index_bytes = 10 << 20;
  std::int64_t producer_id_expiration_ms = 86'400'000;
  std::int64_t file_delete_delay_ms = 60'000;
  /// A checkpoint notes where recovery may begin within the active segment once this much has come since it last did.
  std::int64_t resume_bytes = 4 << 20;
  bool preallocate = false;
  /// Whether offsets may be missing between batches, as where a compacted log was copied. Where they may not, a gap in what
  /// was not known to be durable is damage.
  bool may_have_gaps = false;
};

/// What was known of the log when it was last closed.
struct OpenState {
  std::string directory;             ///< ".../orders-0"; made when missing
  Offset recovery_point = 0;         ///< everything below is on disk
  std::optional<Offset> log_start;   ///< from the checkpoint, when above the first segment's base
  bool clean = false;                ///< the clean-shutdown marker was there: nothing is to be recovered
};

/// An offset and where its batch lies; carried by high watermark and last stable offset so that a fetch
/// up to them needs no look-up.
struct Position {
  Offset offset = 0;
  Offset segment_base = 0;
  std::uint64_t file_position = 0;
};

struct ReadLimits {
  Offset from = 0;
  /// Nothing at or above this is returned: HW, last stable offset or log end.
  Offset below = 0;
  std::size_t max_bytes = 0;
  /// The first batch is returned whole even when larger than max_bytes (KIP-74).
  bool at_least_one_batch = false;
  /// Whether the transactions are asked for that were aborted (behaviours.md E10).
  bool with_aborted = false;
};

struct ReadRange {
  /// In order, cut at batch edges, within one segment; none when there is nothing to read.
  std::vector<FileSlice> slices;
  std::size_t bytes = 0;
  /// Base offset of the first batch returned (it may be below `from`), or `from`.
  Offset first = 0;
  /// The offset after the last batch returned, or `from`.
  Offset next = 0;
  /// Those of which something may be returned: whose marker is not below `from`, by its offset.
  std::vector<AbortedTransaction> aborted = {};
};

struct OffsetAndTimestamp {
  Offset offset = no_offset;
  TimestampMs timestamp = no_timestamp;
  LeaderEpoch leader_epoch = no_epoch;
};

/// One partition's records on disk, in Kafka's files (docs/format.md): segments of batches, offset, time and
/// transaction index, producer snapshots, leader epochs.
///
/// Invariants, cited by tests:
///   L1 offsets of batches strictly rise; next batch base >= log end.
///   L2 log start <= recovery point <= durable end <= log end, and no record below log start is read.
///   L3 what was durable before a crash is there after it, once and in order; a torn tail is cut.
///   L4 an index entry points at the start of a batch whose last offset is the entry's.
///   L5 a leader epoch's start is the first offset that was, or may be, written under it.
///   L6 after a failed write or sync nothing is appended until the log has been reopened.
///
/// Threads: everything that changes the log is called under its owner's lock (a Partition's). Reads
/// take an immutable snapshot of the segment list and may run at any time on any thread.
/// Durability: append() makes bytes readable. The owner has `unsynced_files()` synced and then calls
/// `mark_durable`.
class Log {
 public:
  /// Opens or creates; recovers what is above the recovery point unless clean (files.md 11).
  static Result<std::unique_ptr<Log>> open(io::Volume& volume, const Clock& clock, OpenState state,
                                           LogSettings settings, const Diagnostics& diagnostics = {});
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Writes whole batches whose offsets and leader epochs are stamped already (the first base offset at
  /// or above the log end), rolling first when needed, and adds index entries. One pwrite. Updates
  /// producer state and leader epochs from the batches.
  Result<void> append(Bytes batches);
  /// The start of a leader's term: (epoch, log end).
  Result<void> start_epoch(LeaderEpoch epoch);
  Result<void> roll();
  /// Follower: drops everything from `offset` on (files.md 11.9).
  Result<void> truncate_to(Offset offset);
  /// Follower: drops everything and starts empty at `offset`.
  Result<void> restart_at(Offset offset);
  /// Raises the log start (DeleteRecords, retention) and drops what lies below. In two steps where the new start is to
  /// be on disk before files go, since a power loss may bring their names back: move_log_start(), the checkpoint,
  /// drop_unreachable(), and the next checkpoint when the directory's names are durable (sync_names()).
  Result<void> raise_log_start(Offset offset);
  Result<void> move_log_start(Offset offset);
  /// Segments wholly below the log start go: their files are renamed, and removed by purge_deleted().
  Result<void> drop_unreachable();
  /// Any thread.
  Result<void> sync_names();
  void reconfigure(LogSettings settings);
  /// Has what recovery would otherwise redo on disk, and returns the recovery point: what
  /// `recovery-point-offset-checkpoint` may say from now on. Recovery then begins at most `resume_bytes` below it.
  Result<Offset> checkpoint();
  /// The same in two steps, so that many logs share their syncs: when the files of the first are durable the second may
  /// follow. Appends go on between them; a cut makes the second return what the last checkpoint said, or the cut.
  Result<std::vector<std::shared_ptr<io::File>>> begin_checkpoint();
  Result<Offset> end_checkpoint();
  /// Removes the files of segments that went longer than file_delete_delay_ms ago. Those that are left
  /// when the log is destroyed go at the next open.
  Result<void> purge_deleted(TimestampMs now);
  /// Flushes all, closes indexes, writes the producer snapshot, so that a clean-shutdown marker is true.
  Result<void> close();
  /// The same in two steps, so that many logs share their syncs: begin_close() takes nothing more and
  /// writes; when its files are durable end_close() follows, and then a sync of the same files for their
  /// new names. Nothing to do for a log in which nothing changed: no files.
  Result<std::vector<std::shared_ptr<io::File>>> begin_close();
  Result<void> end_close();
  /// `file` belongs to a new log and is to be durable no later than its first batch.
  void sync_with_first_batch(std::shared_ptr<io::File> file);

  // Any thread:
  Offset log_start() const;
  /// Of the oldest segment.
  Offset first_base() const;
  Offset log_end() const;
  Position end_position() const;
  /// Everything below is on disk as far as this log knows; only mark_durable and recovery move it.
  Offset durable_end() const;
  std::size_t size_bytes() const;
  const std::string& directory() const;

  /// Sticky I/O failure (L6), if any.
  const std::optional<Error>& failure() const;

  /// Files with bytes above the durable end, for a sync round that started now.
  std::vector<std::shared_ptr<io::File>> unsynced_files() const;
  /// A sync that covered everything below `end` completed.
  void mark_durable(Offset end);
  /// The sync failed, or the directory did: from now on appends fail with this.
  void fail(Error error);

  Result<ReadRange> read(const ReadLimits& limits) const;
  /// First record with timestamp >= `timestamp` and offset below `below`; offset -1 when none.
  Result<OffsetAndTimestamp> find_by_time(TimestampMs timestamp, Offset below) const;
  /// The record with the largest timestamp (ListOffsets -3); offset -1 when empty.
  Result<OffsetAndTimestamp> find_max_timestamp(Offset below) const;

  /// Owner's lock:
  LeaderEpochs& leader_epochs();
  ProducerStates& producers();

  struct SegmentInfo {
    Offset base = 0;
    std::uint64_t bytes = 0;
    TimestampMs largest_timestamp = no_timestamp;  ///< of its records, else the file's time
  };
  /// Oldest first; for retention and describing.
  std::vector<SegmentInfo> segments() const;

 private:
  struct Core;
  explicit Log(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace leat::log
