#pragma once

#include "config/setting_values.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat::config {

/// One place that a value could come from.
struct Synonym {
  std::string name;
  std::optional<std::string> value;
  Source source = Source::fallback;
  friend bool operator==(const Synonym&, const Synonym&) = default;
};

/// One setting as DescribeConfigs tells it.
struct ConfigRow {
  std::string name;
  /// Null when unset or sensitive.
  std::optional<std::string> value;
  Source source = Source::fallback;
  Type type = Type::string;
  /// The strongest first.
  std::vector<Synonym> synonyms;
  bool read_only = false;
  bool sensitive = false;
  std::string_view documentation;
};

/// Its value as the broker was started, if it was given, then its default.
std::vector<Synonym> static_synonyms(const SettingValues::Entry& entry);

/// Values of a sensitive setting are left out, of its synonyms too.
ConfigRow describe_entry(const SettingValues::Entry& entry, std::vector<Synonym> synonyms);

}  // namespace leat::config
