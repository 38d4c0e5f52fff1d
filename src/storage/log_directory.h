#pragma once

#include <leat/result.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/entropy.h"
#include "base/executor.h"
#include "base/types.h"
#include "io/volume.h"
#include "log/log.h"
#include "storage/meta_properties.h"

namespace leat::storage {

/// A partition's log as it lies in the directory.
struct LoadedLog {
  TopicPartition partition;
  Uuid topic_id;  ///< from partition.metadata; zero when missing
  std::unique_ptr<log::Log> log;
  Offset high_watermark = 0;  ///< from the checkpoint, clamped to [log start, durable end]
};

using SettingsOf = std::function<log::LogSettings(const TopicPartition&, const Uuid& topic_id)>;

/// One directory of `log.dirs`: its lock, identity, checkpoints and clean-shutdown marker; loads and
/// creates the logs in it. Does not own the logs: partitions do. Safe from any thread.
class LogDirectory {
 public:
  struct Options {
    std::string path;
    int recovery_threads = 2;
  };
  /// Locks and reads the identity. A directory that is empty (or that an interrupted format left) has
  /// no identity yet: `meta()` is nullopt and the caller formats. Any other directory without
  /// meta.properties, or with foreign sub-directories (files.md 1.2), is refused with a sentence.
  static Result<std::unique_ptr<LogDirectory>> open(io::Volume& volume, const Clock& clock, Options options,
                                                    const Diagnostics& diagnostics);
  const std::optional<MetaProperties>& meta() const;
  /// Writes meta.properties; the last step of a format.
  Result<void> format(MetaProperties meta);

  /// The broker epoch in the clean-shutdown marker, nullopt when there was none. The marker is removed
  /// by load().
  std::optional<std::int64_t> clean_broker_epoch() const;
  /// Loads every partition directory but `__cluster_metadata-0`, in parallel on `workers`, with progress.
  Result<std::vector<LoadedLog>> load(Executor& workers, const SettingsOf& settings);
  /// A new partition: directory, partition.metadata, empty log. Nothing is synced: the sync that makes its
  /// first batch durable covers all of it, and before that the metadata would have it made again. What a failure
  /// leaves is removed, if the disk lets it be.
  Result<LoadedLog> create(const TopicPartition& partition, const Uuid& topic_id, log::LogSettings settings);
  /// Whether something of this name is there.
  Result<bool> holds(const TopicPartition& partition) const;
  /// Renames to `-delete` at once; `purge_deleted` removes them.
  Result<void> remove(const TopicPartition& partition, Entropy& entropy);
  Result<void> rename_stray(const TopicPartition& partition, Entropy& entropy);
  Result<void> purge_deleted();

  struct Checkpoint {
    Offset recovery_point = 0;
    Offset log_start = 0;
    bool log_start_in_segment = false;  ///< log start above the first segment's base
    Offset high_watermark = 0;
  };
  /// Replaces the three checkpoint files.
  Result<void> write_checkpoints(const std::map<TopicPartition, Checkpoint>& all);
  /// Only `log-start-offset-checkpoint`: of logs whose start is above their first segment's base.
  Result<void> write_log_starts(const std::map<TopicPartition, Offset>& all);
  /// Only `replication-offset-checkpoint`.
  Result<void> write_high_watermarks(const std::map<TopicPartition, Offset>& all);
  /// `.kafka_cleanshutdown`; after every log has closed and the checkpoints are written.
  Result<void> mark_clean(std::int64_t broker_epoch);
  const std::string& path() const;

 private:
  struct Core;
  explicit LogDirectory(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace leat::storage
