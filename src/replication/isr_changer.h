#pragma once

#include <leat/error.h>
#include <leat/topic_partition.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/types.h"
#include "base/uuid.h"

namespace leat::replication {

class Partition;

/// Whether a leader was elected although it may lack committed records (F20).
enum class RecoveryState : std::int8_t { recovered = 0, recovering = 1 };

struct IsrMember {
  NodeId id = no_node;
  std::int64_t broker_epoch = -1;  ///< -1: not known; the controller does not compare it then
  friend bool operator==(const IsrMember&, const IsrMember&) = default;
};

/// An ISR that a leader wants: one partition of an AlterPartition request.
struct PartitionIsrChange {
  TopicPartition partition;
  Uuid topic_id;
  LeaderEpoch leader_epoch = no_epoch;
  std::int32_t partition_epoch = -1;
  std::vector<IsrMember> isr;
  RecoveryState recovery_state = RecoveryState::recovered;
  friend bool operator==(const PartitionIsrChange&, const PartitionIsrChange&) = default;
};

/// What the controller said of it: one partition of the response. All but `error` counts without an error only.
struct IsrAnswer {
  Errc error = Errc::none;
  NodeId leader = no_node;
  LeaderEpoch leader_epoch = no_epoch;
  std::int32_t partition_epoch = -1;
  std::vector<NodeId> isr;
  RecoveryState recovery_state = RecoveryState::recovered;
};

/// The way of a broker's leaders to the controller (cluster.md I7): one AlterPartition is in flight, with all that wait.
///
/// A partition proposes one change at a time, until isr_answer() or newer metadata. When newer metadata has made it
/// forget a change that is still on its way it may propose the next: then that one waits for the older's answer, which
/// the partition ignores, or is answered with operation_not_attempted.
class IsrChanger {
 public:
  virtual ~IsrChanger() = default;
  /// Called under no lock. The answer is given to `leader->isr_answer(change, answer)`, never inside this call; a
  /// request that failed as a whole is the changer's to send again.
  virtual void propose(std::shared_ptr<Partition> leader, PartitionIsrChange change) = 0;
};

}  // namespace leat::replication
