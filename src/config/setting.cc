#include "config/setting.h"

#include "base/assert.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace leat::config {

namespace {

bool one_of(std::string_view choices, std::string_view text) {
  while (!choices.empty()) {
    const std::size_t bar = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, bar) == text) return true;
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return false;
}

std::string in_words(std::string_view choices) {
  std::string words(choices);
  for (std::size_t bar; (bar = words.find('|')) != std::string::npos;) words.replace(bar, 1, ", ");
  return words;
}

/// What a value of the setting has to be, as the end of a sentence: "must be a number from 1 to 9, or -1".
std::string demand(const SettingInfo& setting) {
  switch (setting.type) {
    case Type::boolean: return "must be true or false";
    case Type::int16:
    case Type::int32:
    case Type::int64:
    case Type::float64: {
      std::string text = setting.type == Type::float64 ? "must be a number" : "must be a whole number";
      text += " from " + std::to_string(setting.min) + " to " + std::to_string(setting.max);
      if (setting.also) text += ", or " + std::to_string(*setting.also);
      return text;
    }
    case Type::list: {
      std::string text = setting.required ? "must be a list of at least one" : "must be a list";
      return setting.allowed.empty() ? text : text + " of these: " + in_words(setting.allowed);
    }
    default: return "must be one of these: " + in_words(setting.allowed);
  }
}

Error bad_value(const SettingInfo& setting, std::string_view text) {
  std::string shown = setting.sensitive ? "(hidden)" : quoted(text);
  return {Errc::invalid_config, std::string(setting.name) + " is " + shown + ", but " + demand(setting)};
}

bool in_range(const SettingInfo& setting, std::int64_t number) {
  return (number >= setting.min && number <= setting.max) || setting.also == number;
}

/// What the type itself can hold; a Setting<T> has its limits narrowed already, a known key has not.
bool in_type(Type type, std::int64_t number) {
  if (type == Type::int16) return number == static_cast<std::int16_t>(number);
  if (type == Type::int32) return number == static_cast<std::int32_t>(number);
  return true;
}

std::optional<bool> parse_boolean(std::string_view text) {
  const auto is = [&](std::string_view word) {
    return std::ranges::equal(text, word, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  };
  if (is("true")) return true;
  if (is("false")) return false;
  return std::nullopt;
}

std::optional<double> parse_double(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

auto position(const std::vector<const SettingInfo*>& sorted, std::string_view name) {
  return std::ranges::lower_bound(sorted, name, {}, &SettingInfo::name);
}

}  // namespace

SettingTable::SettingTable(std::initializer_list<SettingList> lists) {
  for (const SettingList& list : lists)
    for (const SettingInfo* setting : list)
      (setting->scope == Scope::broker ? broker_ : topic_).push_back(setting);
  for (auto* settings : {&broker_, &topic_}) {
    std::ranges::sort(*settings, {}, &SettingInfo::name);
    const auto twice = std::ranges::adjacent_find(*settings, {}, &SettingInfo::name);
    LEAT_ASSERT(twice == settings->end(), std::string((*twice)->name) + " is declared twice");
  }
}

const SettingInfo* SettingTable::find(Scope scope, std::string_view name) const noexcept {
  const auto& sorted = scope == Scope::broker ? broker_ : topic_;
  const auto found = position(sorted, name);
  return found != sorted.end() && (*found)->name == name ? *found : nullptr;
}

Result<Value> parse_value(const SettingInfo& setting, std::string_view written) {
  const std::string_view text = trim(written);
  switch (setting.type) {
    case Type::boolean:
      if (const auto flag = parse_boolean(text)) return Value(*flag);
      break;
    case Type::int16:
    case Type::int32:
    case Type::int64:
      if (const auto number = parse_integer(text);
          number && in_type(setting.type, *number) && in_range(setting, *number))
        return Value(*number);
      break;
    case Type::float64:
      if (const auto number = parse_double(text); number && *number >= static_cast<double>(setting.min) &&
                                                  *number <= static_cast<double>(setting.max))
        return Value(*number);
      break;
    case Type::list: {
      StringList list = split_list(text);
      const bool good = std::ranges::all_of(
          list, [&](const std::string& e) { return setting.allowed.empty() || one_of(setting.allowed, e); });
      if (good && !(setting.required && list.empty())) return Value(std::move(list));
      break;
    }
    default:
      if (setting.allowed.empty() || one_of(setting.allowed, text)) return Value(std::string(text));
  }
  return bad_value(setting, text);
}

std::string valid_text(const SettingInfo& setting) {
  if (!setting.allowed.empty())
    return (setting.type == Type::list ? "subset of " : "one of ") + std::string(setting.allowed);
  if (setting.type == Type::list && setting.required) return "non-empty list";
  const std::int64_t type_max = setting.type == Type::int16   ? std::numeric_limits<std::int16_t>::max()
                                : setting.type == Type::int32 ? std::numeric_limits<std::int32_t>::max()
                                                              : int64_max;
  const std::int64_t type_min = setting.type == Type::int16   ? std::numeric_limits<std::int16_t>::min()
                                : setting.type == Type::int32 ? std::numeric_limits<std::int32_t>::min()
                                                              : std::numeric_limits<std::int64_t>::min();
  std::string text;
  if (setting.max < type_max) text = std::to_string(setting.min) + ".." + std::to_string(setting.max);
  else if (setting.min > type_min) text = ">=" + std::to_string(setting.min);
  if (text.empty()) return "any";
  return setting.also ? text + " or " + std::to_string(*setting.also) : text;
}

Value fallback_value(const SettingInfo& setting, bool embedded) {
  const Literal& literal = embedded && setting.embedded_fallback.is_set() ? setting.embedded_fallback : setting.fallback;
  switch (literal.kind) {
    case Literal::Kind::unset: return {};
    case Literal::Kind::boolean: return literal.boolean;
    case Literal::Kind::integer: return literal.integer;
    case Literal::Kind::real: return literal.real;
    case Literal::Kind::text: break;
  }
  if (setting.type == Type::list) return split_list(literal.text);
  return std::string(literal.text);
}

}  // namespace leat::config
