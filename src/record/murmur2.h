#pragma once

#include <leat/bytes.h>

#include <cstdint>

namespace leat::record {

/// The hash of Kafka's default partitioner.
std::uint32_t murmur2(Bytes key) noexcept;

/// The partition of a non-null key as Java clients choose it. `partitions` > 0.
inline std::int32_t partition_for_key(Bytes key, std::int32_t partitions) noexcept {
  return static_cast<std::int32_t>(murmur2(key) & 0x7fffffffu) % partitions;
}

}  // namespace leat::record
