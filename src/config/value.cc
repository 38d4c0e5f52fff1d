#include "config/value.h"

#include <algorithm>
#include <charconv>

namespace leat::config {

namespace {

struct ToText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    std::string text(buffer, end);
    // Java always shows that it is no integer.
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
  }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const StringList& value) const {
    std::string text;
    for (const std::string& element : value) {
      if (!text.empty()) text += ',';
      text += element;
    }
    return text;
  }
};

}  // namespace

std::string_view name(Type type) noexcept {
  switch (type) {
    case Type::boolean: return "boolean";
    case Type::string: return "string";
    case Type::int32: return "int";
    case Type::int16: return "short";
    case Type::int64: return "long";
    case Type::float64: return "double";
    case Type::list: return "list";
    case Type::class_name: return "class";
    case Type::password: return "password";
  }
  return "unknown";
}

std::string to_text(const Value& value) { return std::visit(ToText{}, value); }

std::string_view trim(std::string_view text) noexcept {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

StringList split_list(std::string_view text) {
  StringList list;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view element = trim(text.substr(0, comma));
    if (!element.empty() && std::ranges::find(list, element) == list.end()) list.emplace_back(element);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return list;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t shown_max = 100;
  std::string shown = "\"" + std::string(text.substr(0, shown_max));
  std::ranges::replace_if(shown, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return shown + (text.size() > shown_max ? "...\"" : "\"");
}

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace leat::config
