#pragma once

#include "config/setting.h"

namespace leat::config {

/// The settings declared in this room: broker_settings.h, log_settings.h, coordinator_settings.h, topic_settings.h.
/// Modules above that declare their own append their lists when they build a broker's table.
SettingTable built_in_settings();

}  // namespace leat::config
