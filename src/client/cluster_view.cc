#include "client/cluster_view.h"

#include <algorithm>

namespace leat::client {
namespace {

TopicView read_topic(const protocol::MetadataResponse::MetadataResponseTopic& from) {
  TopicView topic;
  topic.name = from.name.value_or("");
  topic.id = from.topic_id;
  topic.is_internal = from.is_internal;
  topic.error = static_cast<Errc>(from.error_code);
  for (const auto& p : from.partitions)
    topic.partitions.push_back(
        {p.partition_index, p.leader_id, p.leader_epoch, p.replica_nodes, p.isr_nodes});
  std::ranges::sort(topic.partitions, {}, &PartitionView::partition);
  return topic;
}

/// Two brokers may answer in either order: the newer term wins.
void keep_newer_leaders(TopicView& topic, const TopicView& known) {
  if (topic.id != known.id) return;
  for (PartitionView& partition : topic.partitions) {
    const auto same = std::ranges::find(known.partitions, partition.partition, &PartitionView::partition);
    if (same != known.partitions.end() && same->leader_epoch > partition.leader_epoch) partition = *same;
  }
}

}  // namespace

std::shared_ptr<const ClusterView> ClusterView::merged(const protocol::MetadataResponse& answer,
                                                       bool complete) const {
  auto view = std::make_shared<ClusterView>();
  for (const auto& broker : answer.brokers)
    view->nodes_[broker.node_id] = {broker.node_id, broker.host, broker.port};
  view->controller_ = answer.controller_id;
  view->cluster_id_ = answer.cluster_id.value_or(cluster_id_);
  if (!complete) view->topics_ = topics_;
  for (const auto& from : answer.topics) {
    TopicView topic = read_topic(from);
    if (topic.name.empty()) continue;
    if (const TopicView* known = this->topic(topic.name)) keep_newer_leaders(topic, *known);
    view->topics_[topic.name] = std::move(topic);
  }
  return view;
}

std::shared_ptr<const ClusterView> ClusterView::with(const NodeAddress& node) const {
  auto view = std::make_shared<ClusterView>(*this);
  view->nodes_[node.id] = node;
  return view;
}

const TopicView* ClusterView::topic(std::string_view name) const {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : &found->second;
}

const TopicView* ClusterView::topic(const Uuid& id) const {
  for (const auto& [name, topic] : topics_)
    if (topic.id == id) return &topic;
  return nullptr;
}

const PartitionView* ClusterView::partition(std::string_view name, std::int32_t partition) const {
  const TopicView* found = topic(name);
  if (!found) return nullptr;
  // Numbered from 0 without gaps, but an answer is not to be trusted that far.
  const auto at = std::ranges::find(found->partitions, partition, &PartitionView::partition);
  return at == found->partitions.end() ? nullptr : &*at;
}

const NodeAddress* ClusterView::node(NodeId id) const {
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? nullptr : &found->second;
}

bool is_retriable(Errc code) noexcept {
  switch (code) {
    case Errc::corrupt_message:
    case Errc::request_timed_out:
    case Errc::coordinator_load_in_progress:
    case Errc::not_enough_replicas:
    case Errc::not_enough_replicas_after_append:
    case Errc::concurrent_transactions:
    case Errc::fetch_session_id_not_found:
    case Errc::invalid_fetch_session_epoch:
    case Errc::fetch_session_topic_id_error:
    case Errc::offset_not_available:
    case Errc::unstable_offset_commit:
    case Errc::throttling_quota_exceeded:
    case Errc::timed_out:
      return true;
    default:
      return wants_fresh_metadata(code);
  }
}

bool wants_fresh_metadata(Errc code) noexcept {
  switch (code) {
    case Errc::unknown_topic_or_partition:
    case Errc::leader_not_available:
    case Errc::not_leader_or_follower:
    case Errc::broker_not_available:
    case Errc::replica_not_available:
    case Errc::network_exception:
    case Errc::coordinator_not_available:
    case Errc::not_coordinator:
    case Errc::not_controller:
    case Errc::kafka_storage_error:
    case Errc::listener_not_found:
    case Errc::fenced_leader_epoch:
    case Errc::unknown_leader_epoch:
    case Errc::preferred_leader_not_available:
    case Errc::eligible_leaders_not_available:
    case Errc::unknown_topic_id:
    case Errc::inconsistent_topic_id:
    case Errc::disconnected:
      return true;
    default:
      return false;
  }
}

}  // namespace leat::client
