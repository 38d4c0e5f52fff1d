#pragma once

#include "config/setting.h"

#include <optional>
#include <span>
#include <string_view>

namespace leat::config {

/// A setting of Apache Kafka 4.3.1, whether or not Leat honours it.
struct KnownKey {
  Scope scope;
  std::string_view name;
  Type type;
  /// Empty optional: unset, or to be given by the operator.
  std::optional<std::string_view> fallback;
  /// Kafka's rule in words; "-" for none.
  std::string_view valid;
  Change change;
};

/// Every broker and topic setting, sorted by scope, then name.
std::span<const KnownKey> known_keys() noexcept;

/// Null when Kafka has none of that name.
const KnownKey* find_known_key(Scope scope, std::string_view name) noexcept;

}  // namespace leat::config
