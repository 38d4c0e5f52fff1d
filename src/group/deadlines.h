#pragma once

#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/types.h"

namespace leat::group {

/// When to look at which group next. A time that moves away, as with every heartbeat, costs nothing: it stays as it
/// was, and once it has come, whoever looks puts the group in again for later. Logarithmic time an operation; groups
/// due at the same time are in the order of their names.
class Deadlines {
 public:
  /// What a group keeps of its place in here.
  using Slot = Instant;
  static constexpr Slot none = Instant::max();

  /// Looks at the group no later than `at`. `name` must live until it is taken or removed.
  void pull(Instant at, std::string_view name, Slot& slot) {
    if (at >= slot) return;
    remove(name, slot);
    queue_.emplace(at, name);
    slot = at;
  }
  void remove(std::string_view name, Slot& slot) {
    if (slot == none) return;
    queue_.erase({slot, name});
    slot = none;
  }
  /// Removes all that is due; the slots of the groups are the caller's to reset.
  std::vector<std::string_view> take_due(Instant now) {
    std::vector<std::string_view> due;
    for (auto at = queue_.begin(); at != queue_.end() && at->first <= now; at = queue_.erase(at))
      due.push_back(at->second);
    return due;
  }
  Instant next() const { return queue_.empty() ? none : queue_.begin()->first; }

 private:
  std::set<std::pair<Instant, std::string_view>> queue_;
};

}  // namespace leat::group
