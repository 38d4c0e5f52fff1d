#pragma once

#include <leat/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace leat::config {

/// The numbers are those of DescribeConfigs.
enum class Type : std::int8_t {
  boolean = 1, string = 2, int32 = 3, int16 = 4, int64 = 5, float64 = 6, list = 7, class_name = 8, password = 9,
};

/// Where a value comes from; the numbers are those of DescribeConfigs.
enum class Source : std::int8_t {
  unknown = 0, dynamic_topic = 1, dynamic_broker = 2, dynamic_default_broker = 3, static_broker = 4, fallback = 5,
};

using StringList = std::vector<std::string>;

/// A parsed value; monostate is "unset". All integer types are kept as int64.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, StringList>;

template <class T>
consteval Type type_of() {
  if (std::is_same_v<T, bool>) return Type::boolean;
  if (std::is_same_v<T, std::int16_t>) return Type::int16;
  if (std::is_same_v<T, std::int32_t>) return Type::int32;
  if (std::is_same_v<T, std::int64_t>) return Type::int64;
  if (std::is_same_v<T, double>) return Type::float64;
  if (std::is_same_v<T, std::string>) return Type::string;
  if (std::is_same_v<T, StringList>) return Type::list;
  throw "no type of settings";
}

/// "int", "list": Kafka's word for it.
std::string_view name(Type type) noexcept;

/// As Kafka prints it: "true", "42", "0.5", "a,b"; empty for unset.
std::string to_text(const Value& value);

inline bool is_set(const Value& value) noexcept { return value.index() != 0; }

/// The elements between commas, blanks around them cut, empty ones and repetitions left out.
StringList split_list(std::string_view text);

/// Without the blanks and control characters at both ends.
std::string_view trim(std::string_view text) noexcept;

/// For messages: in quotation marks, control characters as `?`, long ones cut.
std::string quoted(std::string_view text);

/// Java's Long.parseLong: an optional sign and decimal digits.
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

}  // namespace leat::config
