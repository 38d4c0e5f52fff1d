#include "metadata/replica_assignment.h"

#include <algorithm>
#include <set>

#include "metadata/placement.h"

namespace leat::metadata {

Result<void> check_replica_assignment(const Image& image, const std::vector<NodeId>& replicas, std::size_t count,
                                      std::int32_t partition) {
  const auto bad = [&](std::string what) {
    return Error{Errc::invalid_replica_assignment,
                 "The manual partition assignment of partition " + std::to_string(partition) + " " + std::move(what)};
  };
  if (replicas.empty()) return bad("includes an empty replica list.");
  std::set<NodeId> seen;
  for (NodeId id : replicas) {
    if (!image.brokers.contains(id)) return bad("includes broker " + std::to_string(id) + ", but no such broker is registered.");
    if (!seen.insert(id).second) return bad("includes the broker " + std::to_string(id) + " more than once.");
  }
  if (count != 0 && replicas.size() != count)
    return bad("has a replication factor of " + std::to_string(replicas.size()) + ", but the others have " +
               std::to_string(count) + ".");
  if (std::none_of(replicas.begin(), replicas.end(), [&](NodeId id) { return is_active(image, id); }))
    return bad("names only brokers that are fenced or in controlled shutdown.");
  return {};
}

}  // namespace leat::metadata
