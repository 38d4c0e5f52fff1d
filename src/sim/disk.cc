#include "sim/disk.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/errors.h"
#include "io/path.h"
#include "sim/disk_file.h"
#include "sim/disk_state.h"

namespace leat::sim {

namespace {

/// In this process only: another one would have another Disk.
class HeldLock : public io::DirectoryLock {
 public:
  HeldLock(std::shared_ptr<DiskState> disk, std::shared_ptr<Node> directory)
      : disk_(std::move(disk)), directory_(std::move(directory)), process_(disk_->process) {}
  ~HeldLock() override {
    std::lock_guard lock(disk_->mutex);
    if (process_ != disk_->process) return;
    disk_->locked.erase(directory_);
    directory_->unlink(".lock");
  }

 private:
  const std::shared_ptr<DiskState> disk_;
  const std::shared_ptr<Node> directory_;
  const std::uint64_t process_;
};

Result<void> check_replaceable(const Node& moved, const std::shared_ptr<Node>& replaced,
                               const std::string& from) {
  if (!replaced) return {};
  if (moved.is_directory != replaced->is_directory)
    return disk_error(Errc::io_error, "rename", from, "a file and a directory do not replace each other");
  if (!replaced->seen.empty()) return disk_error(Errc::io_error, "rename", from, "directory not empty");
  return {};
}

}  // namespace

Disk::Disk(Executor& executor, DiskOptions options)
    : state_(std::make_shared<DiskState>(executor, options)) {}

Disk::~Disk() {
  // Syncs that nobody will complete hold on to files, which hold on to the state.
  std::unique_lock lock(state_->mutex);
  const auto dropped = std::exchange(state_->held, {});
  lock.unlock();
}

Result<std::shared_ptr<io::File>> Disk::open(const std::string& path, io::OpenMode mode) {
  std::lock_guard lock(state_->mutex);
  LEAT_CHECK(state_->begin_call("open", path));
  LEAT_TRY(const auto folder, state_->folder_of("open", path));
  const std::string name = io::normal_path(path);
  const bool creates = mode == io::OpenMode::create || mode == io::OpenMode::create_truncate;
  auto node = state_->find(name);
  if (!node && !creates) return disk_error(Errc::not_found, "open", path, "no such file");
  if (node && node->is_directory) return disk_error(Errc::io_error, "open", path, "is a directory");
  const bool empties = node && mode == io::OpenMode::create_truncate;
  if (!node) {
    node = state_->make_node(false);
    folder->link(std::string(io::file_name(name)), node);
  }
  auto file = std::make_shared<DiskFile>(state_, node, name, mode != io::OpenMode::read);
  if (empties) {
    node->content.truncate(0);
    file->mark_written();
  }
  return std::shared_ptr<io::File>(std::move(file));
}

void Disk::sync(std::vector<std::shared_ptr<io::File>> files, io::SyncDone done) {
  std::lock_guard lock(state_->mutex);
  ++state_->counters.sync_calls;
  auto sync = std::make_shared<PendingSync>();
  sync->done = std::move(done);
  sync->process = state_->process;
  std::vector<std::shared_ptr<DiskFile>> distinct;
  for (const auto& file : files) {
    auto ours = std::dynamic_pointer_cast<DiskFile>(file);
    LEAT_ASSERT(ours && ours->belongs_to(*state_), "a file of another volume");
    if (std::ranges::find(distinct, ours) == distinct.end()) distinct.push_back(std::move(ours));
  }
  for (const auto& file : distinct) {
    if (auto ok = file->check_usable(true); !ok && ok.error().code != Errc::invalid_argument) {
      sync->failure = ok.error();
      continue;
    }
    for (auto& node : file->node().new_names())
      if (std::ranges::find(sync->new_names, node) == sync->new_names.end())
        sync->new_names.push_back(std::move(node));
    if (!file->has_unsynced_writes()) continue;
    PendingSync::Part part{.file = file, .snapshot = file->node().content.snapshot(), .writes = file->writes(), .failure = {}};
    if (auto ok = state_->begin_call("fdatasync", file->path_locked()); !ok)
      sync->failure = part.failure = ok.error();
    sync->parts.push_back(std::move(part));
  }
  if (!sync->new_names.empty())
    if (auto ok = state_->begin_call("fsync", "new names"); !ok) {
      sync->failure = ok.error();
      for (const auto& file : distinct) file->fail(ok.error());
    }
  if (state_->holds_syncs)
    state_->held.push_back(std::move(sync));
  else
    state_->schedule(std::move(sync), false);
}

Result<void> Disk::sync_directory(const std::string& directory) {
  std::lock_guard lock(state_->mutex);
  LEAT_CHECK(state_->begin_call("sync_directory", directory));
  const auto node = state_->find(directory);
  if (!node) return disk_error(Errc::not_found, "sync_directory", directory, "no such directory");
  ++state_->counters.directory_syncs;
  node->keep_entries();
  return {};
}

Result<std::vector<io::DirectoryEntry>> Disk::list(const std::string& directory) {
  std::lock_guard lock(state_->mutex);
  LEAT_CHECK(state_->begin_call("list", directory));
  const auto node = state_->find(directory);
  if (!node) return disk_error(Errc::not_found, "list", directory, "no such directory");
  if (!node->is_directory) return disk_error(Errc::io_error, "list", directory, "not a directory");
  std::vector<io::DirectoryEntry> entries;
  for (const auto& [name, child] : node->seen) entries.push_back({name, child->is_directory});
  return entries;
}

Result<bool> Disk::exists(const std::string& path) {
  std::lock_guard lock(state_->mutex);
  if (state_->is_off) return disk_error(Errc::io_error, "stat", path, "the power is off");
  return state_->find(path) != nullptr;
}

Result<void> Disk::create_directories(const std::string& directory) {
  std::lock_guard lock(state_->mutex);
  LEAT_CHECK(state_->begin_call("mkdir", directory));
  const std::string name = io::normal_path(directory);
  for (std::size_t end = 0; end != std::string::npos;) {
    end = name.find('/', end + 1);
    const std::string path = name.substr(0, end);
    const auto node = state_->find(path);
    if (node && !node->is_directory) return disk_error(Errc::io_error, "mkdir", path, "not a directory");
    if (node) continue;
    LEAT_TRY(const auto folder, state_->folder_of("mkdir", path));
    folder->link(std::string(io::file_name(path)), state_->make_node(true));
  }
  return {};
}

Result<void> Disk::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(state_->mutex);
  LEAT_CHECK(state_->begin_call("rename", from));
  const std::string old_name = io::normal_path(from), new_name = io::normal_path(to);
  const auto node = state_->find(old_name);
  if (!node) return disk_error(Errc::not_found, "rename", from, "no such file or directory");
  if (old_name == new_name) return {};
  if (io::is_within(new_name, old_name))
    return disk_error(Errc::io_error, "rename", from, "a directory cannot be moved into itself");
  LEAT_TRY(const auto old_folder, state_->folder_of("rename", old_name));
  LEAT_TRY(const auto new_folder, state_->folder_of("rename", new_name));
  LEAT_CHECK(check_replaceable(*node, state_->find(new_name), from));
  old_folder->unlink(std::string(io::file_name(old_name)));
  new_folder->link(std::string(io::file_name(new_name)), node);
  node->name_is_new = true;
  return {};
}

