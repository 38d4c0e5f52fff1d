#pragma once

#include <functional>
#include <string>
#include <vector>

#include "broker/services.h"

namespace leat::broker {

/// Makes topics that a client asked for by name (H2): internal ones as files.md 13 says, others with the defaults.
/// `done` comes, on an executor task, when they are there or cannot be made; failures go to the diagnostics.
void create_on_demand(Services& services, std::vector<std::string> names, std::function<void()> done);

}  // namespace leat::broker
