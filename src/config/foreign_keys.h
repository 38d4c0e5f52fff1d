#pragma once

#include "config/property.h"
#include "config/setting.h"

#include <leat/result.h>

#include <string>

namespace leat::config {

/// Judges a broker key that Leat has no setting for. A warning when Kafka knows it and it can be ignored without
/// harm; INVALID_CONFIG with one sentence when it asks for security or storage that Leat cannot honour (its default
/// value asks for nothing), Kafka removed it, has a bad value, or when nobody knows it.
Result<std::string> judge_foreign_key(const SettingTable& table, const Property& property);

/// "x is unknown; did you mean y?", with the nearest name of Leat's and Kafka's settings of that scope.
Error unknown_key(const SettingTable& table, Scope scope, std::string_view key);

/// Parses by the type that Kafka gives the key.
Result<Value> parse_known_value(std::string_view key, Scope scope, std::string_view text);

}  // namespace leat::config
