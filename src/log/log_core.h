#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "base/assert.h"
#include "base/errors.h"
#include "log/log.h"
#include "log/segment.h"

namespace leat::log {

/// The state behind Log. Its methods lie in log.cc (append, roll, durability), log_open.cc (load and
/// recovery), log_leftovers.cc, log_producers.cc, log_read.cc and log_cut.cc (what removes bytes).
struct Log::Core {
  Core(io::Volume& volume_, const Clock& clock_, std::string directory_, LogSettings settings_,
       Diagnostics diagnostics_)
      : volume(volume_),
        clock(clock_),
        directory(std::move(directory_)),
        diagnostics(std::move(diagnostics_)),
        settings(settings_) {}

  /// What readers see; replaced or changed as one under `mutex`.
  struct View {
    std::shared_ptr<const SegmentList> segments;
    Offset start = 0;
    Position end;
    Offset durable = 0;
  };
  /// A file with bytes below `below` that no completed sync is known to have covered.
  struct Unsynced {
    Offset below = 0;
    std::shared_ptr<io::File> file;
  };
  /// Files that are to be removed once readers have had time to finish.
  struct Doomed {
    TimestampMs due = 0;
    std::vector<std::string> names;
  };

  io::Volume& volume;
  const Clock& clock;
  const std::string directory;
  const Diagnostics diagnostics;

  // Under the owner's lock:
  LogSettings settings;
  LeaderEpochs epochs;
  ProducerStates producers;
  std::optional<TimestampMs> first_timestamp;  ///< of the active segment's first batch
  TimestampMs active_created_at = 0;
  std::set<Offset> snapshots;  ///< numbers of the producer snapshots that exist
  std::vector<Doomed> doomed;
  bool dirty = false;  ///< something changed since the last clean close
  bool closed = false;
  Offset recovery_point = 0;  ///< that the last checkpoint returned; never above the log end
  /// The largest recovery point that the checkpoint file may say. A cut leaves it above the log end.
  Offset recovery_point_max = 0;
  /// The latest producer snapshot of the active segment that recovery can begin at: it is durable, and so are the log and
  /// the indexes below it. Else the segment's base.
  struct Resume {
    Offset offset = 0;
    std::uint64_t position = 0;
  };
  Resume resume;
  /// A checkpoint that has begun, for when its files are durable.
  struct Staged {
    Offset point = 0;
    std::vector<std::shared_ptr<io::File>> files;
    std::optional<Resume> resume = {};
    bool has_epochs = false;
  };
  std::optional<Staged> staged;

  // Under `mutex`, held for moments only:
  mutable std::mutex mutex;
  View view;
  std::vector<Unsynced> unsynced;

  std::atomic<bool> failed = false;
  std::optional<Error> failure;  ///< written once, before `failed`

  View snapshot() const {
    std::lock_guard lock(mutex);
    return view;
  }
  std::string path_of(std::string_view name) const { return directory + "/" + std::string(name); }
  Segment& active() const { return *view.segments->back(); }

  // log.cc
  Result<void> check_writable() const;
  /// Remembers the first failure and passes it on.
  Error fail(Error error);
  template <class T>
  Result<T> guard(Result<T> result) {
    if (!result) return fail(std::move(result).error());
    return result;
  }
  Result<void> append(Bytes batches);
  Result<void> write(Bytes batches);
  /// What an append brings, read from its headers before anything is written.
  struct Incoming {
    Offset first = no_offset;
    Offset last = no_offset;
    TimestampMs largest_timestamp = no_timestamp;
  };
  Result<Incoming> inspect(Bytes batches) const;
  /// files.md 7.3.
  Result<bool> must_roll(const Incoming& incoming, std::size_t bytes);
  Result<bool> is_too_old(TimestampMs incoming);
  /// What is taken off the age at which the active segment rolls: its own share of segment.jitter.ms, so that the
  /// logs of a broker, and the segments of a log, do not all roll at the same time.
  std::int64_t jitter() const;
  Result<void> roll_to(Offset base);
  Result<std::shared_ptr<Segment>> create_segment(Offset base);
  Result<void> seal_active(Offset next_base);
  Result<std::shared_ptr<io::File>> write_producer_snapshot(Offset end);
  void publish(std::shared_ptr<const SegmentList> segments, Position end);
  Result<Offset> checkpoint();
  Result<std::vector<std::shared_ptr<io::File>>> begin_checkpoint();
  Result<Offset> end_checkpoint();
  void all_is_durable();
  Result<void> sync_all();
  Result<std::vector<std::shared_ptr<io::File>>> begin_close();
  Result<void> end_close();
  Result<void> close();
  std::vector<std::shared_ptr<io::File>> unsynced_files() const;
  void mark_durable(Offset end);

