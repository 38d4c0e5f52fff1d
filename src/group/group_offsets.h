#pragma once

#include <optional>
#include <string>

#include "group/offset_table.h"
#include "group/records.h"
#include "group/settings.h"
#include "group/step.h"

namespace leat::group {

class ClassicGroup;

/// What one group has committed: behaviours.md J.
class GroupOffsets {
 public:
  explicit GroupOffsets(std::string group) : group_(std::move(group)) {}

  /// Writes the good ones; each has its own outcome. What the group holds does not matter, nor whether there is one.
  static CommitOutcomes commit(const CommitOffsets& event, const Settings& settings, Step& step);
  FetchedOffsets fetch(const std::optional<std::vector<TopicPartitions>>& topics) const;
  DeletedOffsets remove(const std::vector<TopicPartitions>& topics, const ClassicGroup& group, Step& step);
  void remove_topic(const std::string& topic, Step& step);
  void remove_all(Step& step);
  /// Forgets what has expired (J9, J10).
  void expire(const ClassicGroup& group, const Settings& settings, Step& step);

  void apply(const OffsetRecord& record);
  bool empty() const { return committed_.empty(); }
  std::size_t memory_bytes() const { return group_.capacity() + committed_.memory_bytes(); }

 private:
  OffsetRecord tombstone(const std::string& topic, std::int32_t partition) const;

  const std::string group_;
  /// Of commits that took effect: those of a transaction under way belong in a table of its producer.
  OffsetTable committed_;
};

}  // namespace leat::group
