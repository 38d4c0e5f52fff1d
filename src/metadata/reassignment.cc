#include "metadata/reassignment.h"

#include <algorithm>

#include "base/errors.h"
#include "metadata/image_builder.h"
#include "metadata/nodes.h"
#include "metadata/replica_assignment.h"

namespace leat::metadata {
namespace {

using protocol::AlterPartitionReassignmentsRequest;
using protocol::AlterPartitionReassignmentsResponse;
using protocol::ListPartitionReassignmentsRequest;
using protocol::ListPartitionReassignmentsResponse;
using Asked = AlterPartitionReassignmentsRequest::ReassignablePartition;

bool is_moving(const PartitionImage& partition) {
  return !partition.adding_replicas.empty() || !partition.removing_replicas.empty();
}

Nodes sorted(Nodes nodes) {
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

/// How many replicas there are once a move that is under way has ended.
std::size_t replication_factor(const PartitionImage& now) { return without(now.replicas, now.removing_replicas).size(); }

Result<PartitionTarget> moved(const Image& image, const PartitionImage& now, const Asked& asked, bool any_factor) {
  const Nodes& wanted = *asked.replicas;
  LEAT_CHECK(check_replica_assignment(image, wanted, 0, asked.partition_index));
  if (!any_factor && wanted.size() != replication_factor(now))
    return Error{Errc::invalid_replication_factor, "The replication factor is changed from " +
                                                       std::to_string(replication_factor(now)) + " to " +
                                                       std::to_string(wanted.size())};
  PartitionTarget target(now);
  target.adding_replicas = sorted(without(wanted, now.replicas));
  target.removing_replicas = sorted(without(now.replicas, wanted));
  target.replicas = wanted;
  for (NodeId id : target.removing_replicas) target.replicas.push_back(id);
  return target;
}

Result<PartitionTarget> moved_back(const PartitionImage& now, bool unclean_allowed, const std::string& name) {
  if (!is_moving(now)) return Error{Errc::no_reassignment_in_progress, "No partition reassignment is in progress."};
  PartitionTarget target(now);
  target.replicas = without(now.replicas, now.adding_replicas);
  target.isr = without(now.isr, now.adding_replicas);
  target.adding_replicas.clear();
  target.removing_replicas.clear();
  if (!target.isr.empty()) return target;
  if (!unclean_allowed || target.replicas.empty())
    return Error{Errc::invalid_replica_assignment,
                 "Unable to revert partition assignment for " + name + " because it would require an unclean leader election."};
  target.isr = {target.replicas[0]};
  return target;
}

Result<std::optional<Record>> reassign(const Image& image, const LeadershipDefaults& defaults, const std::string& name,
                                       const Asked& asked, bool any_factor) {
  const TopicImage* topic = image.topic(name);
  if (!topic) return Error{Errc::unknown_topic_or_partition, "Unable to find a topic named " + name + "."};
  const auto found = topic->partitions.find(asked.partition_index);
  const std::string partition_name = name + ":" + std::to_string(asked.partition_index);
  if (found == topic->partitions.end())
    return Error{Errc::unknown_topic_or_partition, "Unable to find partition " + partition_name + "."};
  const LeadershipRules rules(image, defaults);
  LEAT_TRY(PartitionTarget target, asked.replicas
                                       ? moved(image, found->second, asked, any_factor)
                                       : moved_back(found->second, rules.unclean_allowed(*topic), partition_name));
  if (!asked.replicas) target.election = rules.election(*topic);
  return rules.change(*topic, asked.partition_index, std::move(target));
}

/// Fills the response partition by partition with what `outcome_of` says.
AlterPartitionReassignmentsResponse answer(const AlterPartitionReassignmentsRequest& request, auto&& outcome_of) {
  AlterPartitionReassignmentsResponse response;
  response.allow_replication_factor_change = request.allow_replication_factor_change;
  response.error_message = std::nullopt;
  for (const auto& topic : request.topics) {
    auto& topic_answer = response.responses.emplace_back();
    topic_answer.name = topic.name;
    for (const Asked& asked : topic.partitions) {
      auto& partition_answer = topic_answer.partitions.emplace_back();
      partition_answer.partition_index = asked.partition_index;
      partition_answer.error_message = std::nullopt;
      if (Result<void> outcome = outcome_of(topic.name, asked); !outcome) {
        partition_answer.error_code = wire_code(outcome.error().code);
        partition_answer.error_message = outcome.error().context;
      }
    }
  }
  return response;
}

void list_topic(const TopicImage& topic, const std::vector<std::int32_t>* indexes,
                ListPartitionReassignmentsResponse& response) {
  ListPartitionReassignmentsResponse::OngoingTopicReassignment ongoing;
  ongoing.name = topic.name;
  for (const auto& [index, partition] : topic.partitions) {
    if (!is_moving(partition) || (indexes && !has(*indexes, index))) continue;
    auto& moving = ongoing.partitions.emplace_back();
    moving.partition_index = index;
    moving.replicas = partition.replicas;
    moving.adding_replicas = partition.adding_replicas;
    moving.removing_replicas = partition.removing_replicas;
  }
  if (!ongoing.partitions.empty()) response.topics.push_back(std::move(ongoing));
}

}  // namespace

Decision<AlterPartitionReassignmentsResponse> decide_alter_reassignments(
    const Image& image, const AlterPartitionReassignmentsRequest& request, const LeadershipDefaults& defaults) {
  Decision<AlterPartitionReassignmentsResponse> decision;
  // A partition that is named twice is moved twice.
  ImageBuilder stepwise(image);
  decision.response = answer(request, [&](const std::string& name, const Asked& asked) -> Result<void> {
    LEAT_TRY(auto record, reassign(stepwise.image(), defaults, name, asked, request.allow_replication_factor_change));
    if (!record) return {};
    LEAT_CHECK(stepwise.apply_now(*record));
    decision.records.push_back(std::move(*record));
    return {};
  });
  return decision;
}

AlterPartitionReassignmentsResponse alter_reassignments_failed(const AlterPartitionReassignmentsRequest& request,
                                                               const Error& error) {
  auto response = answer(request, [&](const std::string&, const Asked&) -> Result<void> { return error; });
  response.error_code = wire_code(error.code);
  response.error_message = error.context;
  return response;
}

ListPartitionReassignmentsResponse list_reassignments(const Image& image,
                                                      const ListPartitionReassignmentsRequest& request) {
  ListPartitionReassignmentsResponse response;
  response.error_message = std::nullopt;
  if (!request.topics) {
    for (const auto& [name, topic] : image.topics) list_topic(*topic, nullptr, response);
    return response;
  }
  for (const auto& asked : *request.topics)
    if (const TopicImage* topic = image.topic(asked.name)) list_topic(*topic, &asked.partition_indexes, response);
  return response;
}

}  // namespace leat::metadata
