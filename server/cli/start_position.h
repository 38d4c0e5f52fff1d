#pragma once

#include <leat/result.h>

#include <cstdint>
#include <string_view>

namespace leat::cli {

/// Where reading starts: what --from says.
struct StartPosition {
  enum class Kind { beginning, end, offset, last, timestamp };
  Kind kind = Kind::beginning;
  /// The offset, how many records before the end, or milliseconds since 1970.
  std::int64_t value = 0;

  /// "beginning", "end", "42", "-10", "@1767322845678", "2026-01-02T03:04:05Z".
  static Result<StartPosition> parse(std::string_view text);
};

}  // namespace leat::cli
