#include "metadata/create_topics.h"

#include <algorithm>
#include <set>

#include "base/errors.h"
#include "metadata/features.h"
#include "metadata/partition_record.h"
#include "metadata/placement.h"
#include "metadata/replica_assignment.h"
#include "metadata/topic_name.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;
using Topic = CreateTopicsRequest::CreatableTopic;
using TopicResult = CreateTopicsResponse::CreatableTopicResult;
using Replicas = std::vector<std::vector<NodeId>>;

constexpr std::int8_t topic_resource = 2;

class Creation {
 public:
  Creation(const Image& image, const CreateTopicsRequest& request, const CreateTopicsRules& rules, Entropy& entropy)
      : image_(image), request_(request), rules_(rules), entropy_(entropy), versions_(image) {}

  Decision<CreateTopicsResponse> run() {
    std::multiset<std::string_view> names;
    for (const Topic& topic : request_.topics) names.insert(topic.name);
    std::set<std::string_view> refused;
    Decision<CreateTopicsResponse> decision;
    for (const Topic& topic : request_.topics) {
      if (names.count(topic.name) == 1) {
        decision.response.topics.push_back(answer(topic, create(topic)));
      } else if (refused.insert(topic.name).second) {
        decision.response.topics.push_back(answer(topic, Error{Errc::invalid_request, "Duplicate topic name."}));
      }
    }
    if (!request_.validate_only) decision.records = std::move(records_);
    return decision;
  }

 private:
  static TopicResult answer(const Topic& topic, Result<TopicResult> created) {
    TopicResult result;
    if (created) {
      result = std::move(*created);
      result.error_message = std::nullopt;
    } else {
      result.error_code = wire_code(created.error().code);
      result.error_message = created.error().context;
      result.configs = std::nullopt;
    }
    result.name = topic.name;
    return result;
  }

  Result<TopicResult> create(const Topic& topic) {
    LEAT_CHECK(check_name(topic.name));
    LEAT_TRY(const Configs configs, check_configs(topic));
    LEAT_TRY(const Replicas placed, topic.assignments.empty() ? place(topic) : assigned(topic));
    partitions_ += static_cast<std::int64_t>(placed.size());
    if (partitions_ > partitions_per_request_max)
      return Error{Errc::policy_violation, "Excessively large number of partitions per request."};

    const Uuid id = Uuid::random(entropy_);
    write(topic.name, id, configs, placed);
    taken_.insert(topic.name);
    TopicResult result;
    result.topic_id = id;
    result.num_partitions = static_cast<std::int32_t>(placed.size());
    result.replication_factor = static_cast<std::int16_t>(placed[0].size());
    if (rules_.configs.describe_topic)
      for (TopicConfigRow& row : rules_.configs.describe_topic(image_, configs))
        result.configs->push_back({std::move(row.name), std::move(row.value), row.read_only, row.source, row.sensitive});
    return result;
  }

  Result<void> check_name(const std::string& name) const {
    LEAT_CHECK(check_topic_name(name));
    if (image_.topic(name)) return Error{Errc::topic_already_exists, "Topic '" + name + "' already exists."};
    const auto collides = [&](std::string_view other) {
      return Error{Errc::invalid_topic_exception,
                   "Topic '" + name + "' collides with existing topic: " + std::string(other)};
    };
    if (const TopicImage* other = colliding_topic(image_, name)) return collides(other->name);
    for (const std::string& other : taken_)
      if (names_collide(name, other)) return collides(other);
    return {};
  }

  Result<Configs> check_configs(const Topic& topic) const {
    Configs configs;
    for (const auto& config : topic.configs) {
      if (!config.value)
        return Error{Errc::invalid_config, "Null value not supported for topic configs: " + config.name};
      configs[config.name] = *config.value;
    }
    if (rules_.configs.check_topic && !configs.empty())
      if (auto ok = rules_.configs.check_topic(image_, configs); !ok) return Error{Errc::invalid_config, ok.error().context};
    return configs;
  }

