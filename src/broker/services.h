#pragma once

#include <atomic>
#include <string>

#include "broker/broker.h"
#include "broker/controller_link.h"
#include "broker/endpoints.h"
#include "broker/fetch_sessions.h"
#include "broker/group_coordinator.h"
#include "broker/partitions.h"
#include "broker/producer_ids.h"
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
  /// To the active controller, for what clients ask.
  ControllerLink& forwarding;
  Partitions& partitions;
  FetchSessions& fetch_sessions;
  Endpoints& endpoints;
  ProducerIds& producer_ids;
  GroupCoordinator& groups;
  const std::atomic<bool>& is_closed;

  Door door(const std::string& listener) const {
    return config.is_controller_listener(listener) ? Door::controller : Door::clients;
  }
};

}  // namespace leat::broker
