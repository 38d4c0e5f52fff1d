#include "start_position.h"

#include <charconv>
#include <optional>
#include <string>

#include "timestamp.h"

namespace leat::cli {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<StartPosition> StartPosition::parse(std::string_view text) {
  if (text == "beginning") return StartPosition{Kind::beginning, 0};
  if (text == "end") return StartPosition{Kind::end, 0};
  if (const auto offset = number(text)) {
    if (*offset >= 0 && text.front() != '-') return StartPosition{Kind::offset, *offset};
    if (*offset < 0 && *offset > INT64_MIN) return StartPosition{Kind::last, -*offset};
  }
  if (text.starts_with('@')) {
    if (const auto timestamp = number(text.substr(1)); timestamp && *timestamp >= 0)
      return StartPosition{Kind::timestamp, *timestamp};
  } else if (const auto timestamp = parse_iso_time(text); timestamp && *timestamp >= 0) {
    return StartPosition{Kind::timestamp, *timestamp};
  }
  return Error{Errc::invalid_argument,
               "--from " + std::string(text) +
                   " is no start: say beginning, end, an offset, -N for the last N records of each partition, "
                   "@MILLISECONDS since 1970, or a time such as 2026-01-31T12:00:00Z"};
}

}  // namespace leat::cli
