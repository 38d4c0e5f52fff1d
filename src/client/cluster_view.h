#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/types.h"
#include "base/uuid.h"
#include "client/channels.h"
#include "protocol/messages/metadata.h"

namespace leat::client {

struct PartitionView {
  std::int32_t partition = 0;
  NodeId leader = no_node;
  LeaderEpoch leader_epoch = no_epoch;
  std::vector<NodeId> replicas;
  std::vector<NodeId> in_sync_replicas;
};

struct TopicView {
  std::string name;
  Uuid id;
  bool is_internal = false;
  /// Why there are no partitions.
  Errc error = Errc::none;
  std::vector<PartitionView> partitions;  ///< by number
};

/// What Metadata answers said, merged. Immutable.
class ClusterView {
 public:
  /// This view with an answer laid over it: a topic in it replaces the old one, but a partition keeps what
  /// has a newer leader epoch. `complete`: topics that are not in it are gone.
  std::shared_ptr<const ClusterView> merged(const protocol::MetadataResponse& answer, bool complete) const;

  /// This view with that node at that address.
  std::shared_ptr<const ClusterView> with(const NodeAddress& node) const;

  /// Null when nothing is known.
  const TopicView* topic(std::string_view name) const;
  const TopicView* topic(const Uuid& id) const;
  const PartitionView* partition(std::string_view topic, std::int32_t partition) const;
  const NodeAddress* node(NodeId id) const;
  const std::map<std::string, TopicView, std::less<>>& topics() const { return topics_; }
  const std::map<NodeId, NodeAddress>& nodes() const { return nodes_; }
  NodeId controller() const { return controller_; }
  const std::string& cluster_id() const { return cluster_id_; }

 private:
  std::map<NodeId, NodeAddress> nodes_;
  std::map<std::string, TopicView, std::less<>> topics_;
  NodeId controller_ = no_node;
  std::string cluster_id_;
};

/// Whether trying again may help (errors.tsv), here or after fresh metadata.
bool is_retriable(Errc code) noexcept;
bool wants_fresh_metadata(Errc code) noexcept;

}  // namespace leat::client
