#pragma once

#include "base/clock.h"

namespace leat::io {

/// The machine's clocks.
class SystemClock : public Clock {
 public:
  TimestampMs wall_ms() const override;
  Instant now() const override;
};

}  // namespace leat::io
