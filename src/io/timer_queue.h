#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/executor.h"

namespace leat::io {

/// Tasks in the order of their time, then of their adding. Not synchronised.
class TimerQueue {
 public:
  TimerId add(Instant when, Task task) {
    const std::uint64_t id = ++last_id_;
    tasks_.emplace(std::pair(when, id), std::move(task));
    when_.emplace(id, when);
    return TimerId{id};
  }
  /// The task, for the caller to destroy outside of its lock; empty if it is not here any more.
  Task cancel(TimerId timer) {
    const auto when = when_.find(static_cast<std::uint64_t>(timer));
    if (when == when_.end()) return {};
    auto node = tasks_.extract(std::pair(when->second, when->first));
    when_.erase(when);
    return std::move(node.mapped());
  }
  /// The first task that is due at `now`; empty if there is none.
  Task take_due(Instant now) {
    if (tasks_.empty() || tasks_.begin()->first.first > now) return {};
    auto node = tasks_.extract(tasks_.begin());
    when_.erase(node.key().second);
    return std::move(node.mapped());
  }
  std::optional<Instant> next() const {
    if (tasks_.empty()) return std::nullopt;
    return tasks_.begin()->first.first;
  }
  bool empty() const { return tasks_.empty(); }

 private:
  std::uint64_t last_id_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, Task> tasks_;
  std::unordered_map<std::uint64_t, Instant> when_;
};

}  // namespace leat::io
