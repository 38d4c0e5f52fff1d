#pragma once

#include <algorithm>
#include <vector>

#include "base/types.h"

namespace leat::metadata {

/// Lists of replicas: short, without doubles, and their order means something.
using Nodes = std::vector<NodeId>;

inline bool has(const Nodes& nodes, NodeId id) { return std::find(nodes.begin(), nodes.end(), id) != nodes.end(); }
inline bool has_all(const Nodes& nodes, const Nodes& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](NodeId id) { return has(nodes, id); });
}
inline void add(Nodes& nodes, NodeId id) {
  if (!has(nodes, id)) nodes.push_back(id);
}
inline Nodes without(Nodes nodes, const Nodes& gone) {
  std::erase_if(nodes, [&](NodeId id) { return has(gone, id); });
  return nodes;
}
/// The first that `good` is true of, or no_node.
template <class Predicate>
NodeId first(const Nodes& nodes, const Predicate& good) {
  const auto found = std::find_if(nodes.begin(), nodes.end(), good);
  return found == nodes.end() ? no_node : *found;
}

}  // namespace leat::metadata
