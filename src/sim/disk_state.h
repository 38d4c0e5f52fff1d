#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "sim/disk.h"
#include "sim/node.h"

namespace leat::sim {

class DiskFile;

/// One Volume::sync that has not completed.
struct PendingSync {
  struct Part {
    std::shared_ptr<DiskFile> file;
    FileContent::Snapshot snapshot;
    std::uint64_t writes = 0;
    std::optional<Error> failure;
  };
  std::vector<Part> parts;
  std::vector<std::shared_ptr<Node>> new_names;
  std::optional<Error> failure;
  io::SyncDone done;
  std::uint64_t process = 0;
};

/// What a Disk, its files and its locks share. Everything below the mutex needs it held, but for
/// complete().
class DiskState : public std::enable_shared_from_this<DiskState> {
 public:
  DiskState(Executor& executor, DiskOptions options);

  std::mutex mutex;
  SeededEntropy entropy;
  std::shared_ptr<Node> root;
  DiskCounters counters;
  std::set<std::shared_ptr<Node>> locked;
  std::deque<std::shared_ptr<PendingSync>> held;
  bool holds_syncs = false;
  /// Rises with every power cycle and every kill: files of an earlier one are dead.
  std::uint64_t process = 1;

  std::uint64_t fail_in = 0;                  ///< the call that fails, counted down; 0 is none
  Errc fail_with = Errc::io_error;
  std::optional<std::uint64_t> crash_in;      ///< calls until the power fails
  std::optional<std::pair<std::string, Errc>> broken;  ///< what everything below a folder fails with
  bool is_off = false;
  bool fault_fired = false;

  const DiskOptions options;

  /// Every call to the disk starts here: counts it, and fails it if it is its turn.
  Result<void> begin_call(std::string_view call, const std::string& path);
  /// Null when nothing is there.
  std::shared_ptr<Node> find(const std::string& path) const;
  /// The folder that `path` is to be in, or not_found.
  Result<std::shared_ptr<Node>> folder_of(std::string_view call, const std::string& path) const;
  std::shared_ptr<Node> make_node(bool is_directory) const;
  TimestampMs wall_ms() const;
  /// The world after a kill or a power cycle, for the next process.
  void start_new_process();

  /// Completes it after a delay, or at once.
  void schedule(std::shared_ptr<PendingSync> sync, bool at_once);

 private:
  /// From a task of the executor.
  void complete(PendingSync& sync);
  Result<void> apply(PendingSync& sync);

  Executor& executor_;
};

Error disk_error(Errc code, std::string_view call, std::string_view path, std::string_view why);

}  // namespace leat::sim
