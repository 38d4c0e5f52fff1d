#pragma once

#include <leat/result.h>

#include <cstddef>
#include <vector>

#include "client/assignor.h"

namespace leat::client {

/// What consumers tell each other through a coordinator that only passes it on: the bytes that Kafka's own consumers
/// exchange (ConsumerProtocolSubscription and ...Assignment behind their version), so that groups may be mixed.

/// What a member's assignor remembers of the last time that it was the group's.
struct AssignorMemory {
  std::vector<TopicPartition> partitions;
  std::int32_t generation = -1;
};

/// A member's word in JoinGroup, under the name of `assignor`. `memory`: null before that assignor's first assignment.
std::vector<std::byte> subscription_bytes(Assignor assignor, const MemberSubscription& member,
                                          const AssignorMemory* memory);
/// What the leader reads. `owned` and `generation` are what `assignor` goes by. Errors: bytes of something else.
Result<MemberSubscription> read_subscription(Assignor assignor, Bytes bytes);

std::vector<std::byte> assignment_bytes(const std::vector<TopicPartition>& partitions);
/// No bytes are no partitions: the leader did not know this member.
Result<std::vector<TopicPartition>> read_assignment(Bytes bytes);

}  // namespace leat::client
