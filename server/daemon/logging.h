#pragma once

#include <leat/result.h>

#include <string>

#include "base/diagnostics.h"

namespace leat::daemon {

/// Sets up standard error for logs of `level` and above: debug, info, warning, error, off.
Result<void> start_logging(const std::string& level);

/// What the rooms say, line by line through spdlog; progress at most once a second.
Diagnostics diagnostics();

/// A broken invariant, before the process aborts.
void log_fatal(std::string_view message);

}  // namespace leat::daemon
