#include "replication/remote_replicas.h"

#include <algorithm>

namespace leat::replication {
namespace {
bool contains(std::span<const NodeId> ids, NodeId id) { return std::ranges::find(ids, id) != ids.end(); }
}  // namespace

void RemoteReplicas::assign(std::span<const NodeId> replicas, NodeId self) {
  std::erase_if(replicas_, [&](const RemoteReplica& replica) { return !contains(replicas, replica.id); });
  for (const NodeId id : replicas)
    if (id != self && !find(id)) replicas_.push_back({.id = id});
}

void RemoteReplicas::begin_term(bool led_before, std::span<const NodeId> isr, Instant now) {
  for (RemoteReplica& replica : replicas_) {
    RemoteReplica fresh{.id = replica.id, .broker_epoch = replica.broker_epoch};
    if (led_before) {
      fresh.log_end = replica.log_end;
      fresh.log_start = replica.log_start;
    }
    if (contains(isr, replica.id)) fresh.caught_up_at = now;
    replica = fresh;
  }
}

void RemoteReplicas::set_maximal_isr(std::span<const NodeId> committed, std::span<const IsrMember> proposed) {
  for (RemoteReplica& replica : replicas_)
    replica.in_maximal_isr = contains(committed, replica.id) ||
                             std::ranges::find(proposed, replica.id, &IsrMember::id) != proposed.end();
}

void RemoteReplicas::fetched(RemoteReplica& replica, Offset from, Offset log_start, std::int64_t broker_epoch,
                             Offset leader_end, Instant now) {
  if (from >= leader_end) replica.caught_up_at = now;
  else if (replica.leader_end_at_fetch != no_offset && from >= replica.leader_end_at_fetch)
    replica.caught_up_at = std::max(replica.caught_up_at.value_or(Instant()), replica.fetched_at);
  replica.log_end = from;
  replica.log_start = log_start;
  replica.broker_epoch = broker_epoch;
  replica.leader_end_at_fetch = leader_end;
  replica.fetched_at = now;
}

void RemoteReplicas::appending(Offset end, Instant now) {
  for (RemoteReplica& replica : replicas_)
    if (replica.log_end == end) replica.caught_up_at = now;
}

RemoteReplica* RemoteReplicas::find(NodeId id) {
  const auto found = std::ranges::find(replicas_, id, &RemoteReplica::id);
  return found == replicas_.end() ? nullptr : &*found;
}

}  // namespace leat::replication
