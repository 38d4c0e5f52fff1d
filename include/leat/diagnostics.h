#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace leat {

enum class LogLevel { debug, info, warning, error };

/// Where Leat says something to the operator; it never prints. May be called from any thread, and must
/// not call back into the broker.
using LogFunction = std::function<void(LogLevel level, std::string_view message)>;

/// Long work that reports how far it is (loading and recovering logs): `done` of `total` steps of `what`.
using ProgressFunction =
    std::function<void(std::string_view what, std::size_t done, std::size_t total)>;

/// Told of a broken invariant, with file, line and values, before the process aborts.
using FatalHandler = std::function<void(std::string_view message)>;

}  // namespace leat
