#include <algorithm>

#include "client/assignor.h"

namespace leat::client {

/// Each topic by itself: its partitions in order, cut into as many runs as it has members, the longer runs first.
Shares share_by_range(const Members& members, const PartitionCounts& counts) {
  Shares shares;
  for (const auto& [id, member] : members) shares[id];
  const auto order = in_order(members);
  for (const auto& [topic, count] : counts) {
    std::vector<const std::string*> readers;
    for (const auto* member : order)
      if (std::ranges::find(member->second.topics, topic) != member->second.topics.end())
        readers.push_back(&member->first);
    if (readers.empty()) continue;
    const auto readers_count = static_cast<std::int32_t>(readers.size());
    std::int32_t next = 0;
    for (std::int32_t i = 0; i < readers_count; ++i) {
      const std::int32_t run = count / readers_count + (i < count % readers_count ? 1 : 0);
      for (std::int32_t end = next + run; next < end; ++next)
        shares[*readers[static_cast<std::size_t>(i)]].push_back({topic, next});
    }
  }
  return shares;
}

}  // namespace leat::client
