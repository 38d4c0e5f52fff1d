#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/payload.h"
#include "base/types.h"

namespace leat::io {

/// An open file: a logical handle, whose descriptor may be closed and opened again behind it. Safe from
/// any thread as long as writes do not overlap.
///
/// Durability: write_at() makes bytes readable; only a completed sync makes them survive power loss.
/// Failure: a failed write or sync is sticky: every later write and sync of this file fails with it,
/// because what its pages hold is unknown until it has been closed, reopened and read again.
/// Names: follows its file through Volume::rename, also of a folder above it; after Volume::remove, or
/// when another file was renamed over it, it still reads and writes the old one.
/// At most one File of a path may write at a time.
class File : public ReadableFile {
 public:
  /// Writes all of `bytes`.
  virtual Result<void> write_at(std::uint64_t position, Bytes bytes) = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() const = 0;
  /// A counted reference that keeps a descriptor open, for sendfile and for reads that must outlive a
  /// removal. May wait for another slice to be dropped, when every descriptor is held by one.
  virtual Result<FileSlice> slice(std::uint64_t position, std::size_t length) const = 0;
  /// fdatasync, blocking, whether or not this handle wrote anything: the bytes and the size, not the name.
  /// For recovery, checkpoints and close; the append path uses Volume::sync.
  virtual Result<void> sync() = 0;
  /// Drops cached pages from `position` on, so that the next read comes from the disk. The file must
  /// have been synced.
  virtual Result<void> drop_cached(std::uint64_t position) = 0;
  /// As it is now; the reference stays good for the handle's life.
  virtual const std::string& path() const = 0;
};

/// An exclusive claim on a directory, released on destruction.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

enum class OpenMode {
  read,             ///< must exist
  write,            ///< must exist; readable too
  create,           ///< made when missing, kept when there
  create_truncate,  ///< made or emptied
};

using SyncDone = std::function<void(Result<void>)>;

/// A file system, synchronous but for `sync`. Paths are '/'-separated. Safe from any thread. Errors say
/// which path and which call.
class Volume {
 public:
  virtual ~Volume() = default;
  virtual Result<std::shared_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  /// The only asynchronous operation: makes all bytes written through `files` before this call durable,
  /// then calls `done` once from an executor task, never from inside this call. New and renamed files, and new
  /// folders above them, become durable by name as well. Files without a write since their last completed
  /// sync cost nothing. An error means that at least one file failed, and which.
  virtual void sync(std::vector<std::shared_ptr<File>> files, SyncDone done) = 0;
  /// Makes creations, renames and removals of names in `directory` durable (the bytes of its files not);
  /// blocks.
  virtual Result<void> sync_directory(const std::string& directory) = 0;

  /// In the order of names, without "." and "..".
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& directory) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  /// With all parents; fine when it is there.
  virtual Result<void> create_directories(const std::string& directory) = 0;
  /// A file or a directory. Replaces the file `to`.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// A file or an empty directory; not_found when it is not there.
  virtual Result<void> remove(const std::string& path) = 0;
  /// A directory and all below it; fine when it is not there.
  virtual Result<void> remove_all(const std::string& directory) = 0;
  virtual Result<TimestampMs> modified_at(const std::string& path) = 0;
  /// Takes the directory for this process through `directory/.lock`, as Kafka does, so that neither
  /// Kafka nor a second broker (this process included) can have it too. in_use says which pid holds it.
  virtual Result<std::unique_ptr<DirectoryLock>> lock(const std::string& directory) = 0;
};

/// The whole file, or not_found.
Result<std::string> read_text(Volume& volume, const std::string& path);
/// Replaces `path` atomically and durably: `path`.tmp, sync, rename, directory sync.
Result<void> replace_text(Volume& volume, const std::string& path, std::string_view text);

}  // namespace leat::io
