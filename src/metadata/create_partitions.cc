#include "metadata/create_partitions.h"

#include <set>

#include "base/errors.h"
#include "metadata/features.h"
#include "metadata/partition_record.h"
#include "metadata/placement.h"
#include "metadata/replica_assignment.h"

namespace leat::metadata {
namespace {

using protocol::CreatePartitionsRequest;
using protocol::CreatePartitionsResponse;
using Asked = CreatePartitionsRequest::CreatePartitionsTopic;

Result<std::vector<std::vector<NodeId>>> replicas_for(const Image& image, const Asked& asked, const TopicImage& topic,
                                                      std::int32_t added, Entropy& entropy) {
  const std::size_t factor = topic.partitions.begin()->second.replicas.size();
  if (!asked.assignments) return place_replicas(image, entropy, added, static_cast<std::int16_t>(factor));
  if (asked.assignments->size() != static_cast<std::size_t>(added))
    return Error{Errc::invalid_replica_assignment,
                 "Attempted to add " + std::to_string(added) + " additional partition(s), but " +
                     std::to_string(asked.assignments->size()) + " assignment(s) were specified."};
  std::vector<std::vector<NodeId>> placed;
  auto index = topic.partitions.rbegin()->first;
  for (const auto& assignment : *asked.assignments) {
    LEAT_CHECK(check_replica_assignment(image, assignment.broker_ids, factor, ++index));
    placed.push_back(assignment.broker_ids);
  }
  return placed;
}

Result<void> add_partitions(const Image& image, const Asked& asked, Entropy& entropy, std::int64_t& budget,
                            Records& records) {
  const TopicImage* topic = image.topic(asked.name);
  if (!topic || topic->partitions.empty())
    return Error{Errc::unknown_topic_or_partition, "This server does not host this topic-partition."};
  const auto current = static_cast<std::int32_t>(topic->partitions.size());
  if (asked.count == current)
    return Error{Errc::invalid_partitions, "Topic already has " + std::to_string(current) + " partition(s)."};
  if (asked.count < current)
    return Error{Errc::invalid_partitions, "The topic " + asked.name + " currently has " + std::to_string(current) +
                                               " partition(s); " + std::to_string(asked.count) +
                                               " would not be an increase."};
  const std::int32_t added = asked.count - current;
  if (added > budget) return Error{Errc::policy_violation, "Excessively large number of partitions per request."};
  LEAT_TRY(const auto placed, replicas_for(image, asked, *topic, added, entropy));
  budget -= added;
  auto index = topic->partitions.rbegin()->first;
  const RecordVersions versions(image);
  for (const auto& replicas : placed)
    records.push_back(partition_record(topic->id, ++index, new_partition(image, replicas), versions));
  return {};
}

}  // namespace

Decision<CreatePartitionsResponse> decide_create_partitions(const Image& image, const CreatePartitionsRequest& request,
                                                            Entropy& entropy) {
  std::multiset<std::string_view> names;
  for (const Asked& asked : request.topics) names.insert(asked.name);
  std::set<std::string_view> refused;
  std::int64_t budget = partitions_per_request_max;
  Decision<CreatePartitionsResponse> decision;
  for (const Asked& asked : request.topics) {
    Result<void> added;
    if (names.count(asked.name) > 1) {
      if (!refused.insert(asked.name).second) continue;
      added = Error{Errc::invalid_request, "Duplicate topic name."};
    } else {
      added = add_partitions(image, asked, entropy, budget, decision.records);
    }
    CreatePartitionsResponse::CreatePartitionsTopicResult result;
    result.name = asked.name;
    if (!added) {
      result.error_code = wire_code(added.error().code);
      result.error_message = added.error().context;
    }
    decision.response.results.push_back(std::move(result));
  }
  if (request.validate_only) decision.records.clear();
  return decision;
}

CreatePartitionsResponse create_partitions_failed(const CreatePartitionsRequest& request, const Error& error) {
  CreatePartitionsResponse response;
  for (const Asked& asked : request.topics)
    response.results.push_back({asked.name, wire_code(error.code), error.context});
  return response;
}

}  // namespace leat::metadata
