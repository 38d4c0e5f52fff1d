#pragma once

#include "config/value.h"

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

}  // namespace leat::config
