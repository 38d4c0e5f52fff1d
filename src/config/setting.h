#pragma once

#include "config/value.h"

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace leat::config {

enum class Scope : std::uint8_t { broker, topic };

/// When a new value takes effect, in Kafka's words.
enum class Change : std::uint8_t { read_only, per_broker, cluster_wide, dynamic };

/// A value as it can be written in a declaration. (GCC 12 takes no std::variant here under -fsanitize=undefined.)
struct Literal {
  enum class Kind : std::uint8_t { unset, boolean, integer, real, text };

  constexpr Literal() = default;
  constexpr Literal(std::same_as<bool> auto value) : kind(Kind::boolean), boolean(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  constexpr Literal(T value) : kind(Kind::integer), integer(value) {}
  constexpr Literal(double value) : kind(Kind::real), real(value) {}
  constexpr Literal(const char* value) : kind(Kind::text), text(value) {}

  constexpr bool is_set() const { return kind != Kind::unset; }

  Kind kind = Kind::unset;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text;
};

struct SettingInfo;

/// A broker setting that a topic setting takes its value from, and what one of its units is worth.
struct Inherited {
  const SettingInfo* setting = nullptr;
  std::int64_t scale = 1;
};

/// One setting, declared as data beside the code that reads it. Parsing, range checks, DescribeConfigs
/// and docs/configuration.md all derive from this.
struct SettingInfo {
  std::string_view name;
  Literal fallback = {};
  /// Of numbers, both ends included.
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  /// One number outside the range that is good too: "1..9 or -1".
  std::optional<std::int64_t> also = {};
  /// "a|b|c": what a text must be one of, and a list a subset of. Empty: anything.
  std::string_view allowed = {};
  /// A list must not be empty.
  bool required = false;
  Scope scope = Scope::broker;
  Change change = Change::read_only;
  std::string_view doc;
  /// Kafka's default, where ours is another, and why.
  std::string_view kafka_fallback = {};
  std::string_view differs_because = {};
  /// Takes the place of `fallback` in a broker inside an application.
  Literal embedded_fallback = {};
  /// Of a topic setting, the first that is set wins, else the first that has a default.
  Inherited inherits[3] = {};
  /// Never shown.
  bool sensitive = false;
  /// Set by Setting<T>.
  Type type = Type::string;
};

/// The typed handle, so that `config.get(segment_bytes)` is a number and not a text:
///
///     inline constexpr Setting<std::int32_t> segment_bytes{{
///         .name = "segment.bytes", .fallback = 1_GiB, .min = 1_MiB, .scope = Scope::topic, ...}};
///
/// T is bool, int16_t, int32_t, int64_t, double, std::string or StringList. A fallback of the wrong kind or
/// out of range does not compile.
template <class T>
struct Setting : SettingInfo {
  using value_type = T;

  consteval Setting(SettingInfo info) : SettingInfo(info) {
    type = type_of<T>();
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      if (min < std::numeric_limits<T>::min()) min = std::numeric_limits<T>::min();
      if (max > std::numeric_limits<T>::max()) max = std::numeric_limits<T>::max();
    }
    require(fits(fallback), "the fallback does not fit the setting");
    require(fits(embedded_fallback), "the embedded fallback does not fit the setting");
    require(doc.size() > 0 && name.size() > 0, "a setting needs a name and a meaning");
  }

 private:
  static constexpr void require(bool good, const char* message) {
    if (!good) throw message;  // in a constant expression: a compile error
  }
  constexpr bool fits(const Literal& literal) const {
    if (!literal.is_set()) return true;
    if constexpr (std::is_same_v<T, bool>) return literal.kind == Literal::Kind::boolean;
    else if constexpr (std::is_same_v<T, double>) return literal.kind == Literal::Kind::real;
    else if constexpr (std::is_integral_v<T>)
      return literal.kind == Literal::Kind::integer &&
             ((literal.integer >= min && literal.integer <= max) || also == literal.integer);
    else return literal.kind == Literal::Kind::text;
  }
};

/// What a module lists its settings in.
using SettingList = std::span<const SettingInfo* const>;

/// The settings of a broker, collected from the modules' lists. Immutable; holds no values.
class SettingTable {
 public:
  /// A name may be there once for each scope.
  SettingTable(std::initializer_list<SettingList> lists);

  /// Null when there is none.
  const SettingInfo* find(Scope scope, std::string_view name) const noexcept;
  /// Sorted by name.
  SettingList all(Scope scope) const noexcept { return scope == Scope::broker ? broker_ : topic_; }

 private:
  std::vector<const SettingInfo*> broker_;
  std::vector<const SettingInfo*> topic_;
};

/// The value of a text, with blanks at its ends ignored as Kafka does. INVALID_CONFIG with one sentence that names
/// the setting, the value and what is allowed.
Result<Value> parse_value(const SettingInfo& setting, std::string_view text);

/// ">=1", "1..9 or -1", "one of a|b", "subset of a|b"; "any" where everything of the type is good.
std::string valid_text(const SettingInfo& setting);

/// The declared default; unset where there is none.
Value fallback_value(const SettingInfo& setting, bool embedded = false);

inline namespace literals {
consteval std::int64_t operator""_KiB(unsigned long long n) { return static_cast<std::int64_t>(n << 10); }
consteval std::int64_t operator""_MiB(unsigned long long n) { return static_cast<std::int64_t>(n << 20); }
consteval std::int64_t operator""_GiB(unsigned long long n) { return static_cast<std::int64_t>(n << 30); }
}  // namespace literals

inline constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

}  // namespace leat::config
