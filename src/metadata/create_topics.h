#pragma once

#include <leat/result.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/entropy.h"
#include "metadata/decision.h"
#include "metadata/image.h"
#include "protocol/messages/create_topics.h"

namespace leat::metadata {

/// A row of a topic's effective configuration, as CreateTopics v5+ and DescribeConfigs tell it.
struct TopicConfigRow {
  std::string name;
  std::optional<std::string> value;  ///< null when sensitive
  bool read_only = false;
  std::int8_t source = 5;  ///< behaviours.md H18
  bool sensitive = false;
};

using TopicConfigs = std::map<std::string, std::string>;
using CheckTopicConfig = std::function<Result<void>(const TopicConfigs&)>;
using DescribeTopicConfig = std::function<std::vector<TopicConfigRow>(const std::string& topic, const TopicConfigs&)>;

struct CreateTopicsRules {
  std::int32_t default_partitions = 1;
  std::int16_t default_replication_factor = 1;
  CheckTopicConfig check_config;        ///< may be empty: all are good
  DescribeTopicConfig describe_config;  ///< may be empty: none are told
};

/// behaviours.md H10-H12. Topics are decided one by one: some may fail and others be created.
Decision<protocol::CreateTopicsResponse> decide_create_topics(const Image& image,
                                                              const protocol::CreateTopicsRequest& request,
                                                              const CreateTopicsRules& rules, Entropy& entropy);

/// The answer when nothing could be written: the same error for every topic.
protocol::CreateTopicsResponse create_topics_failed(const protocol::CreateTopicsRequest& request, const Error& error);

}  // namespace leat::metadata
