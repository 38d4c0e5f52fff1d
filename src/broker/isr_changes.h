#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/executor.h"
#include "broker/controller_link.h"
#include "protocol/messages/alter_partition.h"
#include "replication/isr_changer.h"
#include "replication/partition.h"

namespace leat::broker {

/// Takes the changes of in-sync replicas that this broker's leaders propose to the controller: one AlterPartition at a
/// time, with all that wait (cluster.md I7). Safe from any thread.
class IsrChanges : public replication::IsrChanger, public std::enable_shared_from_this<IsrChanges> {
 public:
  /// `broker_epoch` is this broker's, since its registration.
  IsrChanges(Executor& executor, std::shared_ptr<ControllerLink> controller, NodeId self,
             std::function<std::int64_t()> broker_epoch);

  void propose(std::shared_ptr<replication::Partition> leader, replication::PartitionIsrChange change) override;

 private:
  using Key = std::pair<Uuid, std::int32_t>;
  struct Proposal {
    std::shared_ptr<replication::Partition> leader;
    replication::PartitionIsrChange change;
  };
  using Proposals = std::map<Key, Proposal>;
  void pump();
  void answered(const Proposals& asked, const Result<protocol::AlterPartitionResponse>& response);
  void ask_again(const Proposals& asked);

  Executor& executor_;
  const std::shared_ptr<ControllerLink> controller_;
  const NodeId self_;
  const std::function<std::int64_t()> broker_epoch_;

  std::mutex mutex_;  // a leaf: guards all below
  Proposals waiting_;
  bool is_asking_ = false;
};

}  // namespace leat::broker
