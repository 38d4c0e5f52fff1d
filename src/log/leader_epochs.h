#pragma once

#include <leat/result.h>

#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "io/volume.h"

namespace leat::log {

struct EpochStart {
  LeaderEpoch epoch = 0;
  Offset start = 0;
  friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

struct EpochEnd {
  LeaderEpoch epoch = no_epoch;
  Offset end = no_offset;
};

/// Which leader epoch begins at which offset (`leader-epoch-checkpoint`, files.md 9). Epochs and starts
/// both strictly rise. Used under the log owner's lock.
class LeaderEpochs {
 public:
  static Result<LeaderEpochs> load(io::Volume& volume, std::string path);

  /// Adds (epoch, start) if the epoch is newer than the latest; entries at or above `start` go. The file
  /// follows by flush(), or by stage() and install(): until the recovery point passes an epoch's batches,
  /// recovery would find the epoch in them.
  void assign(LeaderEpoch epoch, Offset start);
  Result<void> truncate_from_end(Offset end);
  /// For opening, in memory: a file that says more than its log holds says nothing wrong of what will be appended,
  /// since the next epoch replaces it.
  void forget_from(Offset end);
  /// Only in memory, as assign(): a file that says more is cut again when the log is opened.
  void truncate_from_start(Offset start);
  /// Writes what assign() left unwritten, durably.
  Result<void> flush();
  /// The same in two steps, so that the syncs of many logs can be shared: stage() writes the new file
  /// beside the old one and returns it to be synced (null: nothing is unwritten), install() puts it in
  /// its place.
  Result<std::shared_ptr<io::File>> stage();
  /// What was assigned since stage() stays unwritten.
  Result<void> install();

  std::optional<LeaderEpoch> latest() const;
  std::optional<LeaderEpoch> epoch_of(Offset offset) const;
  /// OffsetForLeaderEpoch's rule (primitives.md 12).
  EpochEnd end_of(LeaderEpoch epoch, Offset log_end) const;
  const std::vector<EpochStart>& entries() const { return entries_; }

 private:
  std::string text() const;
  io::Volume* volume_ = nullptr;
  std::string path_;
  std::vector<EpochStart> entries_;
  bool unwritten_ = false;
  std::vector<EpochStart> staged_;  ///< what the new file says
};

}  // namespace leat::log
