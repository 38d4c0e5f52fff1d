#pragma once

#include <atomic>
#include <string>

#include "broker/broker.h"
#include "broker/endpoints.h"
#include "broker/fetch_sessions.h"
#include "broker/group_coordinator.h"
#include "broker/membership.h"
#include "broker/partitions.h"
#include "broker/request.h"
#include "metadata/controller.h"

namespace leat::broker {

/// What handlers work with. Outlives every request.
struct Services {
  const Environment& environment;
  const config::BrokerConfig& config;
  const std::string& cluster_id;
  NodeId node_id;
  metadata::Images& images;
  /// Null where this node is no controller: what it would decide is forwarded (forward.h).
  metadata::Controller* controller;
  Membership& membership;
  Partitions& partitions;
  FetchSessions& fetch_sessions;
  Endpoints& endpoints;
  GroupCoordinator& groups;
  const std::atomic<bool>& is_closed;

  Door door(const std::string& listener) const {
    return config.is_controller_listener(listener) ? Door::controller : Door::clients;
  }
};

}  // namespace leat::broker
