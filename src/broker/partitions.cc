#include "broker/partitions.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/errors.h"
#include "broker/effective_config.h"
#include "config/log_settings.h"

namespace leat::broker {
namespace {

bool is_replica(const metadata::PartitionImage& partition, NodeId node) {
  return std::ranges::find(partition.replicas, node) != partition.replicas.end();
}

}  // namespace

Partitions::Partitions(const Environment& environment, const config::BrokerConfig& config, NodeId self)
    : environment_(environment),
      started_with_(config),
      self_(self),
      config_(config) {}

config::LogConfig Partitions::topic_config(const metadata::Image& image, const std::string& topic) {
  const auto config = effective_topic_config(config_, image, topic).log();
  if (replication::flushes_by_time(config)) flushes_by_time_ = true;
  return config;
}

void Partitions::take_config(const metadata::Image& image) {
  config_ = effective_config(started_with_, image, self_);
  for (std::size_t i = started_with_.warnings().size(); i < config_.warnings().size(); ++i)
    environment_.diagnostics.say(LogLevel::warning, "set at run time: " + config_.warnings()[i]);
}

Result<void> Partitions::open(std::vector<Directory> directories, bool all_are_there, const metadata::Image& image) {
  std::lock_guard lock(changing_);
  directories_ = std::move(directories);
  written_high_watermarks_.resize(directories_.size());
  take_config(image);
  auto table = std::make_shared<Table>();

  for (std::size_t i = 0; i < directories_.size(); ++i) LEAT_CHECK(load(i, image, *table));
  for (const auto& [name, topic] : image.topics)
    add_topic(*table, *topic, image, all_are_there ? Absent::created : Absent::offline);
  if (!table->offline.empty())
    environment_.diagnostics.say(LogLevel::error, std::to_string(table->offline.size()) +
                                                      " partitions are in no log directory that can be used, and offline");
  publish(std::move(table));
  is_loaded_ = true;
  return {};
}

Result<void> Partitions::load(std::size_t directory, const metadata::Image& image, Table& table) {
  storage::LogDirectory& files = *directories_[directory].files;
  auto settings_of = [&](const TopicPartition& id, const Uuid& topic_id) {
    const auto* topic = image.topic(topic_id);
    return replication::log_settings(topic_config(image, topic ? topic->name : id.topic));
  };
  LEAT_TRY(auto loaded, files.load(environment_.blocking, settings_of));
  for (auto& log : loaded) {
    const auto* in_metadata = image.partition(log.topic_id, log.partition.partition);
    if (!in_metadata || !is_replica(*in_metadata, self_)) {
      environment_.diagnostics.say(LogLevel::warning, "the metadata does not know " + log.partition.to_string() +
                                                          " in " + files.path() + ": set aside as stray");
      const TopicPartition id = log.partition;
      LEAT_CHECK(log.log->close());
      log.log.reset();
      LEAT_CHECK(files.rename_stray(id, environment_.entropy));
      continue;
    }
    if (directory_of_.contains(log.partition))
      return Error{Errc::invalid_config, log.partition.to_string() + " lies in two log directories: " +
                                             directories_[directory_of_[log.partition]].files->path() + " and " +
                                             files.path()};
    const auto config = topic_config(image, image.topic(log.topic_id)->name);
    auto partition = adopt(std::move(log), directory, config);
    table.by_name[partition->id().topic][partition->id().partition] = partition;
    table.by_id[partition->topic_id()][partition->id().partition] = partition;
  }
  return {};
}

void Partitions::note(std::size_t directory, std::string_view what, const Result<void>& outcome) {
  Directory& at = directories_[directory];
  if (outcome || std::exchange(at.is_in_trouble, true)) return;
  environment_.diagnostics.say(
      LogLevel::error, std::string(what) + ": " + outcome.error().to_string() + ". New partitions do not go to " +
                           at.files->path() +
                           ", and those in it that fail answer KAFKA_STORAGE_ERROR, until its disk is well and the "
                           "broker has been started again");
}

void Partitions::for_each_directory(std::string_view what, const std::function<Result<void>(std::size_t)>& work) {
  std::lock_guard lock(changing_);
  if (closed_) return;
  for (std::size_t i = 0; i < directories_.size(); ++i) note(i, what, work(i));
}

Partitions::PartitionPtr Partitions::adopt(storage::LoadedLog loaded, std::size_t directory,
                                           const config::LogConfig& config) {
  directory_of_[loaded.partition] = directory;
  return std::make_shared<replication::Partition>(self_, std::move(loaded), *directories_[directory].rounds,
                                                  environment_.clock, config, replication_.peers);
}

Partitions::PartitionPtr Partitions::create(const TopicPartition& id, const Uuid& topic_id,
                                            const config::LogConfig& config) {
  std::vector<std::size_t> logs_in(directories_.size());
  for (const auto& [other, directory] : directory_of_) ++logs_in[directory];
  std::vector<std::size_t> best_first(directories_.size());
  std::iota(best_first.begin(), best_first.end(), 0);
  std::ranges::sort(best_first, {}, [&](std::size_t directory) {
    return std::tuple(directories_[directory].is_in_trouble, logs_in[directory], directory);
  });
  for (const std::size_t directory : best_first) {
    auto loaded = directories_[directory].files->create(id, topic_id, replication::log_settings(config));
    if (loaded) return adopt(std::move(*loaded), directory, config);
    note(directory, "creating " + id.to_string(), loaded.error());
    // What is left there would be a second log of this partition at the next start.
    if (directories_[directory].files->holds(id).value_or(true)) return nullptr;
  }
  return nullptr;
}

void Partitions::take_role(const PartitionPtr& partition, const metadata::PartitionImage& state,
                           const metadata::Image& image) {
  auto updated = partition->update({.leader = state.leader,
                                    .leader_epoch = state.leader_epoch,
                                    .partition_epoch = state.partition_epoch,
                                    .replicas = state.replicas,
                                    .isr = state.isr,
                                    .recovery_state = replication::RecoveryState(state.leader_recovery_state)});
  if (!updated)
    environment_.diagnostics.say(LogLevel::error, "leading " + partition->id().to_string() + ": " +
                                                      updated.error().to_string());
  follow_or_not(partition, state, image);
}

void Partitions::follow_or_not(const PartitionPtr& partition, const metadata::PartitionImage& state,
                               const metadata::Image& image) {
  if (!replication_.fetchers) return;
  const auto leader = image.brokers.find(state.leader);
  if (state.leader != self_ && leader != image.brokers.end() && !leader->second.fenced)
    replication_.fetchers->follow(partition, state.leader, state.leader_epoch);
  else
    replication_.fetchers->unfollow(partition->topic_id(), partition->id().partition);
}

void Partitions::note_brokers(const Table& table, const metadata::Image& before, const metadata::Image& after) {
  if (!replication_.fetchers || before.brokers == after.brokers) return;
  replication_.fetchers->addresses_changed(before, after);
  for (const auto& [topic_id, partitions] : table.by_id)
    for (const auto& [index, partition] : partitions) {
      const auto* state = after.partition(topic_id, index);
      if (!state) continue;
      follow_or_not(partition, *state, after);
      if (state->leader == self_) partition->review_isr();
    }
}

void Partitions::review_isrs() {
  for (const auto& [name, partitions] : table()->by_name)
    for (const auto& [index, partition] : partitions) partition->review_isr();
}

void Partitions::add_topic(Table& table, const metadata::TopicImage& topic, const metadata::Image& image,
                           Absent absent) {
  const auto config = topic_config(image, topic.name);
  auto& by_id = table.by_id[topic.id];
  for (const auto& [index, partition_image] : topic.partitions) {
    if (!is_replica(partition_image, self_)) {
      if (const auto left = by_id.find(index); left != by_id.end()) remove(table, PartitionPtr(left->second));
      continue;
    }
    auto& slot = by_id[index];
    if (!slot && absent == Absent::created && !table.offline.contains({topic.id, index})) {
      slot = create({topic.name, index}, topic.id, config);
      if (slot) table.by_name[topic.name][index] = slot;
    }
    if (!slot) {
      by_id.erase(index);
      table.offline.emplace(topic.id, index);
      continue;
    }
    take_role(slot, partition_image, image);
  }
}

void Partitions::remove_topic(Table& table, const metadata::TopicImage& topic) {
  std::erase_if(table.offline, [&](const auto& partition) { return partition.first == topic.id; });
  const auto found = table.by_id.find(topic.id);
  if (found == table.by_id.end()) return;
  for (const auto& [index, partition] : std::map(found->second)) remove(table, partition);
  table.by_id.erase(topic.id);
  table.by_name.erase(topic.name);
}

void Partitions::remove(Table& table, const PartitionPtr& partition) {
  if (replication_.fetchers) replication_.fetchers->unfollow(partition->topic_id(), partition->id().partition);
  partition->retire();
  auto at = directory_of_.find(partition->id());
  if (auto removed = directories_[at->second].files->remove(at->first, environment_.entropy); !removed)
    environment_.diagnostics.say(LogLevel::error, removed.error().to_string());
  directory_of_.erase(at);
  table.by_id[partition->topic_id()].erase(partition->id().partition);
  table.by_name[partition->id().topic].erase(partition->id().partition);
}

void Partitions::apply(const metadata::Image& before, const metadata::Image& after) {
  std::lock_guard lock(changing_);
  if (closed_) return;
  if (broker_configs_differ(before, after, self_)) take_config(after);
  auto table = std::make_shared<Table>(*this->table());
  for (const auto& [id, topic] : before.topics_by_id)
    if (!after.topic(id)) remove_topic(*table, *topic);
  for (const auto& [id, topic] : after.topics_by_id)
    if (before.topic(id) != topic.get()) add_topic(*table, *topic, after, Absent::created);
  note_brokers(*table, before, after);
  if (before.configs != after.configs)
    for (const auto& [name, partitions] : table->by_name) {
      const auto config = topic_config(after, name);
      for (const auto& [index, partition] : partitions)
        if (*partition->config() != config) partition->reconfigure(config);
    }
  publish(std::move(table));
}

std::shared_ptr<const Partitions::Table> Partitions::table() const {
  std::lock_guard lock(table_mutex_);
  return table_;
}

void Partitions::publish(std::shared_ptr<const Table> table) {
  std::lock_guard lock(table_mutex_);
  table_ = std::move(table);
}

std::shared_ptr<replication::Partition> Partitions::find(std::string_view topic, std::int32_t partition) const {
  const auto table = this->table();
  auto found = table->by_name.find(topic);
  if (found == table->by_name.end()) return nullptr;
  auto at = found->second.find(partition);
  return at == found->second.end() ? nullptr : at->second;
}

std::shared_ptr<replication::Partition> Partitions::find(const Uuid& topic_id, std::int32_t partition) const {
  const auto table = this->table();
  auto found = table->by_id.find(topic_id);
  if (found == table->by_id.end()) return nullptr;
  auto at = found->second.find(partition);
  return at == found->second.end() ? nullptr : at->second;
}

Errc Partitions::why_missing(const metadata::TopicImage* topic, std::int32_t partition) const {
  if (!topic || !topic->partitions.contains(partition)) return Errc::unknown_topic_or_partition;
  return table()->offline.contains({topic->id, partition}) ? Errc::kafka_storage_error
                                                           : Errc::not_leader_or_follower;
}

std::vector<Uuid> Partitions::offline_directories() {
  std::lock_guard lock(changing_);
  std::vector<Uuid> offline;
  for (std::size_t i = 0; i < directories_.size(); ++i)
    if (std::ranges::any_of(in_directory(i), [](const auto& partition) { return partition->has_failed(); })) offline.push_back(directories_[i].id);
  return offline;
}

std::size_t Partitions::unsynced_bytes() const {
  std::size_t most = 0;
  for (const Directory& directory : directories_) most = std::max(most, directory.rounds->unsynced_bytes());
  return most;
}

void Partitions::on_round_end(std::function<void()> listener) {
  for (const Directory& directory : directories_) directory.rounds->on_round_end(listener);
}

std::vector<Partitions::PartitionPtr> Partitions::in_directory(std::size_t directory) const {
  std::vector<PartitionPtr> found;
  for (const auto& [name, partitions] : table()->by_name)
    for (const auto& [index, partition] : partitions)
      if (auto at = directory_of_.find(partition->id());
          at != directory_of_.end() && at->second == directory)
        found.push_back(partition);
  return found;
}

std::vector<Partitions::Content> Partitions::contents() {
  std::lock_guard lock(changing_);
  std::vector<Content> contents;
  for (std::size_t i = 0; i < directories_.size(); ++i)
    contents.push_back({directories_[i].files->path(), in_directory(i)});
  return contents;
}

void Partitions::checkpoint_high_watermarks() {
  for_each_directory("writing the high watermarks", [this](std::size_t directory) -> Result<void> {
    std::map<TopicPartition, Offset> all;
    for (const auto& partition : in_directory(directory)) all[partition->id()] = partition->high_watermark();
    if (all == written_high_watermarks_[directory]) return {};
    LEAT_CHECK(directories_[directory].files->write_high_watermarks(all));
    written_high_watermarks_[directory] = std::move(all);
    return {};
  });
}

void Partitions::checkpoint(const std::weak_ptr<void>& alive) {
  std::lock_guard lock(changing_);
  if (closed_) return;
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (std::exchange(directories_[i].is_checkpointing, true)) continue;
    std::set<PartitionPtr> covered;
    std::vector<std::shared_ptr<io::File>> files;
    for (const auto& partition : in_directory(i)) {
      const auto begun = partition->begin_checkpoint();
      if (begun.empty()) continue;
      files.insert(files.end(), begun.begin(), begun.end());
      covered.insert(partition);
    }
    environment_.volume.sync(files, [this, alive, i, covered = std::move(covered)](const Result<void>& synced) {
      if (const auto held = alive.lock()) end_checkpoint(i, covered, synced);
    });
  }
}

