#include <set>

#include "base/errors.h"
#include "broker/partitions.h"

/// What deletes records. A log's start is on disk before its files go: after a power loss files may have their names
/// back, and what was deleted must not come back with them.
namespace leat::broker {

Result<void> Partitions::checkpoint_log_starts(std::size_t directory) {
  std::map<TopicPartition, Offset> all;
  for (const auto& partition : in_directory(directory))
    if (const auto start = partition->log_start_in_segment()) all[partition->id()] = *start;
  return directories_[directory].files->write_log_starts(all);
}

void Partitions::checkpoint_log_starts() {
  for_each_directory("writing the log starts", [this](std::size_t directory) { return checkpoint_log_starts(directory); });
}

void Partitions::retain() {
  for_each_directory("deleting old records", [this](std::size_t directory) { return retain(directory); });
}

Result<void> Partitions::retain(std::size_t directory) {
  Result<void> outcome;
  std::vector<PartitionPtr> shorter;
  for (const auto& partition : in_directory(directory)) {
    const auto moved = partition->retain();
    if (!moved) outcome = wrap(moved.error(), partition->id().to_string());
    else if (*moved) shorter.push_back(partition);
  }
  if (shorter.empty()) return outcome;
  LEAT_CHECK(checkpoint_log_starts(directory));
  for (const auto& partition : shorter)
    if (auto dropped = partition->drop_unreachable(); !dropped) outcome = dropped;
  return outcome;
}

void Partitions::delete_records(std::vector<Deletion>& deletions) {
  std::lock_guard lock(changing_);
  std::set<std::size_t> directories;
  for (Deletion& deletion : deletions) {
    const auto at = directory_of_.find(deletion.partition->id());
    if (closed_ || at == directory_of_.end()) {
      deletion.result = {.error = Errc::not_leader_or_follower};
      continue;
    }
    deletion.result = deletion.partition->delete_records(deletion.offset);
    if (deletion.result.error == Errc::none) directories.insert(at->second);
  }
  for (const std::size_t directory : directories) {
    const auto written = checkpoint_log_starts(directory);
    for (Deletion& deletion : deletions) {
      const auto at = directory_of_.find(deletion.partition->id());
      if (deletion.result.error != Errc::none || at->second != directory) continue;
      const auto dropped = written ? deletion.partition->drop_unreachable() : written;
      if (dropped) continue;
      environment_.diagnostics.say(LogLevel::error, "deleting records of " + deletion.partition->id().to_string() +
                                                        ": " + dropped.error().to_string());
      deletion.result = {.error = Errc::kafka_storage_error};
    }
  }
}

}  // namespace leat::broker
