#pragma once

#include <leat/result.h>

#include "metadata/decision.h"
#include "metadata/image.h"
#include "metadata/leadership_rules.h"
#include "protocol/messages/alter_partition.h"

namespace leat::metadata {

/// cluster.md G9: a leader proposes an ISR. The same errors in the same order as Kafka; a broker that is not the one
/// registered is stale_broker_epoch for the whole request.
///
///   IsrIsLive: no member that is fenced, shutting down or of another broker epoch enters an ISR.
Result<Decision<protocol::AlterPartitionResponse>> decide_alter_partition(const Image& image,
                                                                          const protocol::AlterPartitionRequest& request,
                                                                          std::int16_t version,
                                                                          const LeadershipDefaults& defaults);

}  // namespace leat::metadata