  // log_open.cc
  Result<void> open(const OpenState& state);
  /// Segments that were read and have markers, by base, and from which offset on their transaction index is to be made anew.
  using Undecided = std::map<Offset, Offset>;
  Result<Undecided> load_segments(const OpenState& state, const std::set<std::string>& present);
  std::set<Offset> snapshots_to_keep(Offset recovery_point_of_file) const;
  Result<std::shared_ptr<Segment>> open_segment(Offset base);
  /// Finds the end of a segment from its last index entry on; false when that does not lead to the end of
  /// the file.
  Result<bool> find_end(Segment& segment, Offset& next) const;
  /// Has the indexes taken from their files; false when they are not there, or do not belong to the segment.
  Result<bool> use_indexes(Segment& segment, const std::set<std::string>& present) const;
  /// What reading a whole segment found.
  struct Recovered {
    Offset next = 0;           ///< behind the last batch
    bool is_whole = false;     ///< nothing was cut off
    bool has_markers = false;  ///< of transactions
  };
  /// Where a segment is read from. In front of it are batches and index entries that are trusted; the transaction index
  /// and a producer snapshot are for what is below `known`.
  struct Start {
    Offset known = 0;
    std::uint64_t position = 0;
    bool is_resumed = false;
  };
  /// The last place that a checkpoint noted below `trusted`, with the indexes cut there; else the segment's beginning.
  Result<Start> find_start(Segment& segment, Offset trusted);
  Result<std::optional<Start>> start_at(Segment& segment, Offset snapshot);
  Result<Recovered> recover_from_checkpoint(std::shared_ptr<Segment>& segment, Offset trusted, Offset doubted,
                                            Undecided& undecided);
  /// Reads and checks a segment, cuts it at the first bad batch and rebuilds its indexes but for the one of
  /// transactions: load_producers() makes it, since only producers' states tell what a marker ends.
  /// From `doubted` on nothing is known to be durable.
  Result<Recovered> recover(Segment& segment, const Start& start, Offset doubted);
  /// Fine when it is not there.
  Result<void> remove_file(std::string_view name);
  Result<void> remove_segment_files(Offset base);
  Result<void> settle_log_start(const OpenState& state);
  /// Of the files that are there, those that no log end is below.
  Result<void> find_snapshots(const std::set<std::string>& present);

  // log_leftovers.cc
  /// Ends what an interrupted deletion or compaction left (files.md 11.2), and removes indexes without a
  /// log. Returns the names that are there then.
  Result<std::set<std::string>> clear_leftovers();

  // log_producers.cc
  Result<void> forget_snapshots_above(Offset end);
  /// Those that belong to no segment's base, but for `kept`.
  Result<void> remove_stray_snapshots(const std::set<Offset>& kept);
  Result<void> remove_snapshot(Offset number);
  /// Newest usable snapshot, then the batches behind it, then the windows refilled. Transaction indexes are made on
  /// the way, from an older snapshot where need be.
  Result<void> load_producers(const Undecided& undecided);
  Result<void> replay_producers(Offset from, const Undecided& undecided);
  /// A snapshot knows only a producer's last batch; the other four of the window are found again in the
  /// last 8 MiB of the log, which is more than five batches of the default size limit.
  Result<void> refill_windows();

  // log_read.cc
  Result<ReadRange> read(const ReadLimits& limits) const;
  Result<OffsetAndTimestamp> find_by_time(TimestampMs timestamp, Offset below) const;
  Result<OffsetAndTimestamp> find_max_timestamp(Offset below) const;

  // log_cut.cc
  Result<void> truncate_to(Offset offset);
  Result<void> restart_at(Offset offset);
  Result<void> move_log_start(Offset offset);
  Result<void> drop_unreachable();
  Result<void> purge_deleted(TimestampMs now);
};

}  // namespace leat::log
