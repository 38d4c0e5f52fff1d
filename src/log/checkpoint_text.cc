#include "log/checkpoint_text.h"

#include "base/errors.h"

namespace leat::log {
namespace {
constexpr std::string_view space = " \t\r\v\f";

std::vector<std::string_view> split_fields(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t at = line.find_first_not_of(space); at != line.npos;) {
    const std::size_t end = line.find_first_of(space, at);
    fields.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(space, end);
  }
  return fields;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

Result<std::int64_t> take_number(std::string_view& text) {
  const auto fields = split_fields(take_line(text));
  if (fields.size() != 1) return Error{Errc::corrupt, "a number is missing in the first two lines"};
  return parse_integer<std::int64_t>(fields[0]);
}
}  // namespace

Result<std::vector<std::vector<std::string_view>>> parse_checkpoint(std::string_view text,
                                                                    std::size_t fields) {
  std::vector<std::vector<std::string_view>> lines;
  if (text.empty()) return lines;
  LEAT_TRY(const std::int64_t version, take_number(text));
  if (version != 0) return Error{Errc::corrupt, "unknown version " + std::to_string(version)};
  LEAT_TRY(const std::int64_t count, take_number(text));
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    auto parts = split_fields(line);
    if (parts.empty()) continue;
    if (parts.size() != fields)
      return Error{Errc::corrupt, "malformed line \"" + std::string(line) + "\""};
    lines.push_back(std::move(parts));
  }
  if (count != static_cast<std::int64_t>(lines.size()))
    return Error{Errc::corrupt, std::to_string(count) + " lines are announced, " +
                                    std::to_string(lines.size()) + " are there"};
  return lines;
}

std::string format_checkpoint(const std::vector<std::string>& lines) {
  std::string text = "0\n" + std::to_string(lines.size()) + "\n";
  for (const std::string& line : lines) text.append(line).append("\n");
  return text;
}

}  // namespace leat::log
