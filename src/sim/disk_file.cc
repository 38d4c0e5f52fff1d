#include "sim/disk_file.h"

#include "base/errors.h"

namespace leat::sim {

DiskFile::DiskFile(std::shared_ptr<DiskState> disk, std::shared_ptr<Node> node, std::string path,
                   bool writable)
    : disk_(std::move(disk)),
      node_(std::move(node)),
      writable_(writable),
      process_(disk_->process),
      paths_{std::move(path)} {}

Result<std::size_t> DiskFile::read_at(std::uint64_t position, std::span<std::byte> out) const {
  std::lock_guard lock(disk_->mutex);
  LEAT_CHECK(check_usable(false));
  LEAT_CHECK(disk_->begin_call("read", path_locked()));
  return node_->content.read(position, out);
}

Result<void> DiskFile::write_at(std::uint64_t position, Bytes bytes) {
  std::lock_guard lock(disk_->mutex);
  LEAT_CHECK(check_usable(true));
  if (auto ok = disk_->begin_call("write", path_locked()); !ok) {
    // Any part of it may have been written, unless the machine is gone.
    if (!disk_->is_off && !bytes.empty())
      node_->content.write(position, bytes.subspan(0, disk_->entropy.below(bytes.size())).span());
    return fail(std::move(ok).error());
  }
  ++disk_->counters.writes;
  node_->content.write(position, bytes.span());
  node_->modified = disk_->wall_ms();
  mark_written();
  return {};
}

Result<void> DiskFile::truncate(std::uint64_t size) {
  std::lock_guard lock(disk_->mutex);
  LEAT_CHECK(check_usable(true));
  if (auto ok = disk_->begin_call("truncate", path_locked()); !ok) return fail(std::move(ok).error());
  ++disk_->counters.writes;
  node_->content.truncate(size);
  node_->modified = disk_->wall_ms();
  mark_written();
  return {};
}

Result<std::uint64_t> DiskFile::size() const {
  std::lock_guard lock(disk_->mutex);
  LEAT_CHECK(check_usable(false));
  return node_->content.size();
}

Result<FileSlice> DiskFile::slice(std::uint64_t position, std::size_t length) const {
  std::lock_guard lock(disk_->mutex);
  LEAT_CHECK(check_usable(false));
  return FileSlice{shared_from_this(), position, length};
}

Result<void> DiskFile::sync() {
  std::lock_guard lock(disk_->mutex);
  LEAT_CHECK(check_usable(false));
  if (failure_) return wrap(*failure_, "failed before");
  const auto snapshot = node_->content.snapshot();
  if (auto ok = disk_->begin_call("fdatasync", path_locked()); !ok) {
    if (!disk_->is_off) node_->content.fail(snapshot);
    return fail(std::move(ok).error());
  }
  node_->content.complete(snapshot);
  mark_synced(writes_);
  ++disk_->counters.syncs;
  return {};
}

Result<void> DiskFile::drop_cached(std::uint64_t position) {
  std::lock_guard lock(disk_->mutex);
  LEAT_CHECK(check_usable(false));
  node_->content.drop_cached(position, disk_->entropy);
  return {};
}

const std::string& DiskFile::path() const {
  std::lock_guard lock(disk_->mutex);
  return path_locked();
}

const std::string& DiskFile::path_locked() const {
  // A node knows its name only; the start of the path, "/" or not, is how the file was opened.
  std::vector<std::string> parts;
  auto node = node_;
  for (auto folder = node->parent.lock(); folder; folder = node->parent.lock()) {
    parts.push_back(node->name);
    node = folder;
  }
  if (node != disk_->root) return paths_.back();  // removed: as it was called last
  std::string now;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!now.empty() || paths_.front().starts_with('/')) now.push_back('/');
    now.append(*part);
  }
  if (now != paths_.back()) paths_.push_back(std::move(now));
  return paths_.back();
}

Error DiskFile::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
  return *failure_;
}

Result<void> DiskFile::check_usable(bool for_writing) const {
  if (process_ != disk_->process)
    return Error{Errc::closed, paths_.back() + " was opened in an earlier life of the disk"};
  if (!for_writing) return {};
  if (!writable_) return Error{Errc::invalid_argument, paths_.back() + " is open for reading only"};
  if (failure_) return wrap(*failure_, "failed before");
  return {};
}

}  // namespace leat::sim
