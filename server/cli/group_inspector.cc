#include "group_inspector.h"

#include <map>
#include <set>

#include "base/errors.h"

namespace leat::cli {
namespace {

using Partitions = std::map<TopicPartition, GroupPartition>;

std::set<std::string> topics_of(const GroupDescription& group, const Offsets& offsets) {
  std::set<std::string> topics;
  for (const auto& [id, committed] : offsets) topics.insert(id.topic);
  for (const GroupMember& member : group.members) {
    topics.insert(member.topics.begin(), member.topics.end());
    for (const TopicPartition& id : member.partitions) topics.insert(id.topic);
  }
  return topics;
}

}  // namespace

GroupInspector::GroupInspector(const Session& session) : admin_(session.admin()), consumer_(session.consumer({})) {}

Result<GroupReport> GroupInspector::look(const std::string& name) {
  GroupReport report;
  auto group = admin_.describe_group(name);
  if (!group && group.error().code == Errc::group_id_not_found) return no_such_group(name);
  LEAT_TRY(report.group, std::move(group));
  LEAT_TRY(const Offsets offsets, admin_.group_offsets(name));

  Partitions partitions;
  for (const auto& [id, committed] : offsets) partitions[id].committed = committed;
  for (std::size_t i = 0; i < report.group.members.size(); ++i)
    for (const TopicPartition& id : report.group.members[i].partitions) partitions[id].member = i;
  const auto wanted = topics_of(report.group, offsets);
  LEAT_TRY(const auto topics, admin_.topics());
  std::vector<TopicPartition> with_leader;
  for (const TopicDescription& topic : topics) {
    if (!wanted.contains(topic.name)) continue;
    for (const PartitionDescription& partition : topic.partitions) {
      const TopicPartition id{topic.name, partition.partition};
      partitions[id];
      if (partition.leader >= 0) with_leader.push_back(id);
    }
  }
  // After the committed offsets, which are never above them then.
  if (!with_leader.empty()) {
    LEAT_TRY(const auto starts, consumer_.beginning_offsets(with_leader));
    LEAT_TRY(const auto ends, consumer_.end_offsets(with_leader));
    for (const auto& [id, start] : starts) partitions[id].start = start;
    for (const auto& [id, end] : ends) partitions[id].end = end;
  }
  report.taken = std::chrono::steady_clock::now();
  for (auto& [id, partition] : partitions) {
    partition.id = id;
    report.partitions.push_back(std::move(partition));
  }
  return report;
}

Error no_such_group(const std::string& name) {
  return {Errc::not_found, "there is no group " + name + "; leat group list shows those there are"};
}

}  // namespace leat::cli
