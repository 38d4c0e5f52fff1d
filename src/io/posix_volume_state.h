#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "io/name_ledger.h"
#include "io/posix_file.h"
#include "io/posix_volume.h"

namespace leat::io {

/// What a PosixVolume and its files share: the open descriptors, the files by name, the names that are
/// not durable, the locked directories.
///
/// Lock order: names < live files < open files < one file's own. No system call that may wait for the
/// disk runs under any but the first.
class PosixVolumeState : public std::enable_shared_from_this<PosixVolumeState> {
 public:
  explicit PosixVolumeState(PosixVolumeOptions options)
      : options(options), budget_(std::make_shared<DescriptorBudget>(options.max_open_descriptors)) {}

  const PosixVolumeOptions options;
  NameLedger ledger;

  // Descriptors.

  /// The right to open one, after closing the least recently used file if need be.
  Result<DescriptorSlot> reserve();
  /// Grows with each reserve(): what files note as their last use.
  std::uint64_t age() const { return age_.load(std::memory_order_relaxed); }
  /// Gives a file its reopened descriptor; the one it has by now, if another thread was first.
  std::shared_ptr<const Descriptor> install(const PosixFile& file, std::shared_ptr<const Descriptor> fresh);
  std::size_t open_descriptors() const { return budget_->taken(); }

  // Names.

  /// While this is held no file is renamed or removed through this volume.
  std::shared_lock<std::shared_mutex> names_stand_still() { return std::shared_lock(names_); }
  std::unique_lock<std::shared_mutex> names_change() { return std::unique_lock(names_); }
  void add_live(const std::shared_ptr<PosixFile>& file);
  void forget(PosixFile& file);
  /// The open files at `path` and below it, without removed ones.
  std::vector<std::shared_ptr<PosixFile>> live_within(const std::string& path);
  /// Expects names_change() to be held.
  void move_live(const std::string& from, const std::string& to);
  /// fsync of a folder, and what that makes durable.
  Result<void> sync_directory(const std::string& directory);

  // Locked directories: one syncfs may stand for all files below one.

  struct LockedDirectory {
    std::string path;
    int descriptor = -1;  ///< opened before any write below it, so that syncfs reports every error
    std::optional<Error> failure;
    ~LockedDirectory();
  };
  std::shared_ptr<LockedDirectory> add_locked(const std::string& directory);
  void remove_locked(const LockedDirectory* directory);
  std::vector<std::shared_ptr<LockedDirectory>> locked() const;
  /// The failed syncfs that stands against a file at `path`.
  std::optional<Error> failure_above(const std::string& path) const;
  /// Fails every file below it, also those that are opened later.
  void fail_directory(LockedDirectory& directory, const Error& error);

  std::atomic<std::uint64_t> file_syncs = 0;
  std::atomic<std::uint64_t> directory_syncs = 0;
  std::atomic<std::uint64_t> file_system_syncs = 0;
  std::atomic<std::uint64_t> descriptors_opened = 0;

 private:
  bool close_oldest_clean();
  bool sync_oldest_unsynced();

  const std::shared_ptr<DescriptorBudget> budget_;
  std::atomic<std::uint64_t> age_ = 0;
  std::shared_mutex names_;

  mutable std::mutex live_mutex_;
  std::multimap<std::string, PosixFile*> live_;

  std::mutex open_mutex_;
  std::unordered_set<PosixFile*> open_;

  mutable std::mutex locked_mutex_;
  std::vector<std::shared_ptr<LockedDirectory>> locked_;
};

}  // namespace leat::io
