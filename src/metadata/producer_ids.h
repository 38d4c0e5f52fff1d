#pragma once

#include <leat/result.h>

#include "metadata/decision.h"
#include "metadata/image.h"
#include "protocol/messages/allocate_producer_ids.h"

namespace leat::metadata {

inline constexpr std::int32_t producer_id_block_size = 1000;

/// cluster.md G12: moves the next free producer id behind a fresh block, which the answer names.
///
///   ProducerIdUnique: no id is in two blocks.
Result<Decision<protocol::AllocateProducerIdsResponse>> decide_allocate_producer_ids(
    const Image& image, const protocol::AllocateProducerIdsRequest& request);

}  // namespace leat::metadata
