#include "sim/disk_state.h"

#include "io/path.h"
#include "sim/disk_file.h"
#include "sim/scheduler.h"

namespace leat::sim {

DiskState::DiskState(Executor& executor, DiskOptions options)
    : entropy(options.seed), options(options), executor_(executor) {
  root = make_node(true);
  root->name_is_new = false;
}

Result<void> DiskState::begin_call(std::string_view call, const std::string& path) {
  if (crash_in && *crash_in == 0) {
    is_off = true;
    fault_fired = true;
  }
  if (is_off) return disk_error(Errc::io_error, call, path, "the power is off");
  ++counters.calls;
  if (crash_in) --*crash_in;
  if (fail_in > 0 && --fail_in == 0) {
    fault_fired = true;
    return disk_error(fail_with, call, path, "injected fault");
  }
  if (broken && (io::normal_path(path) + "/").starts_with(broken->first))
    return disk_error(broken->second, call, path, "the disk is broken");
  return {};
}

std::shared_ptr<Node> DiskState::find(const std::string& path) const {
  const std::string name = io::normal_path(path);
  std::shared_ptr<Node> node = root;
  std::string_view rest = name;
  if (rest == ".") rest = {};
  while (node) {
    while (rest.starts_with('/')) rest.remove_prefix(1);
    if (rest.empty()) return node;
    const std::string part(rest.substr(0, rest.find('/')));
    rest.remove_prefix(part.size());
    const auto at = node->seen.find(part);
    node = at == node->seen.end() ? nullptr : at->second;
  }
  return nullptr;
}

Result<std::shared_ptr<Node>> DiskState::folder_of(std::string_view call, const std::string& path) const {
  auto folder = find(io::parent_path(io::normal_path(path)));
  if (!folder) return disk_error(Errc::not_found, call, path, "no such directory");
  if (!folder->is_directory) return disk_error(Errc::io_error, call, path, "not a directory");
  return folder;
}

std::shared_ptr<Node> DiskState::make_node(bool is_directory) const {
  auto node = std::make_shared<Node>();
  node->is_directory = is_directory;
  node->modified = wall_ms();
  node->name_is_new = true;
  return node;
}

TimestampMs DiskState::wall_ms() const {
  if (options.clock) return options.clock->wall_ms();
  const auto since_start = executor_.now().time_since_epoch();
  return Scheduler::epoch_ms + std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count();
}

void DiskState::start_new_process() {
  ++process;
  locked.clear();
  for (auto& sync : held) schedule(std::move(sync), true);
  held.clear();
  fail_in = 0;
  crash_in.reset();
  is_off = false;
}

void DiskState::schedule(std::shared_ptr<PendingSync> sync, bool at_once) {
  auto task = [self = shared_from_this(), sync = std::move(sync)] { self->complete(*sync); };
  if (at_once || options.sync_delay_max <= Duration(0))
    executor_.post(std::move(task));
  else
    executor_.at(executor_.now() + Duration(1 + entropy.below(options.sync_delay_max.count())),
                 std::move(task));
}

void DiskState::complete(PendingSync& sync) {
  std::unique_lock lock(mutex);
  const Result<void> result = apply(sync);
  lock.unlock();
  sync.parts.clear();
  const io::SyncDone done = std::move(sync.done);
  done(result);
}

Result<void> DiskState::apply(PendingSync& sync) {
  if (sync.process != process) return Error{Errc::closed, "sync: the files are of an earlier life of the disk"};
  if (is_off) return Error{Errc::io_error, "sync: the power is off"};
  for (PendingSync::Part& part : sync.parts) {
    if (part.failure) {
      part.file->node().content.fail(part.snapshot);
      part.file->fail(*part.failure);
    } else {
      part.file->node().content.complete(part.snapshot);
      part.file->mark_synced(part.writes);
      ++counters.syncs;
    }
  }
  if (sync.failure) return *sync.failure;
  for (const auto& node : sync.new_names) node->keep_name();
  return {};
}

Error disk_error(Errc code, std::string_view call, std::string_view path, std::string_view why) {
  std::string context(call);
  context.append(" of ").append(path).append(": ").append(why);
  return {code, std::move(context)};
}

}  // namespace leat::sim
