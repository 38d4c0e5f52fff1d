#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/types.h"

namespace leat::cli {

/// "2026-01-02", "2026-01-02T03:04", "2026-01-02T03:04:05.678", with nothing or "Z" behind it (UTC), or "+02:00".
/// A space may stand for the T.
std::optional<TimestampMs> parse_iso_time(std::string_view text);
/// "2026-01-02T03:04:05.678Z"
std::string iso_time(TimestampMs timestamp);

}  // namespace leat::cli
