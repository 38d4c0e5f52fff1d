#pragma once

#include <sys/types.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "io/descriptor.h"
#include "io/volume.h"

namespace leat::io {

class PosixVolumeState;

/// A File of the PosixVolume. Its descriptor is shared with slices and running calls, and is let go when
/// only the file itself holds it and nothing unsynced was written through it.
class PosixFile : public File, public std::enable_shared_from_this<PosixFile> {
 public:
  /// Which file it is, whatever its name.
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
  };

  PosixFile(std::shared_ptr<PosixVolumeState> volume, std::string path, bool writable, Identity identity,
            std::shared_ptr<const Descriptor> descriptor);
  ~PosixFile() override;

  Result<std::size_t> read_at(std::uint64_t position, std::span<std::byte> out) const override;
  int descriptor() const override { return -1; }
  bool is_resident(std::uint64_t position, std::size_t length) const override;
  void read_ahead(std::uint64_t position, std::size_t length) const override;
  Result<void> write_at(std::uint64_t position, Bytes bytes) override;
  Result<void> truncate(std::uint64_t size) override;
  Result<std::uint64_t> size() const override;
  Result<FileSlice> slice(std::uint64_t position, std::size_t length) const override;
  Result<void> sync() override;
  Result<void> drop_cached(std::uint64_t position) override;
  const std::string& path() const override { return *path_.load(std::memory_order_acquire); }

  // For the volume.

  /// The open descriptor, opening it if need be.
  Result<std::shared_ptr<const Descriptor>> use() const;
  bool has_unsynced_writes() const { return writes_.load() != synced_.load(); }
  /// How many writes have been made; what a sync that starts now covers.
  std::uint64_t writes() const { return writes_.load(); }
  void mark_written() { writes_.fetch_add(1); }
  void mark_synced(std::uint64_t writes);
  /// Every later write and sync fails with `error`, or with what came first.
  Error fail(Error error);
  Result<void> check_not_failed() const;

  std::uint64_t last_used() const { return last_used_.load(std::memory_order_relaxed); }
  /// Whether nobody but the file holds the descriptor; it may be unsynced.
  bool is_idle() const;
  /// Takes the descriptor away, if it is idle and may be closed. The caller drops it without locks.
  std::shared_ptr<const Descriptor> evict();
  /// Its name is gone, or belongs to another file: the descriptor must stay.
  void set_removed(bool removed);
  bool is_removed() const;
  /// Under the volume's lock of live files.
  void set_path(std::string path);

 private:
  friend class PosixVolumeState;
  bool is_idle_locked() const { return descriptor_ && descriptor_.use_count() == 1 && !removed_; }
  Result<std::shared_ptr<const Descriptor>> reopen() const;
  Result<void> check_writable() const;

  const std::shared_ptr<PosixVolumeState> volume_;
  const bool writable_;
  const Identity identity_;
  std::deque<std::string> paths_;  ///< every name it has had, since path() gave out references
  std::atomic<const std::string*> path_;
  std::atomic<std::uint64_t> writes_ = 0;
  std::atomic<std::uint64_t> synced_ = 0;
  mutable std::atomic<std::uint64_t> last_used_ = 0;
  std::atomic<bool> has_failed_ = false;

  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Descriptor> descriptor_;
  std::optional<Error> failure_;
  bool removed_ = false;
};

}  // namespace leat::io
