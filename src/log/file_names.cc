#include "log/file_names.h"

#include <charconv>
#include <cstdio>

namespace leat::log {
namespace {
std::optional<Offset> parse_number(std::string_view digits) {
  Offset number = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || at != end || number < 0) return std::nullopt;
  return number;
}
}  // namespace

std::string numbered_name(Offset number, std::string_view suffix) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%020lld", static_cast<long long>(number));
  return std::string(digits).append(suffix);
}

std::optional<Offset> number_of(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  return parse_number(name.substr(0, name.size() - suffix.size()));
}

std::optional<Offset> leading_number(std::string_view name) {
  return parse_number(name.substr(0, name.find('.')));
}

}  // namespace leat::log
