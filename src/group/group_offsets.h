#pragma once

#include <map>
#include <optional>
#include <string>

#include "group/records.h"
#include "group/settings.h"
#include "group/step.h"

namespace leat::group {

class ClassicGroup;

/// What one group has committed: behaviours.md J.
class GroupOffsets {
 public:
  explicit GroupOffsets(std::string group) : group_(std::move(group)) {}

  /// Writes the good ones; each has its own outcome.
  CommitOutcomes commit(const CommitOffsets& event, const Settings& settings, Step& step);
  FetchedOffsets fetch(const std::optional<std::vector<TopicPartitions>>& topics) const;
  DeletedOffsets remove(const std::vector<TopicPartitions>& topics, const ClassicGroup& group, Step& step);
  void remove_topic(const std::string& topic, Step& step);
  void remove_all(Step& step);
  /// Forgets what has expired (J9, J10).
  void expire(const ClassicGroup& group, const Settings& settings, Step& step);

  void apply(const OffsetRecord& record);
  bool empty() const;
  std::size_t memory_bytes() const;

 private:
  const std::string group_;
};

}  // namespace leat::group
