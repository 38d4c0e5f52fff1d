#pragma once

#include <functional>
#include <string_view>

namespace leat {

enum class LogLevel { debug, info, warning, error };

/// Where the core says something to the operator. May be called from any thread; must not call back
/// into the broker. The core never prints.
using LogFunction = std::function<void(LogLevel, std::string_view message)>;

/// Long work that reports how far it is: loading logs, recovery. `done` of `total` steps of `what`.
using ProgressFunction =
    std::function<void(std::string_view what, std::size_t done, std::size_t total)>;

struct Diagnostics {
  LogFunction log;
  ProgressFunction progress;

  void say(LogLevel level, std::string_view message) const {
    if (log) log(level, message);
  }
};

}  // namespace leat
