#pragma once

#include <leat/diagnostics.h>

namespace leat {

/// The host's ears, handed down through the rooms. Any part may be missing.
struct Diagnostics {
  LogFunction log;
  ProgressFunction progress;

  void say(LogLevel level, std::string_view message) const {
    if (log) log(level, message);
  }
  void report(std::string_view what, std::size_t done, std::size_t total) const {
    if (progress) progress(what, done, total);
  }
};

}  // namespace leat