Result<void> Disk::remove(const std::string& path) {
  std::lock_guard lock(state_->mutex);
  LEAT_CHECK(state_->begin_call("remove", path));
  const auto node = state_->find(path);
  if (!node) return disk_error(Errc::not_found, "remove", path, "no such file or directory");
  if (!node->seen.empty()) return disk_error(Errc::io_error, "remove", path, "directory not empty");
  LEAT_TRY(const auto folder, state_->folder_of("remove", path));
  folder->unlink(node->name);
  return {};
}

Result<void> Disk::remove_all(const std::string& directory) {
  std::lock_guard lock(state_->mutex);
  LEAT_CHECK(state_->begin_call("remove_all", directory));
  const auto node = state_->find(directory);
  if (!node) return {};
  LEAT_TRY(const auto folder, state_->folder_of("remove_all", directory));
  folder->unlink(node->name);
  return {};
}

Result<TimestampMs> Disk::modified_at(const std::string& path) {
  std::lock_guard lock(state_->mutex);
  if (state_->is_off) return disk_error(Errc::io_error, "stat", path, "the power is off");
  const auto node = state_->find(path);
  if (!node) return disk_error(Errc::not_found, "stat", path, "no such file or directory");
  return node->modified;
}

Result<std::unique_ptr<io::DirectoryLock>> Disk::lock(const std::string& directory) {
  std::lock_guard lock(state_->mutex);
  LEAT_CHECK(state_->begin_call("lock", directory));
  const auto node = state_->find(directory);
  if (!node || !node->is_directory)
    return disk_error(Errc::not_found, "lock", directory, "no such directory");
  const std::string pid = std::to_string(state_->options.pid);
  if (!state_->locked.insert(node).second)
    return Error{Errc::in_use, directory + "/.lock is locked by pid " + pid};
  const auto file = state_->make_node(false);
  file->content.write(0, Bytes(pid + "\n").span());
  node->link(".lock", file);
  return std::unique_ptr<io::DirectoryLock>(std::make_unique<HeldLock>(state_, node));
}

