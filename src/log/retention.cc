#include "log/retention.h"

namespace leat::log {

std::size_t count_expired(std::span<const Log::SegmentInfo> segments, Offset log_end, const RetentionRules& rules,
                          Offset high_watermark, TimestampMs now) {
  std::int64_t total = 0;
  for (const auto& segment : segments) total += static_cast<std::int64_t>(segment.bytes);
  std::size_t count = 0;
  for (const auto& segment : segments) {
    const bool is_last = count + 1 == segments.size();
    const Offset end = is_last ? log_end : segments[count + 1].base;
    if (end > high_watermark || (is_last && segment.bytes == 0)) break;
    const auto bytes = static_cast<std::int64_t>(segment.bytes);
    // The times of records may be anything: far in the future, they keep the segment.
    const bool is_old = rules.max_age_ms >= 0 && segment.largest_timestamp < now &&
                        now - segment.largest_timestamp > rules.max_age_ms;
    const bool is_too_much = rules.max_bytes >= 0 && total - bytes >= rules.max_bytes;
    if (!is_old && !is_too_much) break;
    total -= bytes;
    ++count;
  }
  return count;
}

}  // namespace leat::log
