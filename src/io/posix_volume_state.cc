#include "io/posix_volume_state.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/errors.h"
#include "io/path.h"
#include "io/posix_error.h"

namespace leat::io {

namespace {

/// Slices are dropped without telling anyone, so a full house is looked at again this often.
constexpr Duration look_again = std::chrono::milliseconds(5);

bool syncfs_reports_errors() {
  utsname system;
  int major = 0, minor = 0;
  if (::uname(&system) != 0 || std::sscanf(system.release, "%d.%d", &major, &minor) != 2) return false;
  return std::pair(major, minor) >= std::pair(5, 8);
}

}  // namespace

Result<DescriptorSlot> PosixVolumeState::reserve() {
  age_.fetch_add(1, std::memory_order_relaxed);
  Duration left = options.descriptor_wait_max;
  while (!budget_->try_take()) {
    if (close_oldest_clean() || sync_oldest_unsynced()) continue;
    if (left <= Duration(0))
      return Error{Errc::buffer_full,
                   "all " + std::to_string(options.max_open_descriptors) + " descriptors are held by slices"};
    budget_->wait(look_again);
    left -= look_again;
  }
  descriptors_opened.fetch_add(1, std::memory_order_relaxed);
  return DescriptorSlot(budget_);
}

bool PosixVolumeState::close_oldest_clean() {
  std::shared_ptr<const Descriptor> closing;  // dropped after the lock: close may wait for the disk
  std::lock_guard lock(open_mutex_);
  // Ages are read once: others use files meanwhile, and sorting needs an order that stands still.
  std::vector<std::pair<std::uint64_t, PosixFile*>> by_age;
  by_age.reserve(open_.size());
  for (PosixFile* file : open_) by_age.emplace_back(file->last_used(), file);
  std::ranges::sort(by_age);
  for (const auto& [age, file] : by_age) {
    closing = file->evict();
    if (!closing) continue;
    open_.erase(file);
    return true;
  }
  return false;
}

bool PosixVolumeState::sync_oldest_unsynced() {
  std::vector<std::shared_ptr<PosixFile>> candidates;
  {
    std::lock_guard lock(open_mutex_);
    for (PosixFile* file : open_)
      if (file->has_unsynced_writes() && file->is_idle())
        if (auto alive = file->weak_from_this().lock())
          candidates.push_back(std::move(alive));
  }
  const auto oldest =
      std::ranges::min_element(candidates, {}, [](const auto& file) { return file->last_used(); });
  if (oldest == candidates.end()) return false;
  const std::uint64_t age = (*oldest)->last_used();
  // A failure is the file's own: it sticks there, and lets the descriptor be closed.
  (void)(*oldest)->sync();
  (*oldest)->last_used_.store(age, std::memory_order_relaxed);
  return true;
}

std::shared_ptr<const Descriptor> PosixVolumeState::install(const PosixFile& file,
                                                            std::shared_ptr<const Descriptor> fresh) {
  std::lock_guard lock(open_mutex_);
  std::lock_guard file_lock(file.mutex_);
  if (!file.descriptor_) {
    file.descriptor_ = fresh;
    open_.insert(const_cast<PosixFile*>(&file));
  }
  return file.descriptor_;
}

void PosixVolumeState::add_live(const std::shared_ptr<PosixFile>& file) {
  {
    std::lock_guard lock(live_mutex_);
    live_.emplace(file->path(), file.get());
    std::lock_guard open_lock(open_mutex_);
    open_.insert(file.get());
  }
  // After it can be found, so that a directory that fails meanwhile finds it or is found.
  if (auto failure = failure_above(file->path())) file->fail(*failure);
}

void PosixVolumeState::forget(PosixFile& file) {
  std::lock_guard lock(live_mutex_);
  const auto [first, last] = live_.equal_range(file.path());
  for (auto at = first; at != last; ++at) {
    if (at->second != &file) continue;
    live_.erase(at);
    break;
  }
  std::lock_guard open_lock(open_mutex_);
  open_.erase(&file);
}

std::vector<std::shared_ptr<PosixFile>> PosixVolumeState::live_within(const std::string& path) {
  std::vector<std::shared_ptr<PosixFile>> found;
  const std::string prefix = path == "." ? "" : path;
  std::lock_guard lock(live_mutex_);
  for (auto at = live_.lower_bound(prefix); at != live_.end() && at->first.starts_with(prefix); ++at)
    if (is_within(at->first, path))
      if (auto alive = at->second->weak_from_this().lock(); alive && !alive->is_removed())
        found.push_back(std::move(alive));
  return found;
}

void PosixVolumeState::move_live(const std::string& from, const std::string& to) {
  const auto moving = live_within(from);
  std::lock_guard lock(live_mutex_);
  for (const auto& file : moving) {
    const auto [first, last] = live_.equal_range(file->path());
    const auto at = std::find_if(first, last, [&](const auto& entry) { return entry.second == file.get(); });
    if (at == last) continue;
    live_.erase(at);
    file->set_path(to + file->path().substr(from.size()));
    live_.emplace(file->path(), file.get());
  }
}

Result<void> PosixVolumeState::sync_directory(const std::string& directory) {
  LEAT_TRY(DescriptorSlot slot, reserve());
  const auto covered = ledger.in(directory);
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return posix_error(errno, "open", directory);
  const Descriptor open(fd, directory, std::move(slot));
  directory_syncs.fetch_add(1, std::memory_order_relaxed);
  while (::fsync(fd) != 0)
    if (errno != EINTR) return posix_error(errno, "fsync", directory);
  ledger.synced(covered);
  return {};
}

PosixVolumeState::LockedDirectory::~LockedDirectory() {
  if (descriptor >= 0) ::close(descriptor);
}

std::shared_ptr<PosixVolumeState::LockedDirectory> PosixVolumeState::add_locked(const std::string& directory) {
  auto added = std::make_shared<LockedDirectory>();
  added->path = directory;
  if (options.prefer_syncfs && syncfs_reports_errors())
    added->descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::lock_guard lock(locked_mutex_);
  locked_.push_back(added);
  return added;
}

void PosixVolumeState::remove_locked(const LockedDirectory* directory) {
  std::lock_guard lock(locked_mutex_);
  std::erase_if(locked_, [&](const auto& entry) { return entry.get() == directory; });
}

std::vector<std::shared_ptr<PosixVolumeState::LockedDirectory>> PosixVolumeState::locked() const {
  std::lock_guard lock(locked_mutex_);
  return locked_;
}

std::optional<Error> PosixVolumeState::failure_above(const std::string& path) const {
  std::lock_guard lock(locked_mutex_);
  for (const auto& directory : locked_)
    if (directory->failure && is_within(path, directory->path)) return directory->failure;
  return std::nullopt;
}

void PosixVolumeState::fail_directory(LockedDirectory& directory, const Error& error) {
  {
    std::lock_guard lock(locked_mutex_);
    if (!directory.failure) directory.failure = error;
  }
  for (const auto& file : live_within(directory.path)) file->fail(error);
}

}  // namespace leat::io
