#include <algorithm>

#include "client/assignor.h"

namespace leat::client {

/// All partitions in order go round the members; who does not read the topic is passed over.
Shares share_round_robin(const Members& members, const PartitionCounts& counts) {
  Shares shares;
  for (const auto& [id, member] : members) shares[id];
  const auto order = in_order(members);
  const auto reads = [](const auto* member, const std::string& topic) {
    return std::ranges::find(member->second.topics, topic) != member->second.topics.end();
  };
  std::size_t turn = 0;
  for (const auto& [topic, count] : counts) {
    if (std::ranges::none_of(order, [&](const auto* member) { return reads(member, topic); })) continue;
    for (std::int32_t partition = 0; partition < count; ++partition) {
      while (!reads(order[turn], topic)) turn = (turn + 1) % order.size();
      shares[order[turn]->first].push_back({topic, partition});
      turn = (turn + 1) % order.size();
    }
  }
  return shares;
}

}  // namespace leat::client
