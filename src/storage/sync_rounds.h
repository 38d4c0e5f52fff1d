#pragma once

#include <leat/result.h>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/types.h"
#include "io/volume.h"

namespace leat::storage {

/// A log that can be made durable: what a sync round needs of it.
class Syncable {
 public:
  virtual ~Syncable() = default;
  /// What a round covers of a log.
  struct Mark {
    Offset end = 0;          ///< log end at the moment of asking
    std::uint64_t cuts = 0;  ///< how often the log had been cut by then: what lies below `end` may be other bytes later
  };
  struct Pending {
    Mark mark;
    std::vector<std::shared_ptr<io::File>> files;
  };
  /// Asked as a round begins; everything below the mark's end must be in `files` or durable already.
  virtual Pending begin_sync() = 0;
  /// The round that began with `mark` completed or failed. Called on an executor, under no lock.
  virtual void end_sync(const Mark& mark, const Result<void>& outcome) = 0;
};

/// Group commit of one log directory. One round is in flight at a time; a round covers every append
/// that finished before it began, of all logs that asked; those that ask meanwhile share the next.
/// Failure is per round: each log in it is told and must stop (L6). Safe from any thread.
class SyncRounds {
 public:
  explicit SyncRounds(io::Volume& volume);
  /// Has `log` in the next round. Cheap when it is in already. `bytes` are what it appended. A round may
  /// begin inside, which asks logs for their files: not to be called under a lock that begin_sync takes.
  void request(std::shared_ptr<Syncable> log, std::size_t bytes);
  /// Bytes appended and not yet covered by a completed round; Produce is not read above a cap.
  std::size_t unsynced_bytes() const;
  /// Called (from an executor) each time a round has ended; for those who wait for unsynced bytes to fall.
  void on_round_end(std::function<void()> listener);

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace leat::storage
