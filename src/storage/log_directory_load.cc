#include <algorithm>
#include <atomic>

#include "base/errors.h"
#include "log/checkpoint_text.h"
#include "storage/log_directory_core.h"
#include "storage/meta_properties.h"
#include "storage/partition_name.h"

namespace leat::storage {
namespace {

std::optional<Offset> find(const std::map<TopicPartition, Offset>& offsets, const TopicPartition& partition) {
  const auto at = offsets.find(partition);
  if (at == offsets.end()) return std::nullopt;
  return at->second;
}

/// Partitions that several threads load, each the next one that nobody has taken. Tasks that start when
/// nothing is left touch nothing but this.
struct Loading {
  std::vector<TopicPartition> partitions;
  std::function<Result<LoadedLog>(const TopicPartition&)> load_one;
  Diagnostics diagnostics;
  std::string what;

  std::atomic<std::size_t> next = 0;
  std::atomic<bool> is_stopped = false;
  Event done;
  std::mutex mutex;
  std::size_t finished = 0;
  std::vector<LoadedLog> loaded;
  std::optional<Error> failure;

  void run() {
    for (std::size_t i = next++; i < partitions.size(); i = next++) {
      std::optional<Result<LoadedLog>> result;
      if (!is_stopped) result = load_one(partitions[i]);
      finish(partitions[i], std::move(result));
    }
  }
  void finish(const TopicPartition& partition, std::optional<Result<LoadedLog>> result) {
    std::lock_guard lock(mutex);
    if (result && *result) {
      loaded.push_back(std::move(**result));
    } else if (result && !failure) {
      failure = wrap(std::move(*result).error(), partition.to_string());
      is_stopped = true;
    }
    diagnostics.report(what, ++finished, partitions.size());
    if (finished == partitions.size()) done.set();
  }
};

}  // namespace

bool is_known_directory(std::string_view name) {
  return name == "remote-log-index-cache" || parse_partition_name(name).has_value();
}

Result<LogDirectory::Core::Offsets> LogDirectory::Core::read_checkpoint(std::string_view name) const {
  Offsets offsets;
  const auto text = io::read_text(volume, path_of(name));
  if (!text) {
    if (text.error().code == Errc::not_found) return offsets;
    return text.error();
  }
  auto lines = log::parse_checkpoint(*text, 3);
  if (!lines) return wrap(std::move(lines).error(), path_of(name));
  for (const auto& line : *lines) {
    LEAT_TRY(const auto partition, log::parse_integer<std::int32_t>(line[1]));
    LEAT_TRY(const auto offset, log::parse_integer<Offset>(line[2]));
    offsets[{std::string(line[0]), partition}] = offset;
  }
  return offsets;
}

Result<std::vector<TopicPartition>> LogDirectory::Core::find_partitions() {
  LEAT_TRY(const auto entries, volume.list(options.path));
  std::vector<TopicPartition> found;
  for (const io::DirectoryEntry& entry : entries) {
    if (!entry.is_directory || entry.name == metadata_name) continue;
    const auto name = parse_partition_name(entry.name);
    if (!name) continue;
    if (name->kind == DirectoryKind::partition) found.push_back(name->partition);
    if (name->kind == DirectoryKind::deleted) LEAT_CHECK(volume.remove_all(path_of(entry.name)));
  }
  return found;
}

Result<Uuid> LogDirectory::Core::read_topic_id(const std::string& directory, bool is_durable) const {
  const std::string file = directory + "/partition.metadata";
  const auto text = io::read_text(volume, file);
  if (!text && text.error().code == Errc::not_found) return Uuid();
  if (!text) return text.error();
  const auto id = parse_partition_metadata(*text);
  if (!id) {
    // A file that was torn by a crash belongs to a log without a durable batch: no id, so a stray.
    diagnostics.say(LogLevel::warning, file + ": " + id.error().context);
    return Uuid();
  }
  if (is_durable) return *id;
  // A process that was killed may have left it in the page cache only, and then it goes with the power, unlike its batches.
  LEAT_TRY(const auto held, volume.open(file, io::OpenMode::write));
  LEAT_CHECK(held->sync());
  return *id;
}

Result<std::vector<LoadedLog>> LogDirectory::load(Executor& workers, const SettingsOf& settings) {
  Core& core = *core_;
  const bool clean = core.clean_epoch.has_value();
  if (clean) {
    LEAT_CHECK(core.volume.remove(core.path_of(marker_name)));
    LEAT_CHECK(core.volume.sync_directory(path()));
  }
  LEAT_TRY(const auto recovery_points, core.read_checkpoint(recovery_point_name));
  LEAT_TRY(const auto log_starts, core.read_checkpoint(log_start_name));
  LEAT_TRY(const auto high_watermarks, core.read_checkpoint(high_watermark_name));

  auto loading = std::make_shared<Loading>();
  LEAT_TRY(loading->partitions, core.find_partitions());
  loading->diagnostics = core.diagnostics;
  loading->what = "loading logs of " + path();
  loading->load_one = [&](const TopicPartition& partition) -> Result<LoadedLog> {
    LoadedLog loaded{.partition = partition};
    log::OpenState state{.directory = core.path_of(partition.to_string()), .clean = clean};
    LEAT_TRY(loaded.topic_id, core.read_topic_id(state.directory, clean));
    state.recovery_point = find(recovery_points, partition).value_or(0);
    state.log_start = find(log_starts, partition);
    LEAT_TRY(loaded.log, log::Log::open(core.volume, core.clock, state, settings(partition, loaded.topic_id),
                                        core.diagnostics));
    const Offset start = loaded.log->log_start();
    loaded.high_watermark = std::clamp(find(high_watermarks, partition).value_or(start), start,
                                       std::max(start, loaded.log->durable_end()));
    return loaded;
  };
  if (loading->partitions.empty()) return std::vector<LoadedLog>();
  if (!clean) LEAT_CHECK(core.volume.sync_directory(path()));
  const auto threads = std::min<std::size_t>(std::max(core.options.recovery_threads, 1), loading->partitions.size());
  for (std::size_t i = 1; i < threads; ++i) workers.post([loading] { loading->run(); });
  loading->run();
  workers.wait(loading->done, Instant::max());
  if (loading->failure) return wrap(*loading->failure, "loading " + path());
  std::ranges::sort(loading->loaded, {}, &LoadedLog::partition);
  return std::move(loading->loaded);
}

}  // namespace leat::storage