void Partitions::end_checkpoint(std::size_t directory, const std::set<PartitionPtr>& covered,
                                const Result<void>& synced) {
  std::lock_guard lock(changing_);
  if (closed_) return;
  directories_[directory].is_checkpointing = false;
  std::map<TopicPartition, storage::LogDirectory::Checkpoint> all;
  for (const auto& partition : in_directory(directory))
    all[partition->id()] = partition->end_checkpoint(covered.contains(partition) ? synced : Result<void>());
  note(directory, "writing the checkpoints", synced);
  note(directory, "writing the checkpoints", directories_[directory].files->write_checkpoints(all));
}

void Partitions::flush_due() {
  if (!flushes_by_time_) return;
  for (const auto& [name, partitions] : table()->by_name)
    for (const auto& [index, partition] : partitions) partition->flush_if_due();
}

void Partitions::expire_producers() {
  for (const auto& [name, partitions] : table()->by_name)
    for (const auto& [index, partition] : partitions) partition->expire_producers();
}

void Partitions::purge_deleted() {
  std::lock_guard lock(changing_);
  if (closed_) return;
  for (const auto& [name, partitions] : table()->by_name)
    for (const auto& [index, partition] : partitions)
      if (auto purged = partition->purge_deleted(); !purged)
        environment_.diagnostics.say(LogLevel::warning, purged.error().to_string());
  for (const Directory& directory : directories_)
    if (auto purged = directory.files->purge_deleted(); !purged)
      environment_.diagnostics.say(LogLevel::warning, purged.error().to_string());
}

