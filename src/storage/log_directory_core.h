#pragma once

#include <mutex>

#include "storage/log_directory.h"

namespace leat::storage {

inline constexpr std::string_view metadata_name = "__cluster_metadata-0";
inline constexpr std::string_view identity_name = "meta.properties";
inline constexpr std::string_view marker_name = ".kafka_cleanshutdown";
inline constexpr std::string_view recovery_point_name = "recovery-point-offset-checkpoint";
inline constexpr std::string_view log_start_name = "log-start-offset-checkpoint";
inline constexpr std::string_view high_watermark_name = "replication-offset-checkpoint";

/// Whether a directory of this name may lie in a log directory (files.md 1.2).
bool is_known_directory(std::string_view name);

/// The state behind LogDirectory; loading lies in log_directory_load.cc.
struct LogDirectory::Core {
  Core(io::Volume& volume_, const Clock& clock_, Options options_, Diagnostics diagnostics_)
      : volume(volume_), clock(clock_), options(std::move(options_)), diagnostics(std::move(diagnostics_)) {}

  io::Volume& volume;
  const Clock& clock;
  const Options options;
  const Diagnostics diagnostics;
  std::unique_ptr<io::DirectoryLock> lock;
  std::optional<MetaProperties> meta;
  std::optional<std::int64_t> clean_epoch;

  std::mutex checkpoint_mutex;  ///< one writer of a checkpoint file's ".tmp" at a time
  std::mutex mutex;
  std::vector<std::string> deleted;  ///< renamed, not removed yet; under `mutex`

  using Offsets = std::map<TopicPartition, Offset>;

  std::string path_of(std::string_view name) const { return options.path + "/" + std::string(name); }
  Result<void> check_contents() const;
  Result<void> read_identity();
  Result<std::unique_ptr<log::Log>> create(const std::string& directory, const Uuid& topic_id,
                                           log::LogSettings settings);
  Result<std::string> retire(const TopicPartition& partition, std::string_view ending, Entropy& entropy);
  Result<void> write_checkpoint(std::string_view name, const std::vector<std::string>& lines);
  Result<Offsets> read_checkpoint(std::string_view name) const;
  /// The partitions to be loaded; what was left by deletions goes.
  Result<std::vector<TopicPartition>> find_partitions();
  /// From partition.metadata; zero when that is missing or torn. Durable when it returns.
  Result<Uuid> read_topic_id(const std::string& directory, bool is_durable) const;
};

}  // namespace leat::storage
