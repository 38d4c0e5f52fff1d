#pragma once

#include <leat/result.h>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace leat::log {

/// The text of Kafka's checkpoint files (files.md 10): version 0, the number of lines, the lines.
/// An empty text is an empty list. Error: corrupt, for another version, a wrong count or a line that
/// does not have `fields` fields. The views point into `text`.
Result<std::vector<std::vector<std::string_view>>> parse_checkpoint(std::string_view text,
                                                                    std::size_t fields);
std::string format_checkpoint(const std::vector<std::string>& lines);

/// The whole of `text` as a number. Error: corrupt.
template <class Integer>
Result<Integer> parse_integer(std::string_view text) {
  Integer value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end)
    return Error{Errc::corrupt, "\"" + std::string(text) + "\" is not a number"};
  return value;
}

}  // namespace leat::log
