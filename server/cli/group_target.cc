#include "group_target.h"

#include <limits>

#include "start_position.h"

namespace leat::cli {

Result<GroupTarget> GroupTarget::parse(std::string_view text) {
  using Start = StartPosition::Kind;
  if (text == "earliest") return GroupTarget{Kind::earliest, 0};
  if (text == "latest") return GroupTarget{Kind::latest, 0};
  // The rest as for `consume --from`; but what is before a sign moves from where the group is.
  const bool is_forward = text.starts_with('+');
  if (const auto start = StartPosition::parse(text.substr(is_forward ? 1 : 0))) {
    if (is_forward) {
      if (start->kind == Start::offset) return GroupTarget{Kind::shift, start->value};
    } else {
      switch (start->kind) {
        case Start::beginning: return GroupTarget{Kind::earliest, 0};
        case Start::end: return GroupTarget{Kind::latest, 0};
        case Start::offset: return GroupTarget{Kind::offset, start->value};
        case Start::last: return GroupTarget{Kind::shift, -start->value};
        case Start::timestamp: return GroupTarget{Kind::timestamp, start->value};
      }
    }
  }
  return Error{Errc::invalid_argument,
               "--to " + std::string(text) +
                   " is no position: say earliest, latest, an offset, +N or -N to move from what is committed, "
                   "@MILLISECONDS since 1970, or a time such as 2026-01-31T12:00:00Z"};
}

ClampedOffset clamp_offset(std::int64_t wanted, std::int64_t start, std::int64_t end) {
  if (wanted < start)
    return {start, "the log starts at " + std::to_string(start) + ", after " + std::to_string(wanted)};
  if (wanted > end) return {end, "the log ends at " + std::to_string(end) + ", before " + std::to_string(wanted)};
  return {wanted, {}};
}

std::int64_t shifted(std::int64_t from, std::int64_t by) {
  std::int64_t sum;
  if (!__builtin_add_overflow(from, by, &sum)) return sum;
  return by > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

}  // namespace leat::cli
