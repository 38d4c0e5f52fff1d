#pragma once

#include <leat/result.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "io/volume.h"
#include "log/index_file.h"
#include "record/batch_view.h"

namespace leat::log {

/// A batch in a segment file.
struct BatchPlace {
  std::uint64_t position = 0;
  std::size_t size = 0;
  Offset base_offset = 0;
  Offset last_offset = 0;
};

/// One segment: the file of batches, its indexes, and what is known of its timestamps.
///
/// Threads: one writer (the log's owner); find, timestamps and the files may be used by any thread.
class Segment {
 public:
  Segment(io::Volume& volume, const std::string& directory, Offset base, std::shared_ptr<io::File> file);

  const Offset base;
  const std::shared_ptr<io::File> file;
  OffsetIndex offsets;
  TimeIndex times;
  TransactionIndex aborted;
  /// Bytes of whole batches.
  std::atomic<std::uint64_t> size = 0;

  /// Takes a batch that lies at `position`: index entries as in files.md 8.1, then its timestamp.
  void note(const record::BatchView& batch, std::uint64_t position, std::int64_t index_interval_bytes);
  /// Only the timestamp; for batches that the index knows already.
  void note_timestamp(const record::BatchView& batch);
  /// Takes a transaction whose ABORT marker lies here. Written at once, so that memory does not grow with them; durable,
  /// like the other indexes, when the segment is sealed.
  Result<void> note_aborted(const AbortedTransaction& transaction);
  /// The closing time entry (files.md 8.3), and both indexes of batches written to their files.
  Result<void> flush_indexes();
  /// The files of the indexes, as far as this process has opened them.
  std::vector<std::shared_ptr<io::File>> index_files() const;
  /// Has the largest timestamp taken from the time index at the first use (files.md 8.4).
  void use_time_index();
  /// Forgets the timestamps and the bytes since the last entry.
  void reset_statistics();

  struct Largest {
    TimestampMs timestamp = no_timestamp;
    Offset last_offset = no_offset;  ///< of the first batch that has it
  };
  /// The largest timestamp so far; none in an empty segment or when every batch is without.
  Result<Largest> largest() const;

  /// The first batch at or behind which `offset` lies, among the bytes below `end`; nothing when all end
  /// before it.
  Result<std::optional<BatchPlace>> find(Offset offset, std::uint64_t end) const;
  /// Where the last batch with an index entry of at most `offset` and position of at most `position`
  /// starts; 0 without one.
  Result<std::uint64_t> indexed_position(Offset offset, std::uint64_t position) const;

 private:
  mutable std::mutex mutex_;
  mutable Largest largest_;
  mutable bool largest_in_index_ = false;
  std::int64_t bytes_since_entry_ = 0;
};

/// Oldest first, never empty; the last one is the active segment. Never changed once published.
using SegmentList = std::vector<std::shared_ptr<Segment>>;

/// What belongs to a segment, in the order in which it may be removed: without its `.log` a segment is
/// gone.
std::vector<std::string> segment_files(Offset base);

}  // namespace leat::log
