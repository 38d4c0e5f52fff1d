#include "metadata/placement.h"

#include <algorithm>
#include <map>

#include "metadata/directory_id.h"
#include "metadata/nodes.h"

namespace leat::metadata {
namespace {

std::size_t below(Entropy& entropy, std::size_t bound) { return static_cast<std::size_t>(entropy.next() % bound); }

void shuffle(Entropy& entropy, Nodes& nodes) {
  for (std::size_t i = nodes.size(); i > 1; --i) std::swap(nodes[i - 1], nodes[below(entropy, i)]);
}

struct Rack {
  Nodes unfenced, fenced;
};

/// Deals out the brokers of one rack in turn, unfenced first, beginning at `start`.
class RackTurn {
 public:
  RackTurn(const Rack& rack, std::size_t start) : rack_(&rack), start_(start) {}
  NodeId next_unfenced() { return next(rack_->unfenced, unfenced_); }
  NodeId next_any() {
    const NodeId id = next_unfenced();
    return id != no_node ? id : next(rack_->fenced, fenced_);
  }

 private:
  NodeId next(const Nodes& nodes, std::size_t& taken) {
    return taken == nodes.size() ? no_node : nodes[(start_ + taken++) % nodes.size()];
  }
  const Rack* rack_;
  std::size_t start_, unfenced_ = 0, fenced_ = 0;
};

Nodes place_one(const std::vector<Rack>& racks, std::size_t rack_start, std::size_t broker_start, std::size_t count) {
  std::vector<RackTurn> turns;
  for (std::size_t i = 0; i < racks.size(); ++i) turns.emplace_back(racks[(rack_start + i) % racks.size()], broker_start);
  Nodes replicas;
  // The first must be able to lead, so racks without an unfenced broker are passed over.
  std::size_t at = 0;
  for (; replicas.empty(); ++at)
    if (const NodeId id = turns[at].next_unfenced(); id != no_node) replicas.push_back(id);
  for (; replicas.size() < count; ++at)
    if (const NodeId id = turns[at % turns.size()].next_any(); id != no_node) replicas.push_back(id);
  return replicas;
}

}  // namespace

bool is_active(const Image& image, NodeId id) {
  const auto found = image.brokers.find(id);
  return found != image.brokers.end() && !found->second.fenced && !found->second.in_controlled_shutdown;
}

bool is_usable(const BrokerImage& broker) {
  if (broker.in_controlled_shutdown) return false;
  if (!broker.cordoned_log_directories || broker.log_directories.empty()) return true;
  const auto& cordoned = *broker.cordoned_log_directories;
  return std::any_of(broker.log_directories.begin(), broker.log_directories.end(), [&](const Uuid& directory) {
    return std::find(cordoned.begin(), cordoned.end(), directory) == cordoned.end();
  });
}

std::size_t usable_brokers(const Image& image) {
  return static_cast<std::size_t>(std::count_if(image.brokers.begin(), image.brokers.end(),
                                                [](const auto& entry) { return is_usable(entry.second); }));
}

Result<std::vector<std::vector<NodeId>>> place_replicas(const Image& image, Entropy& entropy,
                                                        std::int32_t partitions, std::int16_t replication_factor) {
  std::map<std::string, Rack> by_name;
  std::size_t unfenced = 0;
  for (const auto& [id, broker] : image.brokers) {
    if (!is_usable(broker)) continue;
    Rack& rack = by_name[broker.rack.value_or("")];
    (broker.fenced ? rack.fenced : rack.unfenced).push_back(id);
    unfenced += broker.fenced ? 0 : 1;
  }
  const auto bad = [](std::string what) { return Error{Errc::invalid_replication_factor, std::move(what)}; };
  if (unfenced == 0) return bad("All brokers are currently fenced.");
  if (static_cast<std::size_t>(replication_factor) > usable_brokers(image))
    return bad("The target replication factor of " + std::to_string(replication_factor) +
               " cannot be reached because only " + std::to_string(usable_brokers(image)) +
               " broker(s) are registered.");

  std::vector<Rack> racks;
  for (auto& [name, rack] : by_name) racks.push_back(std::move(rack));
  std::size_t rack_start = below(entropy, racks.size());
  std::size_t broker_start = below(entropy, unfenced);
  std::vector<Nodes> placed;
  for (std::int32_t i = 0; i < partitions; ++i) {
    if (i > 0 && static_cast<std::size_t>(i) % unfenced == 0)
      for (Rack& rack : racks) {
        shuffle(entropy, rack.unfenced);
        shuffle(entropy, rack.fenced);
      }
    placed.push_back(place_one(racks, rack_start++, broker_start++, static_cast<std::size_t>(replication_factor)));
  }
  return placed;
}

PartitionImage new_partition(const Image& image, std::vector<NodeId> replicas) {
  PartitionImage partition;
  for (NodeId id : replicas) {
    if (is_active(image, id)) partition.isr.push_back(id);
    partition.directories.push_back(new_directory(image, id));
  }
  partition.leader = partition.isr.empty() ? no_node : partition.isr[0];
  partition.replicas = std::move(replicas);
  return partition;
}

}  // namespace leat::metadata
