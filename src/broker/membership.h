#pragma once

#include <leat/result.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "broker/broker_lifecycle.h"
#include "broker/controller_link.h"
#include "broker/isr_changes.h"
#include "broker/partitions.h"
#include "broker/peer_brokers.h"
#include "broker/producer_ids.h"
#include "broker/replica_fetchers.h"
#include "metadata/follower.h"

namespace leat::broker {

/// What joins a broker to the other nodes of its cluster: its ways to the controller, its fetchers, and, where the
/// controller is another node, its copy of the metadata and its registration.
///
/// Safe from any thread, but for the calls of opening and closing, which are one thread's.
class Membership {
 public:
  struct Options {
    std::string cluster_id;
    NodeId node_id = no_node;
    Uuid directory_id;  ///< of the metadata log directory
    std::vector<Uuid> log_directories;
    std::vector<metadata::Endpoint> endpoints;
    std::optional<std::int64_t> clean_broker_epoch;
  };
  /// A channel to the controller in this process, and this broker's epoch there; null where it is another node.
  struct OwnController {
    std::function<std::shared_ptr<protocol::Channel>()> channel;
    std::function<std::int64_t()> broker_epoch;
  };
  /// What is referred to lives as long as `owner`.
  Membership(const Environment& environment, const config::BrokerConfig& config, metadata::Images& images, Options options,
             OwnController own, std::weak_ptr<const void> owner);
  ~Membership();

  // In this order, where the controller is another node:
  /// Has the metadata of the cluster published. Blocks.
  Result<void> copy_metadata();
  /// Registers and is unfenced: brokers and clients may come. Blocks. From then on the controller is told which of the
  /// directories are offline.
  Result<void> enter(std::function<std::vector<Uuid>()> offline_directories);
  /// The controller lets this broker stop. Blocks, not longer than the controller would wait for it.
  void leave();
  Result<void> close();

  /// The controller has not been heard for so long that it may soon have given to others what this broker leads.
  bool is_out_of_touch() const;
  std::int64_t broker_epoch() const;
  void set_endpoints(const std::vector<metadata::Endpoint>& endpoints);
  Partitions::Replication replication();
  ControllerLink& forwarding() { return *forwarding_; }
  ProducerIds& producer_ids() { return *producer_ids_; }

 private:
  bool is_own_controller() const { return own_.channel != nullptr; }
  std::shared_ptr<ControllerLink> link(const std::string& purpose) const;
  std::shared_ptr<protocol::Channel> connect() const;
  std::function<std::int64_t()> broker_epoch_while_alive() const;
  /// False when the time for becoming part of the cluster is over.
  bool wait(Event& event) const;
  protocol::BrokerRegistrationRequest registration() const;

  const Environment& environment_;
  const config::BrokerConfig& config_;
  metadata::Images& images_;
  const Options options_;
  const OwnController own_;
  const std::weak_ptr<const void> owner_;
  const PeerBrokers peers_;
  const Instant give_up_at_;

  std::unique_ptr<metadata::Follower> metadata_;
  std::shared_ptr<ControllerLink> forwarding_, reports_, isr_link_;
  std::shared_ptr<ProducerIds> producer_ids_;
  std::shared_ptr<IsrChanges> isr_changes_;
  std::unique_ptr<ReplicaFetchers> fetchers_;
  std::shared_ptr<BrokerLifecycle> lifecycle_;
};

/// Asks the controllers that the configuration names for their cluster's id. Blocks.
Result<std::string> find_cluster_id(const Environment& environment, const config::BrokerConfig& config);

}  // namespace leat::broker
