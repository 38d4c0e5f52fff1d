#pragma once

#include <leat/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leat::cli {

/// Where a group is to go on: what `leat group reset --to` says.
struct GroupTarget {
  enum class Kind { earliest, latest, offset, shift, timestamp };
  Kind kind = Kind::earliest;
  /// The offset, by how much to move, or milliseconds since 1970.
  std::int64_t value = 0;

  /// "earliest", "latest", "42", "+10", "-10", "@1767322845678", "2026-01-02T03:04:05Z"; also `beginning` and `end`.
  static Result<GroupTarget> parse(std::string_view text);
};

/// An offset within a log, and what had to be changed for it to be there.
struct ClampedOffset {
  std::int64_t offset = 0;
  std::string note;  ///< empty: nothing
};
/// `wanted`, or the end of the log that is nearer. Expects start <= end.
ClampedOffset clamp_offset(std::int64_t wanted, std::int64_t start, std::int64_t end);
/// `from` moved by `by`, saturating.
std::int64_t shifted(std::int64_t from, std::int64_t by);

}  // namespace leat::cli
