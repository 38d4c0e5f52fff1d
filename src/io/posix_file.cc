#include "io/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/errors.h"
#include "io/posix_error.h"
#include "io/posix_volume_state.h"

namespace leat::io {

PosixFile::PosixFile(std::shared_ptr<PosixVolumeState> volume, std::string path, bool writable,
                     Identity identity, std::shared_ptr<const Descriptor> descriptor)
    : volume_(std::move(volume)),
      writable_(writable),
      identity_(identity),
      paths_{std::move(path)},
      path_(&paths_.front()),
      last_used_(volume_->age()),
      descriptor_(std::move(descriptor)) {}

PosixFile::~PosixFile() { volume_->forget(*this); }

Result<std::size_t> PosixFile::read_at(std::uint64_t position, std::span<std::byte> out) const {
  LEAT_TRY(const auto open, use());
  return open->read_at(position, out);
}

bool PosixFile::is_resident(std::uint64_t position, std::size_t length) const {
  std::unique_lock lock(mutex_);
  const auto open = descriptor_;  // not use(): opening may block
  lock.unlock();
  return open && open->is_resident(position, length);
}

void PosixFile::read_ahead(std::uint64_t position, std::size_t length) const {
  if (const auto open = use()) (*open)->read_ahead(position, length);
}

Result<void> PosixFile::write_at(std::uint64_t position, Bytes bytes) {
  LEAT_CHECK(check_writable());
  LEAT_TRY(const auto open, use());
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t put = ::pwrite(open->descriptor(), bytes.data() + done, bytes.size() - done,
                                 static_cast<off_t>(position + done));
    if (put >= 0)
      done += static_cast<std::size_t>(put);
    else if (errno != EINTR)
      return fail(posix_error(errno, "write", path()));
  }
  // After the write, so that a sync which covers this number covers the bytes; before the descriptor is
  // let go, so that it is not closed in between.
  mark_written();
  return {};
}

Result<void> PosixFile::truncate(std::uint64_t size) {
  LEAT_CHECK(check_writable());
  LEAT_TRY(const auto open, use());
  while (::ftruncate(open->descriptor(), static_cast<off_t>(size)) != 0)
    if (errno != EINTR) return fail(posix_error(errno, "truncate", path()));
  mark_written();
  return {};
}

Result<std::uint64_t> PosixFile::size() const {
  LEAT_TRY(const auto open, use());
  struct stat status;
  if (::fstat(open->descriptor(), &status) != 0) return posix_error(errno, "fstat", path());
  return static_cast<std::uint64_t>(status.st_size);
}

Result<FileSlice> PosixFile::slice(std::uint64_t position, std::size_t length) const {
  LEAT_TRY(auto open, use());
  return FileSlice{std::move(open), position, length};
}

Result<void> PosixFile::sync() {
  LEAT_CHECK(check_not_failed());
  LEAT_TRY(const auto open, use());
  const std::uint64_t covered = writes();
  volume_->file_syncs.fetch_add(1, std::memory_order_relaxed);
  while (::fdatasync(open->descriptor()) != 0)
    if (errno != EINTR) return fail(posix_error(errno, "fdatasync", path()));
  mark_synced(covered);
  return {};
}

Result<void> PosixFile::drop_cached(std::uint64_t position) {
  LEAT_TRY(const auto open, use());
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  // The kernel drops whole pages only, so the one that `position` is in must be named from its start.
  const int error =
      ::posix_fadvise(open->descriptor(), static_cast<off_t>(position / page * page), 0, POSIX_FADV_DONTNEED);
  if (error != 0) return posix_error(error, "fadvise", path());
  return {};
}

Result<std::shared_ptr<const Descriptor>> PosixFile::use() const {
  last_used_.store(volume_->age(), std::memory_order_relaxed);
  {
    std::lock_guard lock(mutex_);
    if (descriptor_) return descriptor_;
    if (removed_) return Error{Errc::not_found, path() + " has been removed"};
  }
  return reopen();
}

Result<std::shared_ptr<const Descriptor>> PosixFile::reopen() const {
  LEAT_TRY(DescriptorSlot slot, volume_->reserve());
  std::shared_ptr<const Descriptor> fresh;
  {
    const auto names = volume_->names_stand_still();
    const int fd = ::open(path().c_str(), (writable_ ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0) return posix_error(errno, "open", path());
    fresh = std::make_shared<const Descriptor>(fd, path(), std::move(slot));
    struct stat status;
    if (::fstat(fd, &status) != 0) return posix_error(errno, "fstat", path());
    if (identity_ != Identity{status.st_dev, status.st_ino})
      return Error{Errc::io_error, path() + " has been replaced by something else than this process"};
  }
  return volume_->install(*this, std::move(fresh));
}

void PosixFile::mark_synced(std::uint64_t writes) {
  std::uint64_t before = synced_.load();
  while (before < writes && !synced_.compare_exchange_weak(before, writes)) {
  }
}

Error PosixFile::fail(Error error) {
  std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(error);
  has_failed_.store(true);
  return *failure_;
}

Result<void> PosixFile::check_not_failed() const {
  if (!has_failed_.load()) return {};
  std::lock_guard lock(mutex_);
  return wrap(*failure_, "failed before");
}

Result<void> PosixFile::check_writable() const {
  if (!writable_) return Error{Errc::invalid_argument, path() + " is open for reading only"};
  return check_not_failed();
}

bool PosixFile::is_idle() const {
  std::lock_guard lock(mutex_);
  return is_idle_locked();
}

std::shared_ptr<const Descriptor> PosixFile::evict() {
  std::lock_guard lock(mutex_);
  // Nothing more is promised for a failed file, so its descriptor keeps no secret.
  if (!is_idle_locked() || (has_unsynced_writes() && !has_failed_.load())) return nullptr;
  return std::move(descriptor_);
}

void PosixFile::set_removed(bool removed) {
  std::lock_guard lock(mutex_);
  removed_ = removed;
}

bool PosixFile::is_removed() const {
  std::lock_guard lock(mutex_);
  return removed_;
}

void PosixFile::set_path(std::string path) {
  paths_.push_back(std::move(path));
  path_.store(&paths_.back(), std::memory_order_release);
}

}  // namespace leat::io