Result<void> Partitions::close(std::int64_t broker_epoch) {
  std::lock_guard lock(changing_);
  if (closed_) return {};
  closed_ = true;
  Result<void> outcome;
  for (std::size_t i = 0; i < directories_.size() && is_loaded_; ++i)
    if (auto closed = close_directory(i, broker_epoch); !closed) outcome = closed;
  publish(std::make_shared<const Table>());
  for (Directory& directory : directories_) directory.files.reset();  // gives the locks back
  return outcome;
}

Result<void> Partitions::sync(const std::vector<std::shared_ptr<io::File>>& files) {
  struct Wait {
    Event synced;
    Result<void> outcome;
  };
  const auto wait = std::make_shared<Wait>();
  environment_.volume.sync(files, [wait](Result<void> result) {
    wait->outcome = std::move(result);
    wait->synced.set();
  });
  // Only a simulated executor comes back without the answer: when nothing is left that could bring it.
  if (!environment_.executor.wait(wait->synced, Instant::max()))
    return Error{Errc::timed_out, "the disk does not complete its syncs"};
  return wait->outcome;
}

Result<void> Partitions::close_directory(std::size_t directory, std::int64_t broker_epoch) {
  Result<void> outcome;
  std::vector<PartitionPtr> closing;
  std::vector<std::shared_ptr<io::File>> files;
  for (const auto& partition : in_directory(directory)) {
    auto begun = partition->begin_close();
    if (!begun) {
      outcome = wrap(begun.error(), "closing " + partition->id().to_string());
      continue;
    }
    files.insert(files.end(), begun->begin(), begun->end());
    closing.push_back(partition);
  }
  const Result<void> synced = files.empty() ? Result<void>() : sync(files);
  std::map<TopicPartition, storage::LogDirectory::Checkpoint> all;
  for (const auto& partition : closing) {
    auto closed = partition->end_close(synced);
    if (closed) all[partition->id()] = *closed;
    else outcome = wrap(closed.error(), "closing " + partition->id().to_string());
  }
  if (outcome && !files.empty()) outcome = sync(files);  // of the names that the second half gave them
  // Without the marker the next start recovers, which is what a log that did not close needs.
  if (!outcome) return outcome;
  LEAT_CHECK(directories_[directory].files->write_checkpoints(all));
  return directories_[directory].files->mark_clean(broker_epoch);
}

}  // namespace leat::broker
