#pragma once

#include <leat/consumer.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace leat::client {

/// What a member of a group said when it joined.
struct MemberSubscription {
  std::optional<std::string> instance_id;
  std::vector<std::string> topics;
  /// What it reads or has read last, and in which generation of the group it got that.
  std::vector<TopicPartition> owned;
  std::int32_t generation = -1;
};
using Members = std::map<std::string, MemberSubscription>;         ///< by member id
using PartitionCounts = std::map<std::string, std::int32_t>;       ///< by topic; those that exist
using Shares = std::map<std::string, std::vector<TopicPartition>>; ///< by member id; every member is in it

/// "cooperative-sticky": the protocol's name in JoinGroup.
std::string_view protocol_name(Assignor assignor) noexcept;
std::optional<Assignor> assignor_named(std::string_view name) noexcept;

/// Shares the partitions of all topics out. A pure function: the same input gives every leader the same shares.
///
/// Invariants, cited by tests:
///   A1 a partition whose topic somebody subscribes to has exactly one owner, who does (cooperative_sticky: or none,
///      where it moves, until its former owner has given it up).
///   A2 range and round_robin give what Kafka's give, where nobody says in which rack it is.
///   A3 the sticky ones are as even as subscriptions allow, and move nothing that does not make it more even.
Shares share_out(Assignor assignor, const Members& members, const PartitionCounts& counts);

/// One file each.
Shares share_by_range(const Members& members, const PartitionCounts& counts);
Shares share_round_robin(const Members& members, const PartitionCounts& counts);
Shares share_sticky(const Members& members, const PartitionCounts& counts);
/// Takes from `shares` what somebody else may still be reading (KIP-429): it comes in the next rebalance.
void withhold_moving(const Members& members, Shares& shares);

/// Kafka's order of members: those with an instance id by that, then the others by member id.
std::vector<const Members::value_type*> in_order(const Members& members);

}  // namespace leat::client
