#pragma once

#include <leat/result.h>

#include "base/entropy.h"
#include "metadata/config_rules.h"
#include "metadata/decision.h"
#include "metadata/image.h"
#include "protocol/messages/create_topics.h"

namespace leat::metadata {

struct CreateTopicsRules {
  std::int32_t default_partitions = 1;
  std::int16_t default_replication_factor = 1;
  ConfigRules configs;
};

/// behaviours.md H10-H12. Topics are decided one by one: some may fail and others be created.
Decision<protocol::CreateTopicsResponse> decide_create_topics(const Image& image,
                                                              const protocol::CreateTopicsRequest& request,
                                                              const CreateTopicsRules& rules, Entropy& entropy);

/// The answer when nothing could be written: the same error for every topic.
protocol::CreateTopicsResponse create_topics_failed(const protocol::CreateTopicsRequest& request, const Error& error);

}  // namespace leat::metadata
