#pragma once

#include "config/setting.h"

#include <string>

namespace leat::config {

/// docs/configuration.md: every setting with type, default, valid values, meaning and whether it can change at run
/// time, and before them the one table of defaults that differ from Kafka's.
std::string render_docs_page(const SettingTable& table);

}  // namespace leat::config
