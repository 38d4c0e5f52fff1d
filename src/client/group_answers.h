#pragma once

#include <leat/admin.h>

#include "base/types.h"
#include "protocol/messages/consumer_group_describe.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/node_link.h"

namespace leat::client {

/// What DescribeGroups says; members' bytes that are not understood are members without topics or partitions, since
/// what members tell each other is not the coordinator's to check.
GroupDescription read_group(const protocol::DescribeGroupsResponse::DescribedGroup& from, NodeId coordinator);
/// The same for a group by KIP-848.
GroupDescription read_group(const protocol::ConsumerGroupDescribeResponse::DescribedGroup& from, NodeId coordinator);

/// What OffsetFetch says of its one group, at any version; partitions without a commit are left out.
Result<Offsets> read_offsets(protocol::Reply& reply);

}  // namespace leat::client
