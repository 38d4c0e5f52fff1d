#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/types.h"
#include "base/uuid.h"

namespace leat::metadata {

struct PartitionImage {
  std::vector<NodeId> replicas;
  std::vector<Uuid> directories;
  std::vector<NodeId> isr;
  std::vector<NodeId> eligible_leader_replicas;
  std::vector<NodeId> last_known_elr;
  std::vector<NodeId> adding_replicas;
  std::vector<NodeId> removing_replicas;
  NodeId leader = no_node;
  std::int8_t leader_recovery_state = 0;
  LeaderEpoch leader_epoch = 0;
  std::int32_t partition_epoch = 0;
  friend bool operator==(const PartitionImage&, const PartitionImage&) = default;
};

struct TopicImage {
  std::string name;
  Uuid id;
  std::map<std::int32_t, PartitionImage> partitions;
  friend bool operator==(const TopicImage&, const TopicImage&) = default;
};

struct Endpoint {
  std::string listener;  ///< "PLAINTEXT"
  std::string host;
  std::int32_t port = 0;
  std::int16_t security_protocol = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// The lowest and the highest level of a feature that a node declares.
using FeatureRange = std::pair<std::int16_t, std::int16_t>;

struct BrokerImage {
  NodeId id = no_node;
  std::int64_t epoch = -1;
  Uuid incarnation;
  std::vector<Endpoint> endpoints;
  std::optional<std::string> rack;
  std::vector<Uuid> log_directories;
  /// Those that take no new replicas; unknown until the broker has said so.
  std::optional<std::vector<Uuid>> cordoned_log_directories;
  bool fenced = true;
  bool in_controlled_shutdown = false;
  std::map<std::string, FeatureRange> features;
  friend bool operator==(const BrokerImage&, const BrokerImage&) = default;
};

struct ControllerImage {
  NodeId id = no_node;
  Uuid incarnation;
  std::vector<Endpoint> endpoints;
  std::map<std::string, FeatureRange> features;
  friend bool operator==(const ControllerImage&, const ControllerImage&) = default;
};

struct ConfigResource {
  std::int8_t type = 0;  ///< 2 topic, 4 broker
  std::string name;      ///< of a topic; a broker id, or empty for the cluster's default
  friend auto operator<=>(const ConfigResource&, const ConfigResource&) = default;
};

/// The cluster at one offset of the metadata log. Immutable once published; made only by replaying
/// records. Topics are shared between images, so that a new image costs what changed.
struct Image {
  Offset offset = no_offset;           ///< of the last record in it
  LeaderEpoch epoch = 0;               ///< quorum epoch of that record
  std::map<std::string, std::shared_ptr<const TopicImage>, std::less<>> topics;
  std::unordered_map<Uuid, std::shared_ptr<const TopicImage>, UuidHash> topics_by_id;
  std::map<NodeId, BrokerImage> brokers;
  std::map<NodeId, ControllerImage> controllers;
  std::map<std::string, std::int16_t> features;  ///< finalized levels; those at 0 are not in it
  std::map<ConfigResource, std::map<std::string, std::string>> configs;
  std::int64_t next_producer_id = 0;

  const TopicImage* topic(std::string_view name) const {
    auto found = topics.find(name);
    return found == topics.end() ? nullptr : found->second.get();
  }
  const TopicImage* topic(const Uuid& id) const {
    auto found = topics_by_id.find(id);
    return found == topics_by_id.end() ? nullptr : found->second.get();
  }
  const PartitionImage* partition(const Uuid& topic_id, std::int32_t partition) const {
    const TopicImage* found = topic(topic_id);
    if (!found) return nullptr;
    auto at = found->partitions.find(partition);
    return at == found->partitions.end() ? nullptr : &at->second;
  }
  const std::map<std::string, std::string>& topic_configs(const std::string& name) const {
    static const std::map<std::string, std::string> none;
    auto found = configs.find(ConfigResource{2, name});
    return found == configs.end() ? none : found->second;
  }
};

}  // namespace leat::metadata
