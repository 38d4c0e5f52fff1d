#pragma once

#include <leat/topic_partition.h>

#include <chrono>
#include <cstdint>

namespace leat {

/// Position of a record in a partition.
using Offset = std::int64_t;
/// A broker or controller id.
using NodeId = std::int32_t;
using LeaderEpoch = std::int32_t;
/// Milliseconds since 1970 UTC; -1 is "none". What records, retention and the wire use.
using TimestampMs = std::int64_t;
/// A point on the injected monotonic clock; deadlines and timers use it. Never read from the system here.
using Instant = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

inline constexpr Offset no_offset = -1;
inline constexpr LeaderEpoch no_epoch = -1;
inline constexpr TimestampMs no_timestamp = -1;
inline constexpr NodeId no_node = -1;

}  // namespace leat
