#pragma once

#include <leat/result.h>

#include <optional>
#include <string>
#include <vector>

#include "metadata/image.h"
#include "metadata/records.h"

namespace leat::metadata {

/// What a broker says of itself when it starts.
struct Registration {
  NodeId id = no_node;
  Uuid incarnation;
  std::vector<Endpoint> endpoints;
  std::optional<std::string> rack;
  std::vector<Uuid> log_directories;
  /// The epoch of its last clean stop; anything but the stored epoch is an unclean one.
  std::optional<std::int64_t> previous_broker_epoch;
};

/// The life of a broker as records (cluster.md F; files.md 6 "First start"). Each function decides one
/// operation on the image of all records appended before it.

/// `next_offset` is where the records will be appended: the new broker epoch.
Result<Records> decide_register(const Image& image, const Registration& registration, Offset next_offset,
                                std::int32_t min_insync_replicas);
/// The session of a broker that is not there any more ends. Empty when it is fenced already.
Records decide_fence(const Image& image, NodeId id, std::int32_t min_insync_replicas);
Records decide_unfence(const Image& image, NodeId id, std::int32_t min_insync_replicas);
/// The first heartbeat that tells the cordoned directories: none. Empty when nothing changes.
Records decide_cordoned_directories(const Image& image, NodeId id);
/// A clean stop begins: every leadership is given up.
Records decide_controlled_shutdown(const Image& image, NodeId id, std::int32_t min_insync_replicas);
/// The same incarnation at other endpoints: epoch and fencing are kept.
Result<Records> decide_new_endpoints(const Image& image, NodeId id, std::vector<Endpoint> endpoints);

/// RegisterControllerRecord, written at every start.
Records decide_register_controller(const Image& image, NodeId id, const Uuid& incarnation,
                                   const std::vector<Endpoint>& endpoints);

}  // namespace leat::metadata
