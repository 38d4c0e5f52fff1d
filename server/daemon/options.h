#pragma once

#include <leat/result.h>

#include <span>
#include <string>
#include <vector>

#include "config/property.h"

namespace leat::daemon {

/// What the command line asks for.
struct Options {
  std::string file;                         ///< empty: none
  std::vector<config::Property> settings;   ///< of --set, in their order
  std::string log_level;                    ///< empty: not given
  bool help = false;
  bool version = false;
};

/// Errors are one sentence that names the argument.
Result<Options> parse_options(std::span<const char* const> arguments);

/// What --help prints.
extern const char* const usage;

}  // namespace leat::daemon
