#include <algorithm>

#include "base/errors.h"
#include "record/fetched_batches.h"
#include "replication/partition.h"

/// What a follower does with what its leader says.
namespace leat::replication {

Errc Partition::why_not_following(LeaderEpoch leader_epoch) const {
  if (retired_) return Errc::unknown_topic_or_partition;
  if (log_->failure()) return Errc::kafka_storage_error;
  return is_leader() || closing_ || leader_epoch != state_.leader_epoch ? Errc::not_leader_or_follower : Errc::none;
}

void Partition::advance_follower(Aftermath& after) {
  const Offset end = std::min(leader_high_watermark_, durable_end_);
  if (end > high_watermark_) set_high_watermark(end, after);
}

Result<FollowerPosition> Partition::position(LeaderEpoch leader_epoch) const {
  if (Errc error = why_not_following(leader_epoch); error != Errc::none) return Error{error, {}};
  if (durable_end_ < log_->log_end()) return Error{Errc::not_leader_or_follower, "another fetcher has taken over"};
  return FollowerPosition{.log_end = log_->log_end(),
                          .last_epoch = log_->leader_epochs().latest().value_or(no_epoch),
                          .log_start = log_->log_start(),
                          .high_watermark = high_watermark_};
}

std::optional<Result<FollowerPosition>> Partition::wait_until_durable(LeaderEpoch leader_epoch, Followed done) {
  if (durable_end_ >= log_->log_end()) return position(leader_epoch);
  durable_waiters_.add(log_->log_end(), [this, leader_epoch, done = std::move(done)](Errc outcome) {
    Result<FollowerPosition> where = Error{outcome, {}};
    if (outcome == Errc::none) {
      std::lock_guard lock(mutex_);
      where = position(leader_epoch);
    }
    done(std::move(where));
  });
  return std::nullopt;
}

std::optional<Result<FollowerPosition>> Partition::begin_following(LeaderEpoch leader_epoch, Followed done) {
  Aftermath after;
  std::optional<Result<FollowerPosition>> known;
  {
    std::lock_guard lock(mutex_);
    if (Errc error = why_not_following(leader_epoch); error != Errc::none) return Error{error, {}};
    Result<void> ready;
    if (!log_->leader_epochs().latest()) ready = cut([&] { return log_->truncate_to(high_watermark_); }, after);
    known = ready ? wait_until_durable(leader_epoch, std::move(done)) : Result<FollowerPosition>(ready.error());
  }
  if (!known) rounds_.request(shared_from_this(), 0);
  run(after);
  return known;
}

Result<void> Partition::append_fetched(Bytes batches) {
  const auto first = record::BatchView::parse_header(batches);
  const Offset start = log_->log_start();
  // A log that began anew inside a batch: it begins with that batch, and its start stays.
  const bool overlaps = first && first->base_offset() < start && start == log_->log_end() &&
                        first->last_offset() >= start;
  if (!overlaps) return log_->append(batches);
  LEAT_CHECK(log_->restart_at(first->base_offset()));
  ++cuts_;
  LEAT_CHECK(log_->append(batches));
  return log_->move_log_start(start);
}

std::optional<Result<FollowerPosition>> Partition::append_as_follower(LeaderEpoch leader_epoch, Bytes batches,
                                                                      Offset high_watermark, Offset log_start,
                                                                      Followed done) {
  auto taken = record::usable_batches(batches, leader_epoch);
  if (!taken) return std::move(taken).error();
  Aftermath after;
  bool wants_sync = false;
  std::optional<Result<FollowerPosition>> known;
  {
    std::lock_guard lock(mutex_);
    if (Errc error = why_not_following(leader_epoch); error != Errc::none) return Error{error, {}};
    const Offset segment = log_->end_position().segment_base;
    const Offset end = log_->log_end();
    Result<void> appended;
    if (!taken->empty()) {
      appended = append_fetched(*taken);
      if (appended) wants_sync = settle_append(segment, end, after);
      else if (log_->failure()) fail_log(appended.error(), after);
    }
    if (appended) {
      leader_high_watermark_ = high_watermark;
      advance(after);
      if (const Offset start = std::min(log_start, high_watermark_); start > log_->log_start())
        appended = move_log_start(start, after);
    }
    known = appended ? wait_until_durable(leader_epoch, std::move(done)) : Result<FollowerPosition>(appended.error());
  }
  if (wants_sync) rounds_.request(shared_from_this(), taken->size());
  run(after);
  return known;
}

template <class Change>
Result<void> Partition::cut(Change change, Aftermath& after) {
  if (auto changed = change(); !changed) {
    fail_log(changed.error(), after);
    return changed;
  }
  ++cuts_;
  durable_end_ = syncs_every_append() ? log_->durable_end() : log_->log_end();
  high_watermark_ = std::clamp(high_watermark_, log_->log_start(), std::max(log_->log_start(), durable_end_));
  log_->producers().forget_ended(high_watermark_);
  tell_watchers(after);
  return {};
}

template <class Change>
Result<FollowerPosition> Partition::cut_for(LeaderEpoch leader_epoch, Change change) {
  Aftermath after;
  Result<FollowerPosition> where = Error{};
  {
    std::lock_guard lock(mutex_);
    if (Errc error = why_not_following(leader_epoch); error != Errc::none) return Error{error, {}};
    auto changed = cut(std::move(change), after);
    where = changed ? position(leader_epoch) : Result<FollowerPosition>(changed.error());
  }
  run(after);
  return where;
}

Result<FollowerPosition> Partition::truncate_diverging(LeaderEpoch leader_epoch, const log::EpochEnd& leaders) {
  return cut_for(leader_epoch, [&] {
    const log::EpochEnd own = log_->leader_epochs().end_of(leaders.epoch, log_->log_end());
    // Of an older epoch than the leader's answer only its own end is known to be no further than the leader's: the
    // next fetch asks for that epoch.
    Offset end = leaders.end;
    if (own.epoch != no_epoch) end = own.epoch == leaders.epoch ? std::min(own.end, leaders.end) : own.end;
    return log_->truncate_to(std::min(end, log_->log_end()));
  });
}

Result<FollowerPosition> Partition::truncate_to(LeaderEpoch leader_epoch, Offset offset) {
  return cut_for(leader_epoch, [&] { return log_->truncate_to(std::min(offset, log_->log_end())); });
}

Result<FollowerPosition> Partition::restart_at(LeaderEpoch leader_epoch, Offset offset) {
  return cut_for(leader_epoch, [&] { return log_->restart_at(offset); });
}

}  // namespace leat::replication
