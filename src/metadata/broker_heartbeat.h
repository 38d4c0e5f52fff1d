#pragma once

#include <leat/result.h>

#include <optional>

#include "metadata/image.h"
#include "metadata/leadership_rules.h"
#include "metadata/records.h"
#include "protocol/messages/broker_heartbeat.h"

namespace leat::metadata {

enum class BrokerState { fenced, unfenced, controlled_shutdown, shut_down };

/// What `BrokerSessions` knows of the broker and of the others.
struct HeartbeatFacts {
  Offset registration_offset = 0;
  std::optional<Offset> shutdown_offset;
  Offset lowest_active_offset = 0;
};

struct HeartbeatDecision {
  Records records;
  protocol::BrokerHeartbeatResponse response;
  BrokerState next = BrokerState::fenced;
};

/// cluster.md F4, F6-F9: what a broker wants, what it may, and what that does to its partitions.
Result<HeartbeatDecision> decide_heartbeat(const Image& image, const protocol::BrokerHeartbeatRequest& request,
                                           const HeartbeatFacts& facts, const LeadershipDefaults& defaults);

}  // namespace leat::metadata
