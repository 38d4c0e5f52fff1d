#pragma once

#include <leat/diagnostics.h>
#include <leat/export.h>
#include <leat/host.h>
#include <leat/producer.h>
#include <leat/record.h>
#include <leat/result.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace leat {

/// When `Log::append` returns.
enum class SyncMode {
  each_append,  ///< when the records are on disk; concurrent appends share a sync
  on_request,   ///< when they are written; `Log::sync` puts them on disk
};

struct LogOptions {
  SyncMode sync = SyncMode::each_append;
  Compression compression = Compression::none;
  /// A new file is begun before one would outgrow this. Retention goes by whole files.
  std::int64_t segment_bytes = 1 << 30;
  /// What `trim` keeps: files of the newest this many bytes, and younger than this. Unset: no limit.
  std::optional<std::int64_t> retention_bytes = {};
  std::optional<std::chrono::milliseconds> retention = {};
  /// File descriptors.
  std::size_t max_open_files = 32;
  /// Unset: the system's.
  WallClock wall_clock = {};
  LogFunction log = {};
  ProgressFunction progress = {};
};

/// A record to append. Views only: `append` copies what they show before it returns.
struct LogEntry {
  Bytes key = {};
  Bytes value = {};
  std::vector<Header> headers = {};
  /// Milliseconds since 1970 UTC. Unset: now.
  std::optional<std::int64_t> timestamp = {};
};

/// A durable log and nothing else: one partition, no broker, no thread. Records get offsets 0, 1, 2, ..; the
/// directory holds Kafka's segment files, which Kafka's tools read.
///
/// Durability: see SyncMode. What was acknowledged survives a crash, once and in order; a torn tail is cut
/// when the log is next opened.
/// Failure: after a failed write or sync every append fails with it until the log has been closed and opened
/// again, because what is on disk is unknown until then. Reads go on.
/// Threads: all calls from any thread; appends take turns, reads do not wait for them. After a fork the
/// child's calls fail with `closed`. Movable; destruction is `close()`.
class LEAT_EXPORT Log {
 public:
  /// Makes the directory when missing. `in_use` when another process, or another Log, has it.
  static Result<Log> open(const std::string& directory, LogOptions options = {});
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;
  ~Log();

  /// Returns the record's offset.
  Result<std::int64_t> append(const LogEntry& entry);
  /// All of them in one batch: after a crash all are there or none. Returns the first one's offset.
  Result<std::int64_t> append(std::span<const LogEntry> entries);
  /// Everything appended before is on disk when it returns.
  Result<void> sync();

  /// Records from `offset` on, about `max_bytes` of them as stored, at least one if there is one; empty at
  /// the end. One read into one buffer. Topic and partition of the records are empty and 0.
  /// `offset_out_of_range` below the start or above the end. Only what is on disk is read, unless
  /// SyncMode::on_request.
  Result<Records> read(std::int64_t offset, std::size_t max_bytes = 1024 * 1024) const;
  /// The first record with a timestamp at or above this one; nothing when there is none.
  Result<std::optional<RecordPosition>> find(std::int64_t timestamp) const;

  std::int64_t start_offset() const;
  /// The offset that the next record gets.
  std::int64_t end_offset() const;

  /// Forgets everything below `offset`; files that hold nothing else are removed.
  Result<void> trim_to(std::int64_t offset);
  /// Forgets what the retention of the options does not keep.
  Result<void> trim();
  /// Removes everything from `offset` on.
  Result<void> truncate(std::int64_t offset);

  /// Puts everything on disk and lets go of the directory. Later calls do nothing; all others fail with
  /// `closed`.
  Result<void> close();

 private:
  struct LEAT_HIDDEN Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
