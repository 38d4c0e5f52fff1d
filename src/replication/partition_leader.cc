#include <algorithm>
#include <tuple>

#include "base/errors.h"
#include "replication/partition.h"

/// What a leader does with its followers.
namespace leat::replication {
namespace {

bool contains(const std::vector<NodeId>& ids, NodeId id) { return std::ranges::find(ids, id) != ids.end(); }

}  // namespace

Result<void> Partition::begin_leading(bool led_before) {
  term_start_ = log_->log_end();
  remote_.begin_term(led_before, state_.isr, clock_.now());
  return log_->start_epoch(state_.leader_epoch);
}

Offset Partition::least_durable_end() const {
  Offset least = durable_end_;
  for (const RemoteReplica& replica : remote_)
    if (replica.in_maximal_isr ||
        (RemoteReplicas::is_caught_up(replica, log_->log_end(), clock_.now(), peers_.lag_max) && is_eligible(replica)))
      least = std::min(least, replica.log_end);
  return least;
}

void Partition::advance_leader(Aftermath& after) {
  if (is_below_min_isr()) {
    committed_waiters_.take(durable_end_, Errc::not_enough_replicas_after_append, after.ready);
    return;
  }
  if (const Offset end = least_durable_end(); end > high_watermark_) set_high_watermark(end, after);
  committed_waiters_.take(high_watermark_, Errc::none, after.ready);
}

bool Partition::is_eligible(const RemoteReplica& replica) const {
  const auto peer = peers_.view ? peers_.view->find(replica.id) : std::nullopt;
  return peer && peer->is_active && (replica.broker_epoch == -1 || replica.broker_epoch == peer->epoch);
}

bool Partition::may_join(const RemoteReplica& replica) const {
  return !contains(state_.isr, replica.id) && replica.log_end >= high_watermark_ && replica.log_end >= term_start_ &&
         is_eligible(replica);
}

std::vector<IsrMember> Partition::with_epochs(std::span<const NodeId> isr) const {
  std::vector<IsrMember> members;
  for (const NodeId id : isr) {
    IsrMember member{.id = id};
    if (const auto own = id == self_ ? peers_.view->find(id) : std::nullopt) member.broker_epoch = own->epoch;
    for (const RemoteReplica& replica : remote_)
      if (replica.id == id) member.broker_epoch = replica.broker_epoch;
    members.push_back(member);
  }
  return members;
}

void Partition::set_proposed(std::optional<PartitionIsrChange> change) {
  proposed_ = std::move(change);
  remote_.set_maximal_isr(state_.isr, proposed_ ? std::span<const IsrMember>(proposed_->isr)
                                                : std::span<const IsrMember>());
}

void Partition::propose_isr(std::vector<NodeId> isr, Aftermath& after) {
  set_proposed(PartitionIsrChange{.partition = id_,
                                  .topic_id = topic_id_,
                                  .leader_epoch = state_.leader_epoch,
                                  .partition_epoch = state_.partition_epoch,
                                  .isr = with_epochs(isr)});
  after.proposal = std::make_unique<PartitionIsrChange>(*proposed_);
}

ReadResult Partition::read_for_replica(const ReplicaReadRequest& request) {
  ReadResult result;
  Aftermath after;
  {
    std::lock_guard lock(mutex_);
    result.error = check_leader(request.current_leader_epoch);
    if (result.error != Errc::none) return result;
    RemoteReplica* replica = remote_.find(request.replica);
    if (!replica) return {.error = Errc::unknown_leader_epoch};
    if (request.broker_epoch != -1 && request.broker_epoch < replica->broker_epoch)
      return {.error = Errc::not_leader_or_follower};  // F17
    result.end = log_->log_end();
    auto diverging = find_divergence(request.from, request.last_fetched_epoch);
    if (!diverging) return {.error = diverging.error().code};
    result.diverging = *diverging;
    if (!result.diverging) {
      if (request.from < log_->log_start() || request.from > result.end) return {.error = Errc::offset_out_of_range};
      remote_.fetched(*replica, request.from, request.log_start, request.broker_epoch, result.end, clock_.now());
      if (!proposed_ && peers_.isr_changer && may_join(*replica)) {
        auto isr = state_.isr;
        isr.push_back(replica->id);
        propose_isr(std::move(isr), after);
      }
      advance(after);
    }
    result.high_watermark = high_watermark_;
    result.last_stable_offset = last_stable_offset();
    result.log_start = log_->log_start();
  }
  run(after);
  if (result.diverging) return result;
  auto range = log_->read({.from = request.from,
                           .below = result.end,
                           .max_bytes = request.max_bytes,
                           .at_least_one_batch = request.at_least_one_batch});
  if (!range) return {.error = to_kafka(range.error().code)};
  result.range = std::move(*range);
  return result;
}

void Partition::review_isr() {
  Aftermath after;
  {
    std::lock_guard lock(mutex_);
    if (remote_.empty() || !peers_.isr_changer || proposed_ || why_not_leading() != Errc::none) return;
    const Instant now = clock_.now();
    std::vector<NodeId> isr = state_.isr;
    for (const RemoteReplica& replica : remote_) {
      if (!RemoteReplicas::is_caught_up(replica, log_->log_end(), now, peers_.lag_max)) std::erase(isr, replica.id);
      else if (may_join(replica)) isr.push_back(replica.id);
    }
    if (isr == state_.isr) return;
    propose_isr(std::move(isr), after);
    advance(after);
  }
  run(after);
}

void Partition::isr_answer(const PartitionIsrChange& change, const IsrAnswer& answer) {
  Aftermath after;
  {
    std::lock_guard lock(mutex_);
    if (proposed_ != change) return;  // P5: metadata has overtaken it
    switch (answer.error) {
      case Errc::none:
        if (answer.leader_epoch != state_.leader_epoch || answer.partition_epoch < state_.partition_epoch) return;
        state_.isr = answer.isr;
        state_.partition_epoch = answer.partition_epoch;
        state_.recovery_state = answer.recovery_state;
        set_proposed(std::nullopt);
        break;
      case Errc::ineligible_replica:
      case Errc::operation_not_attempted: set_proposed(std::nullopt); break;
      // Metadata is on its way that tells more. Until then the change may have been taken.
      case Errc::unknown_topic_or_partition:
      case Errc::unknown_topic_id:
      case Errc::fenced_leader_epoch:
      case Errc::invalid_update_version:
      case Errc::invalid_request:
      case Errc::new_leader_elected: return;
      default: after.proposal = std::make_unique<PartitionIsrChange>(change);
    }
    advance(after);
  }
  run(after);
}

OffsetResult Partition::find_offset_for_replica(TimestampMs timestamp, LeaderEpoch current_leader_epoch) const {
  constexpr TimestampMs latest = -1;
  std::lock_guard lock(mutex_);
  if (Errc error = check_leader(current_leader_epoch); error != Errc::none) return {.error = error};
  const Offset offset = timestamp == latest ? log_->log_end() : log_->log_start();
  const auto epoch = timestamp == latest ? std::optional(state_.leader_epoch)
                                         : log_->leader_epochs().epoch_of(offset);
  return {.found = {.offset = offset, .leader_epoch = epoch.value_or(no_epoch)}};
}

std::optional<NodeId> Partition::preferred_read_replica(std::string_view rack, Offset from) const {
  std::lock_guard lock(mutex_);
  if (!is_leader() || !peers_.view || remote_.empty()) return std::nullopt;
  const auto is_there = [&](NodeId id) {
    const auto peer = peers_.view->find(id);
    return peer && peer->is_active && peer->rack == rack;
  };
  if (is_there(self_)) return std::nullopt;
  const auto rank = [](const RemoteReplica& replica) {
    return std::tuple(replica.log_end, replica.caught_up_at, replica.id);
  };
  const RemoteReplica* best = nullptr;
  for (const RemoteReplica& replica : remote_)
    if (contains(state_.isr, replica.id) && replica.log_start <= from && from <= replica.log_end &&
        is_there(replica.id) && (!best || rank(*best) < rank(replica)))
      best = &replica;
  return best ? std::optional(best->id) : std::nullopt;
}

}  // namespace leat::replication
