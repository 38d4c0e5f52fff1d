#include "client/admin_core.h"

#include <algorithm>

#include "base/errors.h"
#include "client/batch_outcome.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/incremental_alter_configs.h"

namespace leat::client {
namespace {

Error refused(std::int16_t code, const std::optional<std::string>& message, std::string_view phrase) {
  return wrap({static_cast<Errc>(code), message.value_or("")}, phrase);
}

TopicDescription describe(const protocol::MetadataResponse::MetadataResponseTopic& from) {
  TopicDescription topic;
  topic.name = from.name.value_or("");
  topic.id = from.topic_id.to_string();
  topic.is_internal = from.is_internal;
  for (const auto& p : from.partitions)
    topic.partitions.push_back({p.partition_index, p.leader_id, p.leader_epoch, p.replica_nodes, p.isr_nodes});
  std::ranges::sort(topic.partitions, {}, &PartitionDescription::partition);
  return topic;
}

bool has_leaders(const TopicDescription& topic) {
  return !topic.partitions.empty() &&
         std::ranges::all_of(topic.partitions, [](const auto& partition) { return partition.leader >= 0; });
}

}  // namespace

AdminCore::AdminCore(const std::shared_ptr<Host>& host, std::shared_ptr<Channels> channels, AdminOptions options)
    : executor_(host->executor), options_(std::move(options)),
      cluster_(std::make_shared<Cluster>(executor_, std::move(channels),
                                         ClusterOptions{.client_id = options_.client_id,
                                                        .request_timeout = options_.request_timeout,
                                                        .retry_backoff = options_.retry_backoff})),
      groups_(cluster_, options_) {}

Instant AdminCore::deadline() const { return deadline_after(executor_.now(), options_.default_api_timeout); }

void AdminCore::pause(Instant deadline) {
  Event never;
  executor_.wait(never, std::min(deadline, executor_.now() + options_.retry_backoff));
}

Result<void> AdminCore::repeat(Instant deadline, const std::function<Result<void>()>& attempt) {
  for (;;) {
    auto outcome = attempt();
    if (outcome || !is_retriable(outcome.error().code) || executor_.now() >= deadline) return outcome;
    pause(deadline);
  }
}

Result<Reply> AdminCore::request(NodeId node, const protocol::MessageSchema& schema,
                                 const std::function<protocol::AnyMessage(std::int16_t)>& build) {
  const Instant until = deadline();
  Result<Reply> reply = Error{Errc::timed_out, {}};
  auto done = repeat(until, [&]() -> Result<void> {
    if (node != no_node) LEAT_CHECK(await_node(node, until));
    reply = ask_and_wait(*cluster_, node, Lane::data, schema, [&](std::int16_t v) { return build(v); }, until);
    if (!reply) return reply.error();
    return {};
  });
  if (!done) return std::move(done).error();
  return reply;
}

Result<void> AdminCore::await_node(NodeId node, Instant deadline) {
  while (!cluster_->view()->node(node)) {
    cluster_->refresh();
    if (executor_.now() >= deadline)
      return Error{Errc::invalid_argument, "the cluster has no node " + std::to_string(node)};
    pause(deadline);
  }
  return {};
}

Result<void> AdminCore::create_topic(const std::string& name, const TopicOptions& options) {
  const Instant until = deadline();
  auto created = repeat(until, [&]() -> Result<void> {
    LEAT_TRY(Reply reply,
             ask_and_wait(*cluster_, no_node, Lane::data, protocol::CreateTopicsRequest::schema(),
                          [&](std::int16_t) {
                            protocol::CreateTopicsRequest request;
                            auto& topic = request.topics.emplace_back();
                            topic.name = name;
                            topic.num_partitions = options.partitions;
                            topic.replication_factor = options.replication_factor;
                            for (const auto& [key, value] : options.configs) {
                              auto& config = topic.configs.emplace_back();
                              config.name = key;
                              config.value = value;
                            }
                            return protocol::AnyMessage(std::move(request));
                          },
                          until));
    const auto* answer = reply.get<protocol::CreateTopicsResponse>();
    if (!answer || answer->topics.empty()) return Error{Errc::corrupt, "the answer to CreateTopics names no topic"};
    const auto& topic = answer->topics.front();
    if (topic.error_code != 0) return refused(topic.error_code, topic.error_message, "creating topic " + name);
    return {};
  });
  if (!created) return created;
  // It is committed; now until the brokers know it and somebody leads.
  for (;;) {
    auto topic = describe_topic(name);
    if (topic && has_leaders(*topic)) return {};
    if (executor_.now() >= until) return Error{Errc::timed_out, "topic " + name + " was created but has no leaders yet"};
    if (!topic && !is_retriable(topic.error().code)) return std::move(topic).error();
    pause(until);
  }
}

Result<void> AdminCore::delete_topic(const std::string& name) {
  constexpr std::int16_t first_version_with_structs = 6;
  const Instant until = deadline();
  LEAT_TRY(Reply reply, ask_and_wait(*cluster_, no_node, Lane::data, protocol::DeleteTopicsRequest::schema(),
                                     [&](std::int16_t version) {
                                       protocol::DeleteTopicsRequest request;
                                       request.timeout_ms = 60'000;
                                       if (version >= first_version_with_structs)
                                         request.topics.emplace_back().name = name;
                                       else
                                         request.topic_names.push_back(name);
                                       return protocol::AnyMessage(std::move(request));
                                     },
                                     until));
  const auto* answer = reply.get<protocol::DeleteTopicsResponse>();
  if (!answer || answer->responses.empty())
    return Error{Errc::corrupt, "the answer to DeleteTopics names no topic"};
  const auto& topic = answer->responses.front();
  if (topic.error_code != 0) return refused(topic.error_code, topic.error_message, "deleting topic " + name);
  return {};
}

Result<void> AdminCore::grow_topic(const std::string& name, std::int32_t partitions) {
  const Instant until = deadline();
  LEAT_TRY(Reply reply, ask_and_wait(*cluster_, no_node, Lane::data, protocol::CreatePartitionsRequest::schema(),
                                     [&](std::int16_t) {
                                       protocol::CreatePartitionsRequest request;
                                       request.timeout_ms = 60'000;
                                       auto& topic = request.topics.emplace_back();
                                       topic.name = name;
                                       topic.count = partitions;
                                       topic.assignments = std::nullopt;
                                       return protocol::AnyMessage(std::move(request));
                                     },
                                     until));
  const auto* answer = reply.get<protocol::CreatePartitionsResponse>();
  if (!answer || answer->results.empty())
    return Error{Errc::corrupt, "the answer to CreatePartitions names no topic"};
  const auto& topic = answer->results.front();
  if (topic.error_code != 0) return refused(topic.error_code, topic.error_message, "growing topic " + name);
  return {};
}

Result<void> AdminCore::alter_topic(const std::string& name,
                                    const std::map<std::string, std::optional<std::string>>& configs) {
  constexpr std::int8_t topic_resource = 2, set = 0, remove = 1;
  const auto build = [&](std::int16_t) {
    protocol::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = topic_resource;
    resource.resource_name = name;
    for (const auto& [key, value] : configs) resource.configs.push_back({key, value ? set : remove, value});
    return protocol::AnyMessage(std::move(request));
  };
  LEAT_TRY(Reply reply, ask_and_wait(*cluster_, no_node, Lane::data,
                                     protocol::IncrementalAlterConfigsRequest::schema(), build, deadline()));
  const auto* answer = reply.get<protocol::IncrementalAlterConfigsResponse>();
  if (!answer || answer->responses.empty())
    return Error{Errc::corrupt, "the answer to IncrementalAlterConfigs names no topic"};
  const auto& outcome = answer->responses.front();
  if (outcome.error_code != 0) return refused(outcome.error_code, outcome.error_message, "altering topic " + name);
  return {};
}

Result<Offset> AdminCore::delete_records(const std::string& topic, std::int32_t partition,
                                         std::optional<Offset> before) {
  constexpr Offset all = -1;
  const TopicPartition id{topic, partition};
  const auto build = [&](std::int16_t) {
    protocol::DeleteRecordsRequest request;
    request.timeout_ms = 30'000;
    request.topics.push_back({.name = topic, .partitions = {{.partition_index = partition,
                                                            .offset = before.value_or(all)}}});
    return protocol::AnyMessage(std::move(request));
  };
  const Instant until = deadline();
  if (before && *before < 0) return Error{Errc::invalid_argument, "records have no offset " + std::to_string(*before)};
  // What is not there is told at once; what moves meanwhile is asked for again.
  const auto leader_of = [&]() -> Result<NodeId> {
    LEAT_TRY(const TopicDescription described, describe_topic(topic));
    const auto found = std::ranges::find(described.partitions, partition, &PartitionDescription::partition);
    if (found == described.partitions.end()) return Error{Errc::unknown_topic_or_partition, id.to_string()};
    return found->leader;
  };
  LEAT_CHECK(leader_of());
  Offset first = no_offset;
  LEAT_CHECK(repeat(until, [&]() -> Result<void> {
    LEAT_TRY(const NodeId leader, leader_of());
    if (leader < 0) return Error{Errc::leader_not_available, id.to_string()};
    LEAT_CHECK(await_node(leader, until));
    LEAT_TRY(Reply reply, ask_and_wait(*cluster_, leader, Lane::data, protocol::DeleteRecordsRequest::schema(),
                                       build, until));
    const auto* answer = reply.get<protocol::DeleteRecordsResponse>();
    if (!answer || answer->topics.empty() || answer->topics.front().partitions.empty())
      return Error{Errc::corrupt, "the answer to DeleteRecords names no partition"};
    const auto& outcome = answer->topics.front().partitions.front();
    if (outcome.error_code != 0)
      return refused(outcome.error_code, std::nullopt, "deleting records of " + id.to_string());
    first = outcome.low_watermark;
    return {};
  }));
  return first;
}

Result<protocol::MetadataResponse> AdminCore::metadata(const std::string* topic, Instant deadline) {
  protocol::MetadataResponse response;
  LEAT_CHECK(repeat(deadline, [&]() -> Result<void> {
    LEAT_TRY(Reply reply, ask_and_wait(*cluster_, no_node, Lane::data, protocol::MetadataRequest::schema(),
                                       [&](std::int16_t) {
                                         protocol::MetadataRequest request;
                                         request.allow_auto_topic_creation = false;
                                         request.topics = std::nullopt;
                                         if (topic) request.topics.emplace().emplace_back().name = *topic;
                                         return protocol::AnyMessage(std::move(request));
                                       },
                                       deadline));
    auto* answer = reply.get<protocol::MetadataResponse>();
    if (!answer) return Error{Errc::corrupt, "the answer to Metadata is of another kind"};
    if (answer->error_code != 0) return Error{static_cast<Errc>(answer->error_code), "asking for metadata"};
    response = std::move(*answer);
    return {};
  }));
  return response;
}

Result<std::vector<TopicDescription>> AdminCore::topics() {
  LEAT_TRY(const auto response, metadata(nullptr, deadline()));
  std::vector<TopicDescription> result;
  for (const auto& topic : response.topics)
    if (topic.error_code == 0) result.push_back(describe(topic));
  std::ranges::sort(result, {}, &TopicDescription::name);
  return result;
}

Result<TopicDescription> AdminCore::describe_topic(const std::string& name) {
  LEAT_TRY(const auto response, metadata(&name, deadline()));
  for (const auto& topic : response.topics)
    if (topic.name == name) {
      if (topic.error_code != 0) return Error{static_cast<Errc>(topic.error_code), "topic " + name};
      return describe(topic);
    }
  return Error{Errc::unknown_topic_or_partition, "topic " + name};
}

}  // namespace leat::client
