#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "io/volume.h"

namespace leat::io {

struct PosixVolumeOptions {
  /// How many files and folders may be open at once; at least 2. Lock files (one or two descriptors a
  /// locked directory) come on top.
  std::size_t max_open_descriptors = 256;
  /// How long an operation waits for a descriptor when slices hold them all, before it fails with
  /// buffer_full.
  Duration descriptor_wait_max = std::chrono::seconds(30);
  /// Sync many files of a locked directory with one syncfs. Only for a process that has the file system
  /// to itself, since it waits for everyone's bytes. Ignored before Linux 5.8, which hides errors.
  bool prefer_syncfs = false;
  /// More dirty files than this in one call, and in one locked directory, are "many".
  std::size_t syncfs_above = 4;
};

/// What syncs cost; for tests, metrics and benchmarks.
struct PosixVolumeCounters {
  std::uint64_t file_syncs = 0;
  std::uint64_t directory_syncs = 0;
  std::uint64_t file_system_syncs = 0;
  std::uint64_t descriptors_opened = 0;
  std::uint64_t open_descriptors = 0;
};

class PosixVolumeState;

/// The file system of this machine.
///
/// Descriptors are opened when they are needed and closed least recently used first. A file with unsynced
/// bytes keeps its descriptor, so that an error of write-back is reported to us; when only such files are
/// left the oldest is synced. Files may outlive the volume, but not `blocking`.
///
/// sync() runs one fdatasync for each dirty file, side by side as far as `blocking` has threads, and one
/// fsync for each folder that has new names. With prefer_syncfs, a failed syncfs fails every file below
/// that locked directory, until it has been locked anew.
class PosixVolume : public Volume {
 public:
  /// `blocking` runs the system calls of sync() and its `done`; it must outlive every sync.
  explicit PosixVolume(Executor& blocking, PosixVolumeOptions options = {});
  ~PosixVolume() override;

  Result<std::shared_ptr<File>> open(const std::string& path, OpenMode mode) override;
  void sync(std::vector<std::shared_ptr<File>> files, SyncDone done) override;
  Result<void> sync_directory(const std::string& directory) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> create_directories(const std::string& directory) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> remove_all(const std::string& directory) override;
  Result<TimestampMs> modified_at(const std::string& path) override;
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& directory) override;

  PosixVolumeCounters counters() const;

 private:
  Executor& blocking_;
  std::shared_ptr<PosixVolumeState> state_;
};

}  // namespace leat::io
