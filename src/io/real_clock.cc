#include "io/real_clock.h"

namespace leat::io {

TimestampMs SystemClock::wall_ms() const {
  if (wall_) return wall_();
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

Instant SystemClock::now() const { return std::chrono::steady_clock::now(); }

}  // namespace leat::io
