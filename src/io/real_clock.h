#pragma once

#include <leat/host.h>

#include "base/clock.h"

namespace leat::io {

/// The machine's clocks; the wall's is the host's if it has one.
class SystemClock : public Clock {
 public:
  explicit SystemClock(WallClock wall = {}) : wall_(std::move(wall)) {}
  TimestampMs wall_ms() const override;
  Instant now() const override;

 private:
  const WallClock wall_;
};

}  // namespace leat::io
