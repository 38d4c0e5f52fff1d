#include "storage/log_directory.h"

#include <algorithm>
#include <set>

#include "base/errors.h"
#include "io/path.h"
#include "log/checkpoint_text.h"
#include "storage/log_directory_core.h"
#include "storage/meta_properties.h"
#include "storage/partition_name.h"

namespace leat::storage {
namespace {

Error refused(std::string sentence) { return Error{Errc::invalid_argument, std::move(sentence)}; }

std::string checkpoint_line(const TopicPartition& partition, Offset offset) {
  return partition.topic + " " + std::to_string(partition.partition) + " " + std::to_string(offset);
}

std::vector<std::string> checkpoint_lines(const std::map<TopicPartition, Offset>& all) {
  std::vector<std::string> lines;
  for (const auto& [partition, offset] : all) lines.push_back(checkpoint_line(partition, offset));
  return lines;
}

/// The broker epoch in `.kafka_cleanshutdown`; -1 for the old empty form and for what is unreadable.
std::int64_t parse_clean_marker(std::string_view text) {
  constexpr std::string_view key = "\"brokerEpoch\"", digits = "-0123456789";
  const std::size_t at = text.find(key);
  const std::size_t from = at == text.npos ? at : text.find_first_of(digits, at + key.size());
  if (from == text.npos) return -1;
  const std::string_view number = text.substr(from, text.find_first_not_of(digits, from) - from);
  return log::parse_integer<std::int64_t>(number).value_or(-1);
}

std::string format_clean_marker(std::int64_t broker_epoch) {
  return "{\"version\":0,\"brokerEpoch\":" + std::to_string(broker_epoch) + "}";
}

/// Whether such a plain file may lie in a directory that has no identity: what a format writes before
/// meta.properties, and the lock.
bool is_left_by_format(std::string_view name) {
  static const std::set<std::string_view> names = {".lock", "meta.properties.tmp", "bootstrap.checkpoint",
                                                   "bootstrap.checkpoint.tmp"};
  return names.contains(name);
}

}  // namespace

Result<void> LogDirectory::Core::check_contents() const {
  LEAT_TRY(const auto entries, volume.list(options.path));
  for (const io::DirectoryEntry& entry : entries) {
    if (!entry.is_directory) continue;
    if (!is_known_directory(entry.name))
      return refused(path_of(entry.name) + " is not a partition: a log directory may hold nothing else, so give " +
                     "Leat a folder of its own");
  }
  if (meta) return {};
  for (const io::DirectoryEntry& entry : entries) {
    if (!entry.is_directory && is_left_by_format(entry.name)) continue;
    if (entry.is_directory && entry.name == metadata_name) {
      LEAT_TRY(const auto inside, volume.list(path_of(entry.name)));
      if (std::ranges::none_of(inside, [](const auto& file) { return file.name.ends_with(".log"); })) continue;
    }
    return refused(options.path + " has no meta.properties and is not empty (" + entry.name +
                   "): only an empty directory is formatted");
  }
  return {};
}

Result<void> LogDirectory::Core::read_identity() {
  auto text = io::read_text(volume, path_of(identity_name));
  if (text) {
    auto parsed = MetaProperties::parse(*text);
    if (!parsed) return wrap(std::move(parsed).error(), path_of(identity_name));
    meta = std::move(parsed).value();
  } else if (text.error().code != Errc::not_found) {
    return std::move(text).error();
  }
  auto marker = io::read_text(volume, path_of(marker_name));
  if (marker) clean_epoch = parse_clean_marker(*marker);
  else if (marker.error().code != Errc::not_found) return std::move(marker).error();
  return {};
}

Result<std::unique_ptr<LogDirectory>> LogDirectory::open(io::Volume& volume, const Clock& clock, Options options,
                                                         const Diagnostics& diagnostics) {
  auto core = std::make_shared<Core>(volume, clock, std::move(options), diagnostics);
  LEAT_CHECK(volume.create_directories(core->options.path));
  LEAT_TRY(core->lock, volume.lock(core->options.path));
  LEAT_CHECK(core->read_identity());
  LEAT_CHECK(core->check_contents());
  return std::unique_ptr<LogDirectory>(new LogDirectory(std::move(core)));
}

LogDirectory::LogDirectory(std::shared_ptr<Core> core) : core_(std::move(core)) {}

const std::optional<MetaProperties>& LogDirectory::meta() const { return core_->meta; }
std::optional<std::int64_t> LogDirectory::clean_broker_epoch() const { return core_->clean_epoch; }
const std::string& LogDirectory::path() const { return core_->options.path; }

Result<void> LogDirectory::format(MetaProperties meta) {
  LEAT_CHECK(io::replace_text(core_->volume, core_->path_of(identity_name), meta.to_text()));
  LEAT_CHECK(core_->volume.sync_directory(io::parent_path(io::normal_path(path()))));
  core_->meta = std::move(meta);
  return {};
}

Result<LoadedLog> LogDirectory::create(const TopicPartition& partition, const Uuid& topic_id,
                                       log::LogSettings settings) {
  // The directory itself is never made anew: what it held may come back with its disk.
  LEAT_TRY(const bool is_there, core_->volume.exists(core_->path_of(identity_name)));
  if (!is_there) return Error{Errc::not_found, core_->path_of(identity_name) + " is gone: is its disk mounted?"};
  const std::string directory = core_->path_of(partition.to_string());
  LEAT_TRY(const bool exists, holds(partition));
  if (exists) return Error{Errc::in_use, directory + " exists already"};
  auto created = core_->create(directory, topic_id, settings);
  if (!created) {
    (void)core_->volume.remove_all(directory);
    return std::move(created).error();
  }
  return LoadedLog{partition, topic_id, std::move(*created), 0};
}

Result<std::unique_ptr<log::Log>> LogDirectory::Core::create(const std::string& directory, const Uuid& topic_id,
                                                             log::LogSettings settings) {
  LEAT_CHECK(volume.create_directories(directory));
  LEAT_TRY(auto metadata, volume.open(directory + "/partition.metadata", io::OpenMode::create_truncate));
  LEAT_CHECK(metadata->write_at(0, partition_metadata_text(topic_id)));
  // Nothing can be there to be recovered.
  LEAT_TRY(auto log, log::Log::open(volume, clock, {.directory = directory, .clean = true}, settings, diagnostics));
  log->sync_with_first_batch(std::move(metadata));
  return log;
}

Result<bool> LogDirectory::holds(const TopicPartition& partition) const {
  return core_->volume.exists(core_->path_of(partition.to_string()));
}

Result<std::string> LogDirectory::Core::retire(const TopicPartition& partition, std::string_view ending,
                                               Entropy& entropy) {
  const std::string to = path_of(unique_name(partition, ending, entropy));
  LEAT_CHECK(volume.rename(path_of(partition.to_string()), to));
  LEAT_CHECK(volume.sync_directory(options.path));
  return to;
}

Result<void> LogDirectory::remove(const TopicPartition& partition, Entropy& entropy) {
  LEAT_TRY(std::string path, core_->retire(partition, "-delete", entropy));
  std::lock_guard lock(core_->mutex);
  core_->deleted.push_back(std::move(path));
  return {};
}

Result<void> LogDirectory::rename_stray(const TopicPartition& partition, Entropy& entropy) {
  auto renamed = core_->retire(partition, "-stray", entropy);
  if (!renamed) return std::move(renamed).error();
  core_->diagnostics.say(LogLevel::warning, partition.to_string() + " belongs to no topic here; kept as " + *renamed);
  return {};
}

Result<void> LogDirectory::purge_deleted() {
  std::vector<std::string> gone;
  {
    std::lock_guard lock(core_->mutex);
    gone.swap(core_->deleted);
  }
  Result<void> outcome;
  for (std::string& path : gone) {
    auto removed = core_->volume.remove_all(path);
    if (removed) continue;
    outcome = std::move(removed);
    std::lock_guard lock(core_->mutex);
    core_->deleted.push_back(std::move(path));
  }
  return outcome;
}

Result<void> LogDirectory::write_checkpoints(const std::map<TopicPartition, Checkpoint>& all) {
  std::vector<std::string> recovery_points;
  std::map<TopicPartition, Offset> log_starts, high_watermarks;
  for (const auto& [partition, checkpoint] : all) {
    recovery_points.push_back(checkpoint_line(partition, checkpoint.recovery_point));
    if (checkpoint.log_start_in_segment) log_starts[partition] = checkpoint.log_start;
    high_watermarks[partition] = checkpoint.high_watermark;
  }
  LEAT_CHECK(core_->write_checkpoint(recovery_point_name, recovery_points));
  LEAT_CHECK(write_log_starts(log_starts));
  return write_high_watermarks(high_watermarks);
}

Result<void> LogDirectory::write_log_starts(const std::map<TopicPartition, Offset>& all) {
  return core_->write_checkpoint(log_start_name, checkpoint_lines(all));
}

Result<void> LogDirectory::write_high_watermarks(const std::map<TopicPartition, Offset>& all) {
  return core_->write_checkpoint(high_watermark_name, checkpoint_lines(all));
}

Result<void> LogDirectory::Core::write_checkpoint(std::string_view name, const std::vector<std::string>& lines) {
  std::lock_guard lock(checkpoint_mutex);
  return io::replace_text(volume, path_of(name), log::format_checkpoint(lines));
}

Result<void> LogDirectory::mark_clean(std::int64_t broker_epoch) {
  LEAT_TRY(const auto file, core_->volume.open(core_->path_of(marker_name), io::OpenMode::create_truncate));
  LEAT_CHECK(file->write_at(0, format_clean_marker(broker_epoch)));
  LEAT_CHECK(file->sync());
  return core_->volume.sync_directory(path());
}

}  // namespace leat::storage
