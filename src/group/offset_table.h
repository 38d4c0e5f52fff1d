#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace leat::group {

/// One committed offset, as it is handed in and out. Whoever hands it out keeps `metadata` alive until it changes.
struct CommittedOffset {
  Offset offset = no_offset;
  LeaderEpoch leader_epoch = no_epoch;
  TimestampMs committed = no_timestamp;
  TimestampMs expires = no_timestamp;  ///< none: by the broker's retention
  std::string_view metadata;
};

/// Offsets by topic and partition, in that order, at 32 bytes each where there is neither metadata nor an expiry:
/// groups of thousands of partitions are common, and all of them lie in memory. A topic's name is held once.
/// Each operation takes logarithmic time, whatever the order of partitions.
class OffsetTable {
 public:
  void set(std::string_view topic, std::int32_t partition, const CommittedOffset& offset);
  void erase(std::string_view topic, std::int32_t partition);

  std::optional<CommittedOffset> find(std::string_view topic, std::int32_t partition) const;
  /// visit(partition, CommittedOffset), in order. The table must not change meanwhile.
  template <class Visit>
  void for_each_of(std::string_view topic, Visit&& visit) const;
  /// visit(topic, partition, CommittedOffset), in order. The table must not change meanwhile.
  template <class Visit>
  void for_each(Visit&& visit) const;

  bool empty() const { return topics_.empty(); }
  std::size_t memory_bytes() const { return bytes_; }

 private:
  /// What few offsets have.
  struct Extra {
    TimestampMs expires = no_timestamp;
    std::string metadata;
  };
  struct Entry {
    std::int32_t partition = 0;
    LeaderEpoch leader_epoch = no_epoch;
    Offset offset = no_offset;
    TimestampMs committed = no_timestamp;
    std::unique_ptr<Extra> extra;
  };
  static_assert(sizeof(Entry) == 32);
  /// Sorted entries of up to 64 neighbours, so that one in the middle moves few others.
  using Page = std::vector<Entry>;
  using Pages = std::map<std::int32_t, Page>;

  static std::int32_t page_of(std::int32_t partition) { return partition >> 6; }
  static Page::const_iterator position(const Page& page, std::int32_t partition);
  static CommittedOffset shown(const Entry& entry);
  static std::size_t size_of(const Extra* extra);
  static std::size_t size_of(std::string_view topic);
  static std::size_t size_of(const Page& page);

  std::map<std::string, Pages, std::less<>> topics_;
  std::size_t bytes_ = 0;
};

template <class Visit>
void OffsetTable::for_each_of(std::string_view topic, Visit&& visit) const {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  for (const auto& [_, page] : found->second)
    for (const auto& entry : page) visit(entry.partition, shown(entry));
}

template <class Visit>
void OffsetTable::for_each(Visit&& visit) const {
  for (const auto& [topic, pages] : topics_)
    for (const auto& [_, page] : pages)
      for (const auto& entry : page) visit(topic, entry.partition, shown(entry));
}

}  // namespace leat::group