  Result<Replicas> place(const Topic& topic) {
    if (topic.num_partitions == 0 || topic.num_partitions < -1)
      return Error{Errc::invalid_partitions,
                   "Number of partitions was set to an invalid non-positive value: " + std::to_string(topic.num_partitions)};
    if (topic.replication_factor == 0 || topic.replication_factor < -1)
      return Error{Errc::invalid_replication_factor,
                   "Replication factor must be larger than 0, or -1 to use the default value: " +
                       std::to_string(topic.replication_factor)};
    const std::int32_t partitions = topic.num_partitions == -1 ? rules_.default_partitions : topic.num_partitions;
    if (partitions_ + partitions > partitions_per_request_max)
      return Error{Errc::policy_violation, "Excessively large number of partitions per request."};
    const auto brokers = static_cast<std::int16_t>(std::clamp<std::size_t>(usable_brokers(image_), 1, 32767));
    const std::int16_t factor = topic.replication_factor == -1 ? std::min(rules_.default_replication_factor, brokers)
                                                               : topic.replication_factor;
    auto placed = place_replicas(image_, entropy_, partitions, factor);
    if (!placed) {
      Error error = std::move(placed).error();
      error.context = "Unable to replicate the partition " + std::to_string(factor) + " time(s): " + error.context;
      return error;
    }
    return placed;
  }

  Result<Replicas> assigned(const Topic& topic) const {
    if (topic.num_partitions != -1)
      return Error{Errc::invalid_request, "A manual partition assignment was specified, but numPartitions was not set to -1."};
    if (topic.replication_factor != -1)
      return Error{Errc::invalid_request,
                   "A manual partition assignment was specified, but replication factor was not set to -1."};
    Replicas placed(topic.assignments.size());
    std::size_t count = 0;
    for (const auto& assignment : topic.assignments) {
      const std::int32_t index = assignment.partition_index;
      if (index < 0 || static_cast<std::size_t>(index) >= placed.size())
        return Error{Errc::invalid_replica_assignment, "partitions should be a consecutive 0-based integer sequence"};
      auto& replicas = placed[static_cast<std::size_t>(index)];
      if (!replicas.empty())
        return Error{Errc::invalid_replica_assignment,
                     "Found multiple manual partition assignments for partition " + std::to_string(index)};
      LEAT_CHECK(check_replica_assignment(image_, assignment.broker_ids, count, index));
      replicas = assignment.broker_ids;
      count = replicas.size();
    }
    return placed;
  }

  void write(const std::string& name, const Uuid& id, const Configs& configs, const Replicas& placed) {
    protocol::TopicRecord topic;
    topic.name = name;
    topic.topic_id = id;
    records_.push_back(make_record(std::move(topic)));
    for (const auto& [key, value] : configs) {
      protocol::ConfigRecord config;
      config.resource_type = topic_resource;
      config.resource_name = name;
      config.name = key;
      config.value = value;
      records_.push_back(make_record(std::move(config)));
    }
    for (std::size_t i = 0; i < placed.size(); ++i)
      records_.push_back(
          partition_record(id, static_cast<std::int32_t>(i), new_partition(image_, placed[i]), versions_));
  }

  const Image& image_;
  const CreateTopicsRequest& request_;
  const CreateTopicsRules& rules_;
  Entropy& entropy_;
  RecordVersions versions_;
  Records records_;
  std::set<std::string> taken_;
  std::int64_t partitions_ = 0;
};

}  // namespace

Decision<CreateTopicsResponse> decide_create_topics(const Image& image, const CreateTopicsRequest& request,
                                                    const CreateTopicsRules& rules, Entropy& entropy) {
  return Creation(image, request, rules, entropy).run();
}

CreateTopicsResponse create_topics_failed(const CreateTopicsRequest& request, const Error& error) {
  CreateTopicsResponse response;
  for (const Topic& topic : request.topics) {
    TopicResult& result = response.topics.emplace_back();
    result.name = topic.name;
    result.error_code = wire_code(error.code);
    result.error_message = error.context;
    result.configs = std::nullopt;
  }
  return response;
}

}  // namespace leat::metadata
