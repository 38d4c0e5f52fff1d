#pragma once

#include <span>

#include "base/types.h"
#include "log/log.h"

namespace leat::log {

/// How long records are kept (behaviours.md G2-G6); -1: no limit.
struct RetentionRules {
  std::int64_t max_age_ms = -1;
  std::int64_t max_bytes = -1;
};

/// How many of the oldest segments go: those that hold too old records, or more than enough bytes, and end at or
/// below the high watermark. All of them, the active one included, where it is not empty. `segments` with the log's
/// end and in order.
std::size_t count_expired(std::span<const Log::SegmentInfo> segments, Offset log_end, const RetentionRules& rules,
                          Offset high_watermark, TimestampMs now);

}  // namespace leat::log
