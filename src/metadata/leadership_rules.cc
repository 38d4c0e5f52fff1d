#include "metadata/leadership_rules.h"

#include <algorithm>
#include <charconv>

#include "metadata/directory_id.h"
#include "metadata/features.h"
#include "metadata/nodes.h"

namespace leat::metadata {
namespace {

const std::string* topic_or_default_config(const Image& image, const std::string& topic, const std::string& key) {
  for (const ConfigResource& resource : {ConfigResource{2, topic}, ConfigResource{4, ""}}) {
    const auto configs = image.configs.find(resource);
    if (configs == image.configs.end()) continue;
    const auto found = configs->second.find(key);
    if (found != configs->second.end()) return &found->second;
  }
  return nullptr;
}

Uuid directory_of(const PartitionImage& partition, NodeId id) {
  for (std::size_t i = 0; i < partition.replicas.size() && i < partition.directories.size(); ++i)
    if (partition.replicas[i] == id) return partition.directories[i];
  return {};
}

}  // namespace

std::size_t LeadershipRules::min_isr(const TopicImage& topic) const {
  std::int32_t value = defaults_.min_insync_replicas;
  if (const auto* text = topic_or_default_config(image_, topic.name, "min.insync.replicas"))
    std::from_chars(text->data(), text->data() + text->size(), value);
  const std::size_t replicas = topic.partitions.begin()->second.replicas.size();
  return std::min(static_cast<std::size_t>(std::max(value, 1)), replicas);
}

bool LeadershipRules::unclean_allowed(const TopicImage& topic) const {
  const auto* text = topic_or_default_config(image_, topic.name, "unclean.leader.election.enable");
  return text ? *text == "true" : defaults_.unclean_leader_election;
}

bool LeadershipRules::may_lead(const PartitionImage& partition, NodeId id, const LeadershipEvent& event) const {
  if (id == event.leaves) return false;
  const auto broker = image_.brokers.find(id);
  if (broker == image_.brokers.end()) return false;
  if (id != event.returns && (broker->second.fenced || broker->second.in_controlled_shutdown)) return false;
  return is_online(broker->second, directory_of(partition, id));
}

std::optional<Record> LeadershipRules::change(const TopicImage& topic, std::int32_t index, PartitionTarget target,
                                              const LeadershipEvent& event) const {
  const PartitionImage& now = topic.partitions.at(index);
  const PartitionRules rules{.versions = RecordVersions(image_),
                             .elr_enabled = elr_enabled(image_),
                             .min_isr = min_isr(topic),
                             .may_lead = [&](NodeId id) { return may_lead(now, id, event); },
                             .new_directory = [&](NodeId id) { return new_directory(image_, id); }};
  return change_partition(topic.id, index, now, std::move(target), rules);
}

bool LeadershipRules::concerns(const LeadershipEvent& event, const PartitionImage& partition) const {
  if (event.directories) {
    const auto& lost = *event.directories;
    return std::find(lost.begin(), lost.end(), directory_of(partition, event.leaves)) != lost.end();
  }
  return partition.leader == no_node || has(partition.isr, event.leaves) ||
         has(partition.eligible_leader_replicas, event.leaves);
}

void LeadershipRules::decide(const LeadershipEvent& event, Records& records) const {
  for (const auto& [name, topic] : image_.topics)
    for (const auto& [index, partition] : topic->partitions) {
      if (!concerns(event, partition)) continue;
      PartitionTarget target(partition);
      std::erase(target.isr, event.leaves);
      target.election = election(*topic);
      if (event.was_unclean) target.uncleanly_stopped = event.leaves;
      if (auto record = change(*topic, index, std::move(target), event)) records.push_back(std::move(*record));
    }
}

}  // namespace leat::metadata
