#pragma once

#include "base/types.h"

namespace leat::sim {

/// What a connection's frames go through. Asked once a frame and direction, on the scheduler's thread.
class Path {
 public:
  enum class Direction { request, response };
  virtual ~Path() = default;
  /// How long the next frame takes; those before it are never overtaken.
  virtual Duration delay(Direction direction) = 0;
  /// Nothing arrives meanwhile; it waits where it is.
  virtual bool is_cut(Direction direction) const = 0;
  /// The connection breaks at the next frame.
  virtual bool breaks() = 0;
  /// After how long the next request reaches the broker a second time, over a connection of its own that nobody reads: as
  /// when a client gave a connection up and asked again, and the first request was still on its way. Never where negative.
  virtual Duration echo() = 0;
};

}  // namespace leat::sim
