#pragma once

#include <leat/result.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metadata/image.h"

namespace leat::metadata {

/// Values by the name of their setting.
using Configs = std::map<std::string, std::string>;

/// A row of a topic's effective configuration, as CreateTopics v5+ and DescribeConfigs tell it.
struct TopicConfigRow {
  std::string name;
  std::optional<std::string> value;  ///< null when sensitive
  bool read_only = false;
  std::int8_t source = 5;  ///< behaviours.md H18
  bool sensitive = false;
};

/// What the controller asks about settings, whose names and values mean nothing to it. The image is that of all
/// records appended before. An empty function: all is good, none are told.
struct ConfigRules {
  /// What a topic would have set. Error: invalid_config with a sentence.
  std::function<Result<void>(const Image&, const Configs&)> check_topic;
  /// What would be set for one broker, or for all of them (""). Error: invalid_request with a sentence.
  std::function<Result<void>(const Image&, const std::string& broker, const Configs& set)> check_broker;
  /// Of a setting that holds a list, its default; nullopt for any other.
  std::function<std::optional<std::string>(std::int8_t resource_type, const std::string& name)> list_default;
  std::function<std::vector<TopicConfigRow>(const Image&, const Configs&)> describe_topic;
};

}  // namespace leat::metadata
