#include "io/posix_volume.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/assert.h"
#include "base/errors.h"
#include "io/lock_file.h"
#include "io/path.h"
#include "io/posix_error.h"
#include "io/posix_volume_state.h"
#include "io/sync_round.h"

namespace leat::io {

namespace {

struct Opened {
  int fd = -1;
  bool is_new = false;
};

/// Tells a file that open made from one that was there, since only a new one's folder must be synced.
Opened open_creating(const std::string& path, int flags) {
  for (;;) {
    int fd = ::open(path.c_str(), flags | O_CREAT | O_EXCL, 0644);
    if (fd >= 0) return {fd, true};
    if (errno != EEXIST) return {};
    fd = ::open(path.c_str(), flags);
    if (fd >= 0 || errno != ENOENT) return {fd, false};
  }
}

Opened open_file(const std::string& path, OpenMode mode) {
  switch (mode) {
    case OpenMode::read: return {::open(path.c_str(), O_RDONLY | O_CLOEXEC), false};
    case OpenMode::write: return {::open(path.c_str(), O_RDWR | O_CLOEXEC), false};
    case OpenMode::create: return open_creating(path, O_RDWR | O_CLOEXEC);
    case OpenMode::create_truncate: return open_creating(path, O_RDWR | O_CLOEXEC | O_TRUNC);
  }
  return {};
}

/// Open descriptors for files whose name is about to go, and the promise that they stay open.
class KeptOpen {
 public:
  KeptOpen(PosixVolumeState& volume, const std::string& path) : files_(volume.live_within(path)) {
    // One that cannot be opened now will say not_found later.
    for (const auto& file : files_)
      if (auto open = file->use()) held_.push_back(std::move(open).value());
    mark(true);
  }
  void mark(bool removed) {
    for (const auto& file : files_) file->set_removed(removed);
  }

 private:
  std::vector<std::shared_ptr<PosixFile>> files_;
  std::vector<std::shared_ptr<const Descriptor>> held_;
};

class PosixDirectoryLock : public DirectoryLock {
 public:
  PosixDirectoryLock(std::shared_ptr<PosixVolumeState> volume, const std::string& directory,
                     std::unique_ptr<LockFile> file)
      : volume_(std::move(volume)), locked_(volume_->add_locked(directory)), file_(std::move(file)) {}
  ~PosixDirectoryLock() override { volume_->remove_locked(locked_.get()); }

 private:
  const std::shared_ptr<PosixVolumeState> volume_;
  const std::shared_ptr<PosixVolumeState::LockedDirectory> locked_;
  const std::unique_ptr<LockFile> file_;
};

}  // namespace

PosixVolume::PosixVolume(Executor& blocking, PosixVolumeOptions options)
    : blocking_(blocking), state_(std::make_shared<PosixVolumeState>(options)) {
  LEAT_ASSERT(options.max_open_descriptors >= 2, "a file and its folder may have to be open at once");
}

PosixVolume::~PosixVolume() = default;

Result<std::shared_ptr<File>> PosixVolume::open(const std::string& path, OpenMode mode) {
  const std::string name = normal_path(path);
  LEAT_TRY(DescriptorSlot slot, state_->reserve());
  const auto names = state_->names_stand_still();
  const Opened opened = open_file(name, mode);
  if (opened.fd < 0) return posix_error(errno, "open", name);
  auto descriptor = std::make_shared<const Descriptor>(opened.fd, name, std::move(slot));
  struct stat status;
  if (::fstat(opened.fd, &status) != 0) return posix_error(errno, "fstat", name);
  if (S_ISDIR(status.st_mode)) return posix_error(EISDIR, "open", name);
  if (opened.is_new) state_->ledger.add(name);
  auto file = std::make_shared<PosixFile>(state_, name, mode != OpenMode::read,
                                          PosixFile::Identity{status.st_dev, status.st_ino},
                                          std::move(descriptor));
  if (mode == OpenMode::create_truncate && !opened.is_new) file->mark_written();
  state_->add_live(file);
  return std::shared_ptr<File>(std::move(file));
}

void PosixVolume::sync(std::vector<std::shared_ptr<File>> files, SyncDone done) {
  start_sync_round(state_, blocking_, files, std::move(done));
}

Result<void> PosixVolume::sync_directory(const std::string& directory) {
  return state_->sync_directory(normal_path(directory));
}

Result<std::vector<DirectoryEntry>> PosixVolume::list(const std::string& directory) {
  std::vector<DirectoryEntry> entries;
  std::error_code error;
  std::filesystem::directory_iterator at(directory, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    std::error_code gone;
    entries.push_back({at->path().filename().string(), at->is_directory(gone)});
  }
  if (error) return posix_error(error.value(), "list", directory);
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

Result<bool> PosixVolume::exists(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return posix_error(errno, "stat", path);
}

Result<void> PosixVolume::create_directories(const std::string& directory) {
  const std::string name = normal_path(directory);
  const auto make = [this](const std::string& path) {
    const auto names = state_->names_stand_still();
    if (::mkdir(path.c_str(), 0755) != 0) return errno;
    state_->ledger.add(path);
    return 0;
  };
  int error = make(name);
  if (error == ENOENT && parent_path(name) != name) {
    LEAT_CHECK(create_directories(parent_path(name)));
    error = make(name);
  }
  struct stat status;
  if (error == EEXIST && ::stat(name.c_str(), &status) == 0)
    error = S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
  if (error != 0) return posix_error(error, "mkdir", name);
  return {};
}

Result<void> PosixVolume::rename(const std::string& from, const std::string& to) {
  const std::string old_name = normal_path(from), new_name = normal_path(to);
  if (old_name == new_name) return {};
  KeptOpen replaced(*state_, new_name);
  const auto names = state_->names_change();
  if (::rename(old_name.c_str(), new_name.c_str()) != 0) {
    const int error = errno;
    replaced.mark(false);
    return posix_error(error, "rename to " + new_name, old_name);
  }
  state_->move_live(old_name, new_name);
  state_->ledger.rename(old_name, new_name);
  return {};
}

Result<void> PosixVolume::remove(const std::string& path) {
  const std::string name = normal_path(path);
  KeptOpen removed(*state_, name);
  if (std::remove(name.c_str()) != 0) {
    const int error = errno;
    removed.mark(false);
    return posix_error(error, "remove", name);
  }
  state_->ledger.forget(name);
  return {};
}

Result<void> PosixVolume::remove_all(const std::string& directory) {
  const std::string name = normal_path(directory);
  KeptOpen removed(*state_, name);
  std::error_code error;
  std::filesystem::remove_all(name, error);
  if (error) return posix_error(error.value(), "remove_all", name);
  state_->ledger.forget(name);
  return {};
}

Result<TimestampMs> PosixVolume::modified_at(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return posix_error(errno, "stat", path);
  return static_cast<TimestampMs>(status.st_mtim.tv_sec) * 1000 + status.st_mtim.tv_nsec / 1'000'000;
}

Result<std::unique_ptr<DirectoryLock>> PosixVolume::lock(const std::string& directory) {
  const std::string name = normal_path(directory);
  LEAT_TRY(auto file, LockFile::take(name == "/" ? "/.lock" : name + "/.lock"));
  return std::unique_ptr<DirectoryLock>(
      std::make_unique<PosixDirectoryLock>(state_, name, std::move(file)));
}

PosixVolumeCounters PosixVolume::counters() const {
  return {state_->file_syncs, state_->directory_syncs, state_->file_system_syncs, state_->descriptors_opened,
          state_->open_descriptors()};
}

}  // namespace leat::io
