#include "io/sync_round.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <set>

#include "base/assert.h"
#include "base/errors.h"
#include "io/path.h"
#include "io/posix_error.h"
#include "io/posix_volume_state.h"

namespace leat::io {

namespace {

using Files = std::vector<std::shared_ptr<PosixFile>>;
using Locked = std::shared_ptr<PosixVolumeState::LockedDirectory>;

/// The outcome that the tasks of a round have in common.
class Outcome {
 public:
  Outcome(std::size_t tasks, SyncDone done) : left_(tasks), done_(std::move(done)) {}

  void note(const Result<void>& result) {
    if (result) return;
    std::lock_guard lock(mutex_);
    if (!error_) error_ = result.error();
  }
  /// One task has ended; the last one answers.
  void finish(const Result<void>& result) {
    note(result);
    if (left_.fetch_sub(1) != 1) return;
    if (error_)
      done_(*error_);
    else
      done_({});
  }

 private:
  std::atomic<std::size_t> left_;
  SyncDone done_;
  std::mutex mutex_;
  std::optional<Error> error_;
};

/// A folder that has been renamed since the round began is looked for this often.
constexpr int renames_followed = 8;

Result<void> sync_directories_of(PosixVolumeState& volume, const Files& files) {
  std::set<std::string> directories;
  for (const auto& file : files) volume.ledger.collect_parents(file->path(), directories);
  for (const std::string& directory : directories) LEAT_CHECK(volume.sync_directory(directory));
  return {};
}

/// When a folder's new names do not become durable, neither do the files that they name.
Result<void> sync_names(PosixVolumeState& volume, const std::string& directory, const Files& files) {
  auto result = volume.sync_directory(directory);
  for (int i = 0; i < renames_followed && !result && result.error().code == Errc::not_found; ++i)
    result = sync_directories_of(volume, files);
  if (!result)
    for (const auto& file : files)
      if (is_within(file->path(), directory)) file->fail(result.error());
  return result;
}

Result<void> sync_file_system(PosixVolumeState& volume, const Locked& directory, const Files& files) {
  std::vector<std::uint64_t> covered;
  for (const auto& file : files) covered.push_back(file->writes());
  const auto names = volume.ledger.within(directory->path);
  volume.file_system_syncs.fetch_add(1, std::memory_order_relaxed);
  while (::syncfs(directory->descriptor) != 0) {
    if (errno == EINTR) continue;
    Error error = posix_error(errno, "syncfs", directory->path);
    volume.fail_directory(*directory, error);
    return error;
  }
  for (std::size_t i = 0; i < files.size(); ++i) files[i]->mark_synced(covered[i]);
  volume.ledger.synced(names);
  return {};
}

/// Takes out of `dirty` and `directories` what one syncfs of `locked` will cover, if that is worth it.
Files take_for_syncfs(const PosixVolumeState& volume, const Locked& locked, Files& dirty,
                      std::set<std::string>& directories) {
  if (locked->descriptor < 0) return {};
  const auto below =
      std::ranges::partition(dirty, [&](const auto& file) { return !is_within(file->path(), locked->path); });
  if (below.size() <= volume.options.syncfs_above) return {};
  Files taken(below.begin(), below.end());
  dirty.erase(below.begin(), below.end());
  std::erase_if(directories, [&](const std::string& directory) { return is_within(directory, locked->path); });
  return taken;
}

}  // namespace

void start_sync_round(const std::shared_ptr<PosixVolumeState>& volume, Executor& blocking,
                      const std::vector<std::shared_ptr<File>>& files, SyncDone done) {
  Files named;
  for (const auto& file : files) {
    auto ours = std::dynamic_pointer_cast<PosixFile>(file);
    LEAT_ASSERT(ours, "a file of another volume");
    named.push_back(std::move(ours));
  }
  std::ranges::sort(named);
  named.erase(std::ranges::unique(named).begin(), named.end());

  Result<void> failed_before;
  Files dirty;
  std::set<std::string> directories;
  for (const auto& file : named) {
    if (auto ok = file->check_not_failed(); !ok)
      failed_before = std::move(ok);
    else if (file->has_unsynced_writes())
      dirty.push_back(file);
    volume->ledger.collect_parents(file->path(), directories);
  }

  std::vector<std::move_only_function<Result<void>()>> calls;
  for (const Locked& locked : volume->locked())
    if (Files taken = take_for_syncfs(*volume, locked, dirty, directories); !taken.empty())
      calls.push_back([volume, locked, taken = std::move(taken)] {
        return sync_file_system(*volume, locked, taken);
      });
  for (const auto& file : dirty) calls.push_back([file] { return file->sync(); });
  for (const std::string& directory : directories)
    calls.push_back([volume, directory, named] { return sync_names(*volume, directory, named); });
  if (calls.empty()) calls.push_back([] { return Result<void>(); });

  const auto outcome = std::make_shared<Outcome>(calls.size(), std::move(done));
  outcome->note(failed_before);
  for (auto& call : calls)
    blocking.post([outcome, call = std::move(call)]() mutable {
      const Result<void> result = call();
      call = {};  // lets go of the files before the answer
      outcome->finish(result);
    });
}

}  // namespace leat::io
