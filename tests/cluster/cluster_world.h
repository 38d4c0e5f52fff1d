#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "client/channels.h"
#include "client/remote.h"
#include "config/broker_config.h"
#include "sim/disk.h"
#include "sim/entropy.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/scheduler.h"

namespace leat::cluster {

using namespace std::chrono_literals;

/// A cluster in virtual time: node 1 is controller and broker, the others are brokers. Each has its own machine and disk.
class ClusterWorld {
 public:
  explicit ClusterWorld(std::uint64_t seed = 1) : scheduler(seed), network(scheduler, seed + 1), entropy(seed + 2), seed_(seed) {}
  ~ClusterWorld() {
    for (auto& [id, node] : nodes_) stop(id);
    scheduler.run_ready();
  }

  struct Node {
    Node(sim::Scheduler& scheduler, const std::string& name, std::uint64_t seed)
        : machine(scheduler, name), disk(machine, {.seed = seed, .clock = &machine}) {}
    sim::Machine machine;
    sim::Disk disk;
    std::shared_ptr<protocol::Connector> connector;
    std::shared_ptr<broker::Broker> broker;
    std::vector<std::string> said;
  };
  Node& node(NodeId id) { return *nodes_.at(id); }

  /// What every node that starts from now on is configured with, beside its part in the cluster.
  std::vector<config::Property> settings;
  /// Node 2 then lies in rack "r2", and so on.
  bool has_racks = false;

  Result<void> try_start(NodeId id);
  void start(NodeId id) {
    auto started = try_start(id);
    ASSERT_TRUE(started) << started.error().to_string();
  }
  void start_all(int nodes) {
    for (NodeId id = 1; id <= nodes; ++id) start(id);
  }
  /// A clean stop.
  void stop(NodeId id);
  /// The power goes.
  void crash(NodeId id) { end(id, &sim::Disk::power_cycle); }
  /// As kill -9 does: what was written stays.
  void kill(NodeId id) { end(id, &sim::Disk::kill_process); }
  bool is_up(NodeId id) const { return nodes_.contains(id) && nodes_.at(id)->broker != nullptr; }

  /// Clients on a machine of their own.
  client::Remote clients();
  /// The same, who know of one broker only.
  client::Remote clients_of(NodeId id);
  /// Of a group; no_node while nobody says.
  NodeId coordinator_of(const std::string& group);
  leat::Admin admin() { return clients().admin(); }

  sim::Scheduler scheduler;
  sim::Network network;
  sim::SeededEntropy entropy;

 private:
  client::Remote clients_of(std::vector<client::NodeAddress> bootstrap);
  void end(NodeId id, void (sim::Disk::*what_happens)());

  const std::uint64_t seed_;
  std::map<NodeId, std::unique_ptr<Node>> nodes_;
  sim::Machine clients_{scheduler, "clients"};
  std::shared_ptr<protocol::Connector> clients_connector_ = network.connector(clients_);
};

}  // namespace leat::cluster
