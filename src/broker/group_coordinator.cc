#include "broker/group_coordinator.h"

#include "broker/internal_topics.h"
#include "config/coordinator_settings.h"
#include "record/java_hash.h"

namespace leat::broker {
namespace {

/// What a batch of one record has besides the record's key and value, generously.
constexpr std::size_t batch_overhead = 256;

}  // namespace

GroupCoordinator::GroupCoordinator(const Environment& environment, const config::BrokerConfig& config, NodeId self,
                                   const Partitions& partitions)
    : environment_(environment), config_(config), self_(self), partitions_(partitions) {}

GroupShard::Options GroupCoordinator::options_for(const replication::Partition& partition) const {
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  const auto largest_batch = static_cast<std::size_t>(partition.config()->max_message_bytes);
  return {.settings = {.min_session_timeout = milliseconds(config_.get(config::group_min_session_timeout_ms)),
                       .max_session_timeout = milliseconds(config_.get(config::group_max_session_timeout_ms)),
                       .initial_rebalance_delay = milliseconds(config_.get(config::group_initial_rebalance_delay_ms)),
                       .max_size = static_cast<std::size_t>(config_.get(config::group_max_size)),
                       .offset_metadata_max_bytes =
                           static_cast<std::size_t>(config_.get(config::offset_metadata_max_bytes)),
                       .offsets_retention = minutes(config_.get(config::offsets_retention_minutes)),
                       .offsets_retention_check_interval =
                           milliseconds(config_.get(config::offsets_retention_check_interval_ms)),
                       .max_record_bytes = largest_batch - std::min(largest_batch, batch_overhead)},
          .load_buffer_size = static_cast<std::size_t>(config_.get(config::offsets_load_buffer_size)),
          .codec = static_cast<record::Codec>(config_.get(config::offsets_topic_compression_codec))};
}

void GroupCoordinator::apply(const metadata::Image& before, const metadata::Image& after) {
  const metadata::TopicImage* topic = after.topic(consumer_offsets_topic);
  std::vector<std::shared_ptr<GroupShard>> ended, begun;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    std::map<std::int32_t, std::shared_ptr<GroupShard>> led;
    if (topic)
      for (const auto& [index, image] : topic->partitions) {
        auto partition = image.leader == self_ ? partitions_.find(topic->id, index) : nullptr;
        if (!partition) continue;
        auto& shard = led[index];
        if (auto same = shards_.find(index); same != shards_.end() && same->second->partition() == partition &&
                                             same->second->leader_epoch() == image.leader_epoch) {
          shard = same->second;
        } else {
          shard = std::make_shared<GroupShard>(environment_, options_for(*partition), std::move(partition));
          begun.push_back(shard);
        }
      }
    for (auto& [index, shard] : shards_)
      if (auto still = led.find(index); still == led.end() || still->second != shard) ended.push_back(shard);
    shards_ = std::move(led);
    partition_count_ = topic ? static_cast<std::int32_t>(topic->partitions.size()) : 0;
  }
  for (const auto& shard : ended) shard->unload();
  for (const auto& shard : begun) shard->load();

  group::TopicsDeleted deleted;
  for (const auto& [id, gone] : before.topics_by_id)
    if (!after.topic(gone->name)) deleted.topics.push_back(gone->name);
  if (!deleted.topics.empty())
    for (const auto& shard : shards()) shard->submit(deleted);
}

void GroupCoordinator::close() {
  std::map<std::int32_t, std::shared_ptr<GroupShard>> ended;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    ended.swap(shards_);
  }
  for (const auto& [index, shard] : ended) shard->unload();
}

std::vector<std::shared_ptr<GroupShard>> GroupCoordinator::shards() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<GroupShard>> all;
  for (const auto& [index, shard] : shards_) all.push_back(shard);
  return all;
}

std::shared_ptr<GroupShard> GroupCoordinator::shard_of(std::string_view group) const {
  std::lock_guard lock(mutex_);
  if (partition_count_ == 0) return nullptr;
  const auto found = shards_.find(record::partition_for_id(group, partition_count_));
  return found == shards_.end() ? nullptr : found->second;
}

}  // namespace leat::broker
