#include <set>

#include "base/errors.h"
#include "broker/handlers.h"

namespace leat::broker {
namespace {

using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;

constexpr std::int16_t first_version_with_not_available = 5;

/// The first version at which a special timestamp has a meaning (primitives.md 14); 0 for one that has none.
std::int16_t first_version_of(TimestampMs timestamp) {
  switch (timestamp) {
    case -1:
    case -2: return 1;
    case -3: return 7;
    case -4: return 8;
    case -5: return 9;
    case -6: return 11;
    default: return timestamp >= 0 ? 1 : 0;
  }
}

replication::OffsetResult find(Services& services, const RequestContext& context, const std::string& topic,
                               const ListOffsetsRequest::ListOffsetsPartition& wanted,
                               bool is_follower, replication::Isolation isolation) {
  const std::int16_t first_version = first_version_of(wanted.timestamp);
  if (first_version == 0 || context.version < first_version) return {.error = Errc::unsupported_version};
  const auto partition = services.partitions.find(topic, wanted.partition_index);
  if (!partition) {
    const auto image = services.images.current();
    return {.error = services.partitions.why_missing(image->topic(topic), wanted.partition_index)};
  }
  // There is no tiered storage: nothing lies there, and nothing waits to be sent there.
  if (wanted.timestamp == -5 || wanted.timestamp == -6) return {};
  if (is_follower && (wanted.timestamp == -1 || wanted.timestamp == -2 || wanted.timestamp == -4))
    return partition->find_offset_for_replica(wanted.timestamp, wanted.current_leader_epoch);
  auto result = partition->find_offset(wanted.timestamp, wanted.current_leader_epoch, isolation);
  if (result.error == Errc::offset_not_available && context.version < first_version_with_not_available)
    result.error = Errc::leader_not_available;
  return result;
}

}  // namespace

void handle_list_offsets(Services& services, const RequestContext& context, ListOffsetsRequest& request,
                         Respond respond) {
  std::set<std::pair<std::string_view, std::int32_t>> seen, twice;
  for (const auto& topic : request.topics)
    for (const auto& partition : topic.partitions)
      if (!seen.insert({topic.name, partition.partition_index}).second)
        twice.insert({topic.name, partition.partition_index});

  const auto isolation = replication::isolation_of(request.isolation_level);
  ListOffsetsResponse response;
  for (const auto& topic : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.name = topic.name;
    for (const auto& wanted : topic.partitions) {
      auto& answer = answers.partitions.emplace_back();
      answer.partition_index = wanted.partition_index;
      const auto result = twice.contains({topic.name, wanted.partition_index})
                              ? replication::OffsetResult{.error = Errc::invalid_request}
                              : find(services, context, topic.name, wanted, request.replica_id >= 0, isolation);
      answer.error_code = wire_code(result.error);
      answer.offset = result.found.offset;
      answer.timestamp = result.found.timestamp;
      if (context.version >= 4) answer.leader_epoch = result.found.leader_epoch;
    }
  }
  respond({.message = std::move(response)});
}

}  // namespace leat::broker
