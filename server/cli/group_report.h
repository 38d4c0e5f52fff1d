#pragma once

#include <leat/admin.h>
#include <leat/consumer.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leat::cli {

/// How far a group is in one partition.
struct GroupPartition {
  TopicPartition id;
  std::optional<OffsetAndMetadata> committed = {};
  /// Of the log; nothing where nobody could be asked: the topic is gone, or the partition has no leader.
  std::optional<std::int64_t> start = {}, end = {};
  /// Who holds it: an index into the group's members.
  std::optional<std::size_t> member = {};

  /// Records between the committed offset and the end. Nothing without either.
  std::optional<std::int64_t> lag() const;
};

/// A group at one moment: its members, and all partitions of the topics that it has committed or wants to read.
struct GroupReport {
  GroupDescription group;
  std::vector<GroupPartition> partitions;  ///< in order
  std::chrono::steady_clock::time_point taken = {};

  /// Of all partitions whose lag is known.
  std::int64_t lag() const;
  const GroupMember* holder(const GroupPartition& partition) const {
    return partition.member ? &group.members[*partition.member] : nullptr;
  }
};

/// "billing-1 at /10.0.0.7"; its instance id instead where it has one.
std::string who(const GroupMember& member);

}  // namespace leat::cli
