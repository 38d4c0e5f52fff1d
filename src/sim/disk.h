#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "io/volume.h"

namespace leat::sim {

struct DiskOptions {
  /// Decides what survives a power cycle, and how long syncs take.
  std::uint64_t seed = 1;
  /// A sync takes up to this long; 0 means that it is done in the next task.
  Duration sync_delay_max = std::chrono::milliseconds(5);
  /// What modified_at() tells; without one, the executor's time since Scheduler::epoch_ms.
  const Clock* clock = nullptr;
  /// What .lock says.
  int pid = 1;
};

/// What was asked of the disk so far.
struct DiskCounters {
  std::uint64_t calls = 0;           ///< everything that fail_nth and crash_at count
  std::uint64_t writes = 0;          ///< write_at and truncate
  std::uint64_t syncs = 0;           ///< files made durable, by Volume::sync or File::sync
  std::uint64_t sync_calls = 0;      ///< Volume::sync
  std::uint64_t directory_syncs = 0; ///< sync_directory
};

class DiskState;

/// A file system in memory that loses power on demand, with the semantics of the POSIX volume.
///
/// Crash model. What a completed sync covered survives. Of what was written since, each 512-byte sector
/// is kept, lost or torn (part old, part new, or garbage; never the bytes that were durable before), and
/// the size is the durable one, the last one or one between, as the seed decides. Created names, renames
/// and removals vanish unless sync_directory, or for new files a sync, made them durable.
///
/// Failed syncs. As on Linux, the pages of a failed sync count as clean: a later sync succeeds without
/// writing them. drop_cached() then shows what really is on the disk.
///
/// "The nth call" counts open, read, write, truncate, the sync of each file and of new names,
/// sync_directory, list, create_directories, rename, remove, remove_all and lock, from 1. Safe from any thread; deterministic on one.
class Disk : public io::Volume {
 public:
  /// `executor` completes the syncs and must outlive the disk and its files.
  explicit Disk(Executor& executor, DiskOptions options = {});
  ~Disk() override;

  Result<std::shared_ptr<io::File>> open(const std::string& path, io::OpenMode mode) override;
  void sync(std::vector<std::shared_ptr<io::File>> files, io::SyncDone done) override;
  Result<void> sync_directory(const std::string& directory) override;
  Result<std::vector<io::DirectoryEntry>> list(const std::string& directory) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> create_directories(const std::string& directory) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> remove_all(const std::string& directory) override;
  Result<TimestampMs> modified_at(const std::string& path) override;
  Result<std::unique_ptr<io::DirectoryLock>> lock(const std::string& directory) override;

  /// Off and on again: applies the crash model, frees every lock, ends any crash_at and fail_nth. Files
  /// opened before fail with `closed`, and so do syncs that have not completed.
  void power_cycle();
  /// Ends the process but not the power: what was written stays, opened files and locks are gone, as after
  /// kill -9.
  void kill_process();

  /// From now on Volume::sync completes only by release_syncs() or complete_one_sync().
  void hold_syncs();
  /// Completes what is held and holds no more.
  void release_syncs();
  /// Completes the oldest held sync; false when there is none.
  bool complete_one_sync();
  std::size_t held_syncs() const;

  /// The `n`th call from now on fails with `code`, once; a write then leaves a part of its bytes behind.
  void fail_nth(std::uint64_t n, Errc code = Errc::io_error);
  /// After the `n`th call from now on every call fails, until power_cycle(); 0 is at once.
  void crash_at(std::uint64_t n);
  /// From now on every call for what lies below `directory` fails with `code`, until repair(): one of several disks.
  void break_below(const std::string& directory, Errc code = Errc::io_error);
  void repair();
  /// Whether fail_nth or crash_at has struck since it was set.
  bool fault_fired() const;

  /// Damages one byte of the file, in memory and on the disk alike: bit rot.
  void flip_bits(const std::string& path, std::uint64_t position, std::uint8_t mask);
  DiskCounters counters() const;

 private:
  std::shared_ptr<DiskState> state_;
};

}  // namespace leat::sim
