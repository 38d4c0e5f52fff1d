#pragma once

#include "config/listeners.h"
#include "config/setting_values.h"

#include <leat/result.h>

#include <vector>

namespace leat::config {

/// What a broker listens on and what it advertises for each, in the same order.
struct ListenerPair {
  std::vector<Listener> listeners;
  std::vector<Listener> advertised;
};

/// Reads the settings of listeners together. INVALID_CONFIG with one sentence when they contradict each other or ask for
/// more than PLAINTEXT.
Result<ListenerPair> apply_listener_rules(const SettingValues& values);

}  // namespace leat::config
