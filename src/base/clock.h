#pragma once

#include "base/types.h"

namespace leat {

/// The only source of time in the core. Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall-clock time; may jump.
  virtual TimestampMs wall_ms() const = 0;
  /// Never goes back.
  virtual Instant now() const = 0;
};

}  // namespace leat
