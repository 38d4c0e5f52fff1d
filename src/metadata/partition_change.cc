#include "metadata/partition_change.h"

#include <algorithm>
#include <charconv>

#include "metadata/features.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

using Nodes = std::vector<NodeId>;

constexpr std::int8_t recovering = 1;

bool has(const Nodes& nodes, NodeId id) { return std::find(nodes.begin(), nodes.end(), id) != nodes.end(); }

Nodes without(Nodes nodes, NodeId id) {
  std::erase(nodes, id);
  return nodes;
}

/// 00..02: the directory that held the replica is gone.
bool is_lost(const Uuid& directory) {
  Uuid lost;
  lost.bytes[15] = std::byte{2};
  return directory == lost;
}

const std::string* topic_or_default_config(const Image& image, const std::string& topic, const std::string& key) {
  for (const ConfigResource& resource : {ConfigResource{2, topic}, ConfigResource{4, ""}}) {
    const auto configs = image.configs.find(resource);
    if (configs == image.configs.end()) continue;
    const auto found = configs->second.find(key);
    if (found != configs->second.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace

struct LeadershipRules::Outcome {
  NodeId leader = no_node;
  Nodes isr, elr, last_known_elr;
  bool unclean = false;
};

std::int32_t LeadershipRules::min_isr(const TopicImage& topic) const {
  std::int32_t value = min_insync_replicas_;
  if (const auto* text = topic_or_default_config(image_, topic.name, "min.insync.replicas"))
    std::from_chars(text->data(), text->data() + text->size(), value);
  const auto replicas = topic.partitions.begin()->second.replicas.size();
  return std::min(value, static_cast<std::int32_t>(replicas));
}

bool LeadershipRules::unclean_allowed(const TopicImage& topic) const {
  const auto* text = topic_or_default_config(image_, topic.name, "unclean.leader.election.enable");
  return text && *text == "true";
}

bool LeadershipRules::may_lead(const PartitionImage& partition, NodeId id, const LeadershipEvent& event) const {
  if (id == event.leaves) return false;
  const auto broker = image_.brokers.find(id);
  if (broker == image_.brokers.end()) return false;
  if (id != event.returns && (broker->second.fenced || broker->second.in_controlled_shutdown)) return false;
  for (std::size_t i = 0; i < partition.replicas.size() && i < partition.directories.size(); ++i)
    if (partition.replicas[i] == id) return !is_lost(partition.directories[i]);
  return true;
}

LeadershipRules::Outcome LeadershipRules::next(const TopicImage& topic, const PartitionImage& partition,
                                               const LeadershipEvent& event) const {
  const bool with_elr = elr_enabled(image_);
  const auto enough = static_cast<std::size_t>(std::max(min_isr(topic), 0));
  Outcome out{.isr = without(partition.isr, event.leaves),
              .elr = partition.eligible_leader_replicas,
              .last_known_elr = partition.last_known_elr};
  if (!with_elr && out.isr.empty()) out.isr = partition.isr;
  if (with_elr) {
    for (NodeId id : partition.isr)
      if (!has(out.isr, id) && !has(out.elr, id)) out.elr.push_back(id);
    if (event.was_unclean) std::erase(out.elr, event.leaves);
    if (out.isr.size() >= enough && !out.isr.empty()) out.elr.clear();
  }

  const auto acceptable = [&](NodeId id) { return may_lead(partition, id, event); };
  const auto first_of = [&](const Nodes& candidates) {
    const auto found = std::find_if(partition.replicas.begin(), partition.replicas.end(),
                                    [&](NodeId id) { return has(candidates, id) && acceptable(id); });
    return found == partition.replicas.end() ? no_node : *found;
  };
  if (has(out.isr, partition.leader) && acceptable(partition.leader)) {
    out.leader = partition.leader;
    return out;
  }
  out.leader = first_of(out.isr.empty() ? out.elr : out.isr);
  if (out.leader == no_node && with_elr && out.isr.empty() && out.elr.empty() && out.last_known_elr.size() == 1 &&
      acceptable(out.last_known_elr[0])) {
    out.leader = out.last_known_elr[0];
    out.unclean = true;
  }
  if (out.leader == no_node && unclean_allowed(topic)) {
    out.leader = first_of(partition.replicas);
    out.unclean = out.leader != no_node;
  }

  if (out.leader != no_node && !has(out.isr, out.leader)) {
    out.isr = {out.leader};
    std::erase(out.elr, out.leader);
    if (out.unclean || out.isr.size() >= enough) out.elr.clear();
  }
  if (with_elr) {
    const bool falls_leaderless = out.leader == no_node && partition.leader != no_node && out.isr.empty();
    if (falls_leaderless && out.last_known_elr.empty()) out.last_known_elr = {partition.leader};
    if (out.leader != no_node) out.last_known_elr.clear();
  }
  return out;
}

void LeadershipRules::decide(const LeadershipEvent& event, Records& records) const {
  const std::int16_t version = RecordVersions(image_).partition();
  for (const auto& [name, topic] : image_.topics) {
    if (topic->partitions.empty()) continue;
    for (const auto& [index, partition] : topic->partitions) {
      const bool concerned = partition.leader == no_node || has(partition.isr, event.leaves) ||
                             has(partition.eligible_leader_replicas, event.leaves);
      if (!concerned) continue;
      const Outcome out = next(*topic, partition, event);
      protocol::PartitionChangeRecord change;
      change.partition_id = index;
      change.topic_id = topic->id;
      bool changed = false;
      const auto set_if_new = [&](auto& field, const Nodes& before, const Nodes& after) {
        if (before == after) return;
        field = after;
        changed = true;
      };
      set_if_new(change.isr, partition.isr, out.isr);
      set_if_new(change.eligible_leader_replicas, partition.eligible_leader_replicas, out.elr);
      set_if_new(change.last_known_elr, partition.last_known_elr, out.last_known_elr);
      if (out.leader != partition.leader) {
        change.leader = out.leader;
        changed = true;
      }
      if (out.unclean && partition.leader_recovery_state != recovering) change.leader_recovery_state = recovering;
      if (changed) records.push_back(make_record(std::move(change), version));
    }
  }
}

}  // namespace leat::metadata
