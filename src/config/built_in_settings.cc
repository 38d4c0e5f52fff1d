#include "config/built_in_settings.h"

#include "config/broker_settings.h"
#include "config/cluster_settings.h"
#include "config/coordinator_settings.h"
#include "config/log_settings.h"
#include "config/topic_settings.h"

namespace leat::config {

SettingTable built_in_settings() {
  return SettingTable({broker_settings, cluster_settings, log_settings, coordinator_settings, topic::settings});
}

}  // namespace leat::config
