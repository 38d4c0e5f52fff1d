#include "client/group_answers.h"

#include <algorithm>
#include <tuple>

#include "base/errors.h"
#include "client/group_protocol.h"
#include "protocol/messages/offset_fetch.h"

namespace leat::client {
namespace {

void put_in_order(GroupDescription& group) {
  for (GroupMember& member : group.members) {
    std::ranges::sort(member.topics);
    std::ranges::sort(member.partitions);
  }
  std::ranges::sort(group.members, {}, [](const GroupMember& m) { return std::tie(m.client_id, m.id); });
}

template <class Topics, class Add>
Result<void> read_topics(const Topics& topics, const Add& add) {
  for (const auto& topic : topics)
    for (const auto& partition : topic.partitions) {
      const TopicPartition id{topic.name, partition.partition_index};
      if (partition.error_code != 0) return Error{static_cast<Errc>(partition.error_code), id.to_string()};
      if (partition.committed_offset >= 0)
        add(id, OffsetAndMetadata{partition.committed_offset, partition.committed_leader_epoch,
                                  partition.metadata.value_or("")});
    }
  return {};
}

}  // namespace

GroupDescription read_group(const protocol::DescribeGroupsResponse::DescribedGroup& from, NodeId coordinator) {
  GroupDescription group{.name = from.group_id,
                         .state = from.group_state,
                         .protocol_type = from.protocol_type,
                         .protocol = from.protocol_data,
                         .coordinator = coordinator,
                         .members = {}};
  for (const auto& one : from.members) {
    GroupMember& member = group.members.emplace_back();
    member.id = one.member_id;
    member.instance_id = one.group_instance_id.value_or("");
    member.client_id = one.client_id;
    member.host = one.client_host;
    if (group.protocol_type != "consumer") continue;
    if (auto wanted = read_subscription(Assignor::range, one.member_metadata.memory()))
      member.topics = std::move(wanted->topics);
    member.partitions = read_assignment(one.member_assignment.memory()).value_or(std::vector<TopicPartition>());
  }
  put_in_order(group);
  return group;
}

GroupDescription read_group(const protocol::ConsumerGroupDescribeResponse::DescribedGroup& from, NodeId coordinator) {
  GroupDescription group{.name = from.group_id,
                         .state = from.group_state,
                         .protocol_type = "consumer",
                         .protocol = from.assignor_name,
                         .coordinator = coordinator,
                         .members = {}};
  for (const auto& one : from.members) {
    GroupMember& member = group.members.emplace_back();
    member.id = one.member_id;
    member.instance_id = one.instance_id.value_or("");
    member.client_id = one.client_id;
    member.host = one.client_host;
    member.topics = one.subscribed_topic_names;
    for (const auto& topic : one.assignment.topic_partitions)
      for (const std::int32_t partition : topic.partitions) member.partitions.push_back({topic.topic_name, partition});
  }
  put_in_order(group);
  return group;
}

Result<Offsets> read_offsets(protocol::Reply& reply) {
  constexpr std::int16_t several_groups = 8;
  const auto* answer = reply.get<protocol::OffsetFetchResponse>();
  if (!answer) return Error{Errc::corrupt, "the answer to OffsetFetch is of another kind"};
  Offsets offsets;
  const auto add = [&](const TopicPartition& id, OffsetAndMetadata committed) { offsets[id] = std::move(committed); };
  if (reply.version < several_groups) {
    if (answer->error_code != 0) return Error{static_cast<Errc>(answer->error_code), {}};
    LEAT_CHECK(read_topics(answer->topics, add));
    return offsets;
  }
  if (answer->groups.empty()) return Error{Errc::corrupt, "the answer to OffsetFetch names no group"};
  const auto& group = answer->groups.front();
  if (group.error_code != 0) return Error{static_cast<Errc>(group.error_code), {}};
  LEAT_CHECK(read_topics(group.topics, add));
  return offsets;
}

}  // namespace leat::client
