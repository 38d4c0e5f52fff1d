#include "broker/isr_changes.h"

#include "base/errors.h"

namespace leat::broker {
namespace {

using protocol::AlterPartitionRequest;
using protocol::AlterPartitionResponse;
using replication::IsrAnswer;
using replication::RecoveryState;

/// After which a request that was refused as a whole is made again.
constexpr auto retry_interval = std::chrono::milliseconds(50);

AlterPartitionRequest::PartitionData in_request(const replication::PartitionIsrChange& change) {
  AlterPartitionRequest::PartitionData data;
  data.partition_index = change.partition.partition;
  data.leader_epoch = change.leader_epoch;
  data.leader_recovery_state = static_cast<std::int8_t>(change.recovery_state);
  data.partition_epoch = change.partition_epoch;
  for (const auto& member : change.isr) data.new_isr_with_epochs.push_back({member.id, member.broker_epoch});
  return data;
}

IsrAnswer from_response(const AlterPartitionResponse::PartitionData& data) {
  return {.error = static_cast<Errc>(data.error_code),
          .leader = data.leader_id,
          .leader_epoch = data.leader_epoch,
          .partition_epoch = data.partition_epoch,
          .isr = data.isr,
          .recovery_state = static_cast<RecoveryState>(data.leader_recovery_state)};
}

}  // namespace

IsrChanges::IsrChanges(Executor& executor, std::shared_ptr<ControllerLink> controller, NodeId self,
                       std::function<std::int64_t()> broker_epoch)
    : executor_(executor), controller_(std::move(controller)), self_(self), broker_epoch_(std::move(broker_epoch)) {}

void IsrChanges::propose(std::shared_ptr<replication::Partition> leader, replication::PartitionIsrChange change) {
  {
    std::lock_guard lock(mutex_);
    const Key key{change.topic_id, change.partition.partition};
    waiting_.insert_or_assign(key, Proposal{std::move(leader), std::move(change)});
  }
  pump();
}

void IsrChanges::pump() {
  Proposals asked;
  {
    std::lock_guard lock(mutex_);
    if (is_asking_ || waiting_.empty()) return;
    is_asking_ = true;
    asked.swap(waiting_);
  }
  AlterPartitionRequest request;
  request.broker_id = self_;
  request.broker_epoch = broker_epoch_();
  for (const auto& [key, proposal] : asked) {
    if (request.topics.empty() || request.topics.back().topic_id != key.first)
      request.topics.emplace_back().topic_id = key.first;
    request.topics.back().partitions.push_back(in_request(proposal.change));
  }
  controller_->ask<AlterPartitionResponse>(
      std::move(request),
      [weak = weak_from_this(), asked = std::move(asked)](const Result<AlterPartitionResponse>& response) {
        if (auto self = weak.lock()) self->answered(asked, response);
      });
}

void IsrChanges::answered(const Proposals& asked, const Result<AlterPartitionResponse>& response) {
  if (!response && response.error().code == Errc::closed) return;
  if (!response || response->error_code != 0) return ask_again(asked);
  for (const auto& topic : response->topics)
    for (const auto& data : topic.partitions)
      if (const auto proposal = asked.find({topic.topic_id, data.partition_index}); proposal != asked.end())
        proposal->second.leader->isr_answer(proposal->second.change, from_response(data));
  {
    std::lock_guard lock(mutex_);
    is_asking_ = false;
  }
  pump();
}

void IsrChanges::ask_again(const Proposals& asked) {
  {
    std::lock_guard lock(mutex_);
    waiting_.insert(asked.begin(), asked.end());  // what was proposed meanwhile is newer
  }
  executor_.at(executor_.now() + retry_interval, [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self) return;
    {
      std::lock_guard lock(self->mutex_);
      self->is_asking_ = false;
    }
    self->pump();
  });
}

}  // namespace leat::broker
