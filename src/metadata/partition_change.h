#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "metadata/features.h"
#include "metadata/image.h"
#include "metadata/records.h"

namespace leat::metadata {

/// LeaderRecoveryState: a leader elected uncleanly says when it has recovered.
inline constexpr std::int8_t recovered = 0, recovering = 1;

/// How far an election may go (cluster.md G4).
enum class Election {
  preferred,  ///< the first replica before the present leader
  online,     ///< from the ISR, or the ELR when that is empty
  unclean,    ///< at last, any replica that is alive
};

/// What is wanted of a partition. It begins as what there is.
struct PartitionTarget {
  explicit PartitionTarget(const PartitionImage& now)
      : replicas(now.replicas),
        isr(now.isr),
        adding_replicas(now.adding_replicas),
        removing_replicas(now.removing_replicas),
        leader_recovery_state(now.leader_recovery_state) {}

  std::vector<NodeId> replicas;
  std::vector<NodeId> isr;
  std::vector<NodeId> adding_replicas;
  std::vector<NodeId> removing_replicas;
  std::int8_t leader_recovery_state;
  std::map<NodeId, Uuid> directories;  ///< of replicas that moved
  Election election = Election::online;
  /// Its last stop was not clean, so what it had may be gone: not in the ELR either.
  NodeId uncleanly_stopped = no_node;
};

/// What a change is decided by, besides the partition itself.
struct PartitionRules {
  RecordVersions versions;
  bool elr_enabled = false;
  std::size_t min_isr = 1;
  std::function<bool(NodeId)> may_lead;
  std::function<Uuid(NodeId)> new_directory;
};

/// The one PartitionChangeRecord that takes a partition from `now` to `target` and to what follows from that: a
/// reassignment that is complete ends, the ELR takes in who left the ISR, a leader is elected (cluster.md G1, G4-G7, G10).
/// Nothing when nothing changes.
///
///   LeaderInIsr: the leader is none or in the ISR; ISR and ELR are disjoint; the ISR is empty only with ELR on.
std::optional<Record> change_partition(const Uuid& topic_id, std::int32_t index, const PartitionImage& now,
                                       PartitionTarget target, const PartitionRules& rules);

}  // namespace leat::metadata
