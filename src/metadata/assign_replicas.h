#pragma once

#include <leat/result.h>

#include "metadata/decision.h"
#include "metadata/image.h"
#include "metadata/leadership_rules.h"
#include "protocol/messages/assign_replicas_to_dirs.h"

namespace leat::metadata {

/// cluster.md G11: a broker tells in which directory its replicas lie. In one that is not registered a replica counts as
/// offline: leadership and ISR go elsewhere.
Result<Decision<protocol::AssignReplicasToDirsResponse>> decide_assign_replicas(
    const Image& image, const protocol::AssignReplicasToDirsRequest& request, const LeadershipDefaults& defaults);

}  // namespace leat::metadata
