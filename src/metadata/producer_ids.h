#pragma once

#include "metadata/image.h"
#include "metadata/records.h"

namespace leat::metadata {

inline constexpr std::int32_t producer_id_block_size = 1000;

/// Moves the next free producer id behind a fresh block that begins at image.next_producer_id.
Records decide_allocate_producer_ids(const Image& image, NodeId broker, std::int64_t broker_epoch);

}  // namespace leat::metadata
