#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace leat {

/// One partition of one topic.
struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
  /// "orders-0": the name of its directory.
  std::string to_string() const { return topic + "-" + std::to_string(partition); }
};

}  // namespace leat
