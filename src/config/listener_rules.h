#pragma once

#include "config/listeners.h"
#include "config/setting_values.h"

#include <leat/result.h>

#include <string>
#include <vector>

namespace leat::config {

/// What is listened on and what is advertised for each, in the same order.
struct ListenerPair {
  std::vector<Listener> listeners;
  std::vector<Listener> advertised;
};

/// By whom they are for.
struct ListenerChoice {
  ListenerPair clients;     ///< none where the node is no broker
  ListenerPair controller;  ///< none where the node is no controller, or a single node that opens none
  std::vector<std::string> controller_names;  ///< `controller.listener.names`, upper case
  std::string between_brokers;  ///< the name of the one that brokers use among themselves
};

/// Reads the settings of listeners together. INVALID_CONFIG with one sentence when they contradict each other or ask for
/// more than PLAINTEXT.
Result<ListenerChoice> apply_listener_rules(const SettingValues& values);

}  // namespace leat::config
