#pragma once

#include <leat/result.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/entropy.h"
#include "base/executor.h"
#include "io/volume.h"
#include "metadata/config_rules.h"
#include "metadata/images.h"
#include "protocol/messages/allocate_producer_ids.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/alter_partition.h"
#include "protocol/messages/alter_partition_reassignments.h"
#include "protocol/messages/assign_replicas_to_dirs.h"
#include "protocol/messages/broker_heartbeat.h"
#include "protocol/messages/broker_registration.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/describe_quorum.h"
#include "protocol/messages/elect_leaders.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/fetch_snapshot.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/unregister_broker.h"

namespace leat::metadata {

/// Writes the metadata log of a cluster with one controller and publishes the image that replaying it gives.
/// Nothing about topics, configs, registration or leadership exists except through that log: an
/// operation decides on the image of all appended records, appends its records as one batch, and is
/// answered once they are durable and applied.
///
/// Safe from any thread. Callbacks run on the executor, under no lock; the listeners of what close() publishes on its thread.
class Controller {
 public:
  struct Environment {
    Executor& executor;
    const Clock& clock;
    Entropy& entropy;
    io::Volume& volume;
    /// Where it publishes the image of everything durable, before the operation that caused a change is answered.
    Images& images;
    Diagnostics diagnostics;
  };
  struct Options {
    std::string directory;      ///< the metadata log directory; the log is in its __cluster_metadata-0
    std::string cluster_id;
    NodeId node_id = 1;
    Uuid directory_id;
    /// Whether this node is a broker too, which is then registered and unfenced at once. It needs no heartbeats.
    bool is_broker = true;
    /// What this broker registers with.
    std::vector<Endpoint> endpoints;
    std::optional<std::string> rack;
    std::vector<Uuid> log_directories;
    /// The broker epoch of the last clean stop, from the marker; nullopt after an unclean one.
    std::optional<std::int64_t> clean_broker_epoch;
    std::int32_t default_partitions = 1;
    std::int16_t default_replication_factor = 1;
    std::int32_t min_insync_replicas = 1;
    bool delete_topic_enable = true;
    Duration broker_session_timeout = std::chrono::seconds(9);
    ConfigRules config_rules;
    /// Where this controller is said to listen. Empty keeps what the log says, and a format says
    /// CONTROLLER://localhost:9093.
    std::vector<Endpoint> controller_endpoints;
  };

  /// Writes what `kafka-storage format --standalone` writes (files.md 5): bootstrap.checkpoint and the
  /// 0-0 snapshot. The caller writes meta.properties afterwards.
  static Result<void> format(io::Volume& volume, const Clock& clock, const Options& options);

  /// Replays the log (or the latest snapshot and the log), becomes leader of the next quorum epoch,
  /// formats an empty directory, writes bootstrap records on an empty log, registers controller and broker (replacing its own old
  /// registration at once), unfences it and elects it leader of what it may lead. All of that is durable
  /// when it returns.
  static Result<std::unique_ptr<Controller>> open(Environment environment, Options options);
  /// Without close() first: a stop as by a crash. Operations still queued are never answered; one that is
  /// being made durable is waited for.
  ~Controller();

  std::int64_t broker_epoch() const;
  LeaderEpoch quorum_epoch() const;

  template <class Response>
  using Done = std::function<void(Response)>;
  /// behaviours.md H10-H16, cluster.md E-G. The version decides what H15 and H19 say.
  void create_topics(protocol::CreateTopicsRequest request, std::int16_t version,
                     Done<protocol::CreateTopicsResponse> done);
  void create_partitions(protocol::CreatePartitionsRequest request, std::int16_t version,
                         Done<protocol::CreatePartitionsResponse> done);
  void delete_topics(protocol::DeleteTopicsRequest request, std::int16_t version,
                     Done<protocol::DeleteTopicsResponse> done);
  /// behaviours.md H17.
  void incremental_alter_configs(protocol::IncrementalAlterConfigsRequest request,
                                 Done<protocol::IncrementalAlterConfigsResponse> done);
  void alter_configs(protocol::AlterConfigsRequest request, Done<protocol::AlterConfigsResponse> done);
  /// cluster.md G8, G10, F10. The moves under way are in the image (reassignment.h).
  void elect_leaders(protocol::ElectLeadersRequest request, Done<protocol::ElectLeadersResponse> done);
  void alter_partition_reassignments(protocol::AlterPartitionReassignmentsRequest request,
                                     Done<protocol::AlterPartitionReassignmentsResponse> done);
  void unregister_broker(protocol::UnregisterBrokerRequest request, Done<protocol::UnregisterBrokerResponse> done);
  /// What the other brokers ask (cluster.md F1-F9, G9, G11, G12). One that is not heard of for broker_session_timeout is
  /// fenced.
  void register_broker(protocol::BrokerRegistrationRequest request, Done<protocol::BrokerRegistrationResponse> done);
  void broker_heartbeat(protocol::BrokerHeartbeatRequest request, Done<protocol::BrokerHeartbeatResponse> done);
  void alter_partition(protocol::AlterPartitionRequest request, std::int16_t version,
                       Done<protocol::AlterPartitionResponse> done);
  void assign_replicas(protocol::AssignReplicasToDirsRequest request,
                       Done<protocol::AssignReplicasToDirsResponse> done);
  void allocate_producer_ids(protocol::AllocateProducerIdsRequest request,
                             Done<protocol::AllocateProducerIdsResponse> done);
  /// What nodes without a vote ask: the log itself, and who copies it (cluster.md C).
  void fetch(const protocol::FetchRequest& request, Done<protocol::FetchResponse> done);
  protocol::FetchSnapshotResponse fetch_snapshot(const protocol::FetchSnapshotRequest& request);
  protocol::DescribeQuorumResponse describe_quorum(const protocol::DescribeQuorumRequest& request,
                                                    std::int16_t version);
  /// The broker now listens elsewhere (a server was attached): registers the same incarnation again.
  void set_endpoints(std::vector<Endpoint> endpoints, Done<Result<void>> done);

  /// A clean stop as Kafka's single node does it: controlled shutdown, leaderships given up into the ELR,
  /// fenced (files.md 6, offsets 24-27). Blocks until durable and closes the log. What comes later is
  /// answered not_controller, and so is everything after a failed write or sync, until opened again.
  Result<void> close();

 private:
  struct Core;
  explicit Controller(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace leat::metadata
