#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/types.h"
#include "replication/isr_changer.h"

namespace leat::replication {

/// Another replica of a partition, as its leader knows it from the replica's fetches.
struct RemoteReplica {
  NodeId id = no_node;
  std::int64_t broker_epoch = -1;  ///< of its last fetch; -1: none yet, or it did not say
  Offset log_end = no_offset;      ///< all below is on its disk; -1: it has not fetched in this term
  Offset log_start = no_offset;
  /// When it last had everything (F12).
  std::optional<Instant> caught_up_at;
  Instant fetched_at{};
  Offset leader_end_at_fetch = no_offset;
  /// It is in the ISR, or a change that is under way puts it there: the HW waits for it (F9, F15).
  bool in_maximal_isr = false;
};

/// What a leader keeps of the other replicas. Pure; used under the partition's lock. Empty, and then free of cost,
/// where there is one replica.
class RemoteReplicas {
 public:
  /// The assignment, this replica left out. Those that stay keep what is known of them.
  void assign(std::span<const NodeId> replicas, NodeId self);
  /// A leader's term begins. One that led before goes on with the ends it knows; ISR members count as caught up now.
  void begin_term(bool led_before, std::span<const NodeId> isr, Instant now);
  void set_maximal_isr(std::span<const NodeId> committed, std::span<const IsrMember> proposed);

  /// A fetch from `from` counts as the promise that all below is durable there (design.md 3).
  void fetched(RemoteReplica& replica, Offset from, Offset log_start, std::int64_t broker_epoch, Offset leader_end,
               Instant now);
  /// The leader appends behind `end`: who has all until now was caught up until now. Without it a replica whose
  /// session says nothing while nothing happens would look as old as its last fetch.
  void appending(Offset end, Instant now);

  RemoteReplica* find(NodeId id);
  bool empty() const { return replicas_.empty(); }
  auto begin() const { return replicas_.begin(); }
  auto end() const { return replicas_.end(); }

  /// F12.
  static bool is_caught_up(const RemoteReplica& replica, Offset leader_end, Instant now, Duration lag_max) {
    return replica.log_end == leader_end || (replica.caught_up_at && now - *replica.caught_up_at <= lag_max);
  }

 private:
  std::vector<RemoteReplica> replicas_;
};

}  // namespace leat::replication
