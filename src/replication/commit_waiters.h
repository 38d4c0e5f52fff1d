#pragma once

#include <leat/error.h>

#include <functional>
#include <utility>
#include <vector>

#include "base/types.h"

namespace leat::replication {

/// Told once how the wait for an offset ended: none, or why it never will be.
using Committed = std::function<void(Errc)>;

/// A waiter whose time has come; run after the partition's lock is released.
struct Ready {
  Committed done;
  Errc outcome = Errc::none;
  void operator()() const { done(outcome); }
};

/// Who waits for an offset of one partition, the least first. Guarded by the partition.
class CommitWaiters {
 public:
  void add(Offset end, Committed done);
  /// Takes out all that wait for `end` or less.
  void take(Offset end, Errc outcome, std::vector<Ready>& ready);
  void take_all(Errc outcome, std::vector<Ready>& ready);

 private:
  std::vector<std::pair<Offset, Committed>> heap_;  // the least offset in front
};

}  // namespace leat::replication
