#pragma once

#include "metadata/decision.h"
#include "metadata/image.h"
#include "metadata/leadership_rules.h"
#include "protocol/messages/alter_partition_reassignments.h"
#include "protocol/messages/list_partition_reassignments.h"

namespace leat::metadata {

/// cluster.md G10: partitions move to other brokers, or their move is given up. A move ends by itself, inside the change
/// that brings the last new replica into the ISR (partition_change.h).
Decision<protocol::AlterPartitionReassignmentsResponse> decide_alter_reassignments(
    const Image& image, const protocol::AlterPartitionReassignmentsRequest& request, const LeadershipDefaults& defaults);
protocol::AlterPartitionReassignmentsResponse alter_reassignments_failed(
    const protocol::AlterPartitionReassignmentsRequest& request, const Error& error);

/// The moves under way.
protocol::ListPartitionReassignmentsResponse list_reassignments(
    const Image& image, const protocol::ListPartitionReassignmentsRequest& request);

}  // namespace leat::metadata