void Disk::power_cycle() {
  std::lock_guard lock(state_->mutex);
  state_->start_new_process();
  state_->root->lose_power(state_->entropy);
}

void Disk::kill_process() {
  std::lock_guard lock(state_->mutex);
  state_->start_new_process();
}

void Disk::hold_syncs() {
  std::lock_guard lock(state_->mutex);
  state_->holds_syncs = true;
}

void Disk::release_syncs() {
  std::lock_guard lock(state_->mutex);
  state_->holds_syncs = false;
  for (auto& sync : state_->held) state_->schedule(std::move(sync), true);
  state_->held.clear();
}

bool Disk::complete_one_sync() {
  std::lock_guard lock(state_->mutex);
  if (state_->held.empty()) return false;
  state_->schedule(std::move(state_->held.front()), true);
  state_->held.pop_front();
  return true;
}

std::size_t Disk::held_syncs() const {
  std::lock_guard lock(state_->mutex);
  return state_->held.size();
}

void Disk::fail_nth(std::uint64_t n, Errc code) {
  std::lock_guard lock(state_->mutex);
  state_->fail_in = n;
  state_->fail_with = code;
  state_->fault_fired = false;
}

void Disk::crash_at(std::uint64_t n) {
  std::lock_guard lock(state_->mutex);
  state_->crash_in = n;
  state_->fault_fired = false;
}

void Disk::break_below(const std::string& directory, Errc code) {
  std::lock_guard lock(state_->mutex);
  state_->broken = {io::normal_path(directory) + "/", code};
}

void Disk::repair() {
  std::lock_guard lock(state_->mutex);
  state_->broken.reset();
}

bool Disk::fault_fired() const {
  std::lock_guard lock(state_->mutex);
  return state_->fault_fired;
}

void Disk::flip_bits(const std::string& path, std::uint64_t position, std::uint8_t mask) {
  std::lock_guard lock(state_->mutex);
  const auto node = state_->find(path);
  LEAT_ASSERT(node, "no file at " + path);
  node->content.flip_bits(position, std::byte{mask});
}

DiskCounters Disk::counters() const {
  std::lock_guard lock(state_->mutex);
  return state_->counters;
}

}  // namespace leat::sim
