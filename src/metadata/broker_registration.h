#pragma once

#include <leat/result.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metadata/decision.h"
#include "metadata/image.h"
#include "metadata/leadership_rules.h"
#include "metadata/records.h"
#include "protocol/messages/broker_registration.h"
#include "protocol/messages/unregister_broker.h"

namespace leat::metadata {

/// What a broker says of itself when it starts.
struct Registration {
  NodeId id = no_node;
  std::string cluster_id;
  Uuid incarnation;
  std::vector<Endpoint> endpoints;
  std::optional<std::string> rack;
  std::vector<Uuid> log_directories;
  std::map<std::string, FeatureRange> features;
  /// The epoch of its last clean stop; anything but the stored epoch is an unclean one.
  std::optional<std::int64_t> previous_broker_epoch;

  static Registration of(protocol::BrokerRegistrationRequest request);
};

/// What a registration is checked against.
struct RegistrationRules {
  std::string cluster_id;
  std::int16_t kraft_version = 0;
  LeadershipDefaults leadership;
};

/// cluster.md F1-F3 on the image of all records appended before; answers the broker epoch. `next_offset` is where the
/// records will be appended: the epoch of a new incarnation. The same incarnation again keeps epoch and fencing.
/// `has_session`: another incarnation of this broker is alive.
Result<Decision<std::int64_t>> decide_register(const Image& image, const Registration& registration, Offset next_offset,
                                               bool has_session, const RegistrationRules& rules);
/// The same incarnation at other endpoints: epoch and fencing are kept.
Result<Records> decide_new_endpoints(const Image& image, NodeId id, std::vector<Endpoint> endpoints);
/// F10: its leaderships end and it is forgotten.
Decision<protocol::UnregisterBrokerResponse> decide_unregister(const Image& image, NodeId id,
                                                               const LeadershipDefaults& defaults);
protocol::UnregisterBrokerResponse unregister_failed(const protocol::UnregisterBrokerRequest& request,
                                                     const Error& error);

/// stale_broker_epoch unless `id` is registered at `epoch` (F4).
Result<const BrokerImage*> registered_broker(const Image& image, NodeId id, std::int64_t epoch);

/// The record of a registration as the image has it.
Record registration_record(const BrokerImage& broker, const RecordVersions& versions);

}  // namespace leat::metadata
