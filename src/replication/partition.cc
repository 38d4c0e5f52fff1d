#include "replication/partition.h"

#include <algorithm>
#include <limits>

#include "base/errors.h"

namespace leat::replication {
namespace {

// ListOffsets' special timestamps (primitives.md 14).
constexpr TimestampMs latest = -1;
constexpr TimestampMs earliest = -2;
constexpr TimestampMs with_max_timestamp = -3;
constexpr TimestampMs earliest_local = -4;

}  // namespace

log::LogSettings log_settings(const config::LogConfig& config) {
  return {.segment_bytes = config.segment_bytes,
          .segment_ms = config.segment_ms,
          .segment_jitter_ms = config.segment_jitter_ms,
          .index_interval_bytes = config.index_interval_bytes,
          .segment_index_bytes = config.segment_index_bytes,
          .producer_id_expiration_ms = config.producer_id_expiration_ms,
          .file_delete_delay_ms = config.file_delete_delay_ms,
          .preallocate = config.preallocate,
          .may_have_gaps = config.cleanup_compact};
}

bool flushes_by_time(const config::LogConfig& config) {
  return config.flush_messages > 1 && config.flush_ms < std::numeric_limits<std::int64_t>::max();
}

Partition::Partition(NodeId self, storage::LoadedLog loaded, storage::SyncRounds& rounds, const Clock& clock,
                     config::LogConfig config, Peers peers)
    : self_(self),
      id_(std::move(loaded.partition)),
      topic_id_(loaded.topic_id),
      rounds_(rounds),
      clock_(clock),
      peers_(peers),
      log_(std::move(loaded.log)),
      config_(std::make_shared<const config::LogConfig>(config)),
      high_watermark_(std::clamp(loaded.high_watermark, log_->log_start(), log_->durable_end())),
      durable_end_(log_->durable_end()),
      recovery_point_(log_->log_start()) {
  log_->producers().forget_ended(high_watermark_);
}

Result<void> Partition::update(const LeaderState& state) {
  Aftermath after;
  Result<void> outcome;
  {
    std::lock_guard lock(mutex_);
    if (state.partition_epoch < state_.partition_epoch || state.leader_epoch < state_.leader_epoch || retired_)
      return {};
    const bool new_term = state.leader_epoch > state_.leader_epoch;
    // With an epoch between them another may have led, and the others' logs may have been cut meanwhile.
    const bool led_before = is_leader() && state.leader_epoch == state_.leader_epoch + 1;
    // A change on its way was made for the partition epoch that it names: newer metadata has it in, or it never will
    // be taken. The same metadata again says nothing of it.
    if (new_term || state.partition_epoch > state_.partition_epoch) proposed_.reset();
    state_ = state;
    remote_.assign(is_leader() ? state_.replicas : std::vector<NodeId>(), self_);
    if (new_term) {
      fail_waits(Errc::not_leader_or_follower, after);
      leader_high_watermark_ = no_offset;
      if (is_leader()) {
        outcome = begin_leading(led_before);
        if (!outcome) fail_log(outcome.error(), after);
      }
    }
    set_proposed(std::move(proposed_));
    advance(after);
    tell_watchers(after);
  }
  run(after);
  return outcome;
}

void Partition::reconfigure(config::LogConfig config) {
  Aftermath after;
  {
    std::lock_guard lock(mutex_);
    log_->reconfigure(log_settings(config));
    config_ = std::make_shared<const config::LogConfig>(config);
    if (!syncs_every_append()) durable_end_ = log_->log_end();
    advance(after);
  }
  run(after);
}

std::shared_ptr<const config::LogConfig> Partition::config() const {
  std::lock_guard lock(mutex_);
  return config_;
}

std::size_t Partition::effective_min_isr() const {
  return std::min<std::size_t>(static_cast<std::size_t>(config_->min_insync_replicas), state_.replicas.size());
}

Errc Partition::can_append(std::int16_t acks) const {
  std::lock_guard lock(mutex_);
  return why_not_appending(acks);
}

AppendResult Partition::append(std::span<std::byte> batch, const record::ProducedBatch& produced,
                               std::int16_t acks) {
  AppendResult result;
  Aftermath after;
  bool wants_sync = false;
  {
    std::lock_guard lock(mutex_);
    if (Errc error = why_not_appending(acks); error != Errc::none)
      return {.error = error, .message = log_->failure() ? log_->failure()->context : std::string()};

    result.log_start = log_->log_start();
    auto earlier = log_->producers().check(produced.batch);
    if (!earlier) return {.error = earlier.error().code, .message = earlier.error().context,
                          .log_start = result.log_start};
    if (*earlier) {  // a retry of what is in the log: its first answer again (C2)
      result.base_offset = (*earlier)->first_offset;
      result.log_append_time = (*earlier)->timestamp;
      result.end = (*earlier)->last_offset + 1;
      return result;
    }

    result.base_offset = log_->log_end();
    result.end = result.base_offset + produced.batch.last_offset_delta() + 1;
    if (produced.timestamp_type == record::TimestampType::log_append_time)
      result.log_append_time = produced.max_timestamp;
    record::set_base_offset(batch, result.base_offset);
    record::set_leader_epoch(batch, state_.leader_epoch);
    const Offset segment = log_->end_position().segment_base;
    if (auto written = log_->append(batch); !written) {
      fail_log(written.error(), after);
      result = {.error = Errc::kafka_storage_error, .message = written.error().context};
    } else {
      wants_sync = settle_append(segment, result.base_offset, after);
      if (!remote_.empty()) remote_.appending(result.base_offset, clock_.now());
      tell(append_watches_, after);
    }
  }
  if (wants_sync) rounds_.request(shared_from_this(), batch.size());
  run(after);
  return result;
}

bool Partition::settle_append(Offset segment, Offset end, Aftermath& after) {
  if (syncs_every_append()) return true;
  durable_end_ = log_->log_end();
  advance(after);
  if (records_since_sync_ == 0) unsynced_since_ = clock_.now();
  records_since_sync_ += log_->log_end() - end;
  // A finished segment is synced as in Kafka, so that recovery points and open files keep up.
  return records_since_sync_ >= config_->flush_messages || log_->end_position().segment_base != segment;
}

Offset Partition::acknowledged_end(std::int16_t acks) const {
  return acks == -1 ? high_watermark_ : durable_end_;
}

std::optional<Errc> Partition::wait_for(Offset end, std::int16_t acks, Committed done) {
  std::lock_guard lock(mutex_);
  if (acknowledged_end(acks) >= end) return Errc::none;
  // What ended all waits may have come between the append and this call.
  if (Errc error = why_not_leading(); error != Errc::none) return error;
  if (acks == -1 && durable_end_ >= end && is_below_min_isr()) return Errc::not_enough_replicas_after_append;
  (acks == -1 ? committed_waiters_ : durable_waiters_).add(end, std::move(done));
  return std::nullopt;
}

Offset Partition::last_stable_offset() const {
  const auto unstable = log_->producers().first_unstable_offset();
  return unstable ? std::min(high_watermark_, std::max(*unstable, log_->log_start())) : high_watermark_;
}

void Partition::advance(Aftermath& after) {
  durable_waiters_.take(durable_end_, Errc::none, after.ready);
  if (is_leader()) advance_leader(after);
  else advance_follower(after);
}

void Partition::set_high_watermark(Offset offset, Aftermath& after) {
  high_watermark_ = offset;
  log_->producers().forget_ended(offset);
  tell_watchers(after);
}

void Partition::tell_watchers(Aftermath& after) {
  tell(watches_, after);
  tell(append_watches_, after);
}

void Partition::tell(std::vector<Watch>& watches, Aftermath& after) {
  std::erase_if(watches, [&](const Watch& watch) {
    auto watcher = watch.watcher.lock();
    if (!watcher) return true;
    watcher->partition_changed(watch.cookie);
    after.watchers.push_back(std::move(watcher));
    return false;
  });
}

void Partition::run(Aftermath& after) {
  for (const Ready& one : after.ready) one();
  if (after.proposal) peers_.isr_changer->propose(shared_from_this(), std::move(*after.proposal));
}

void Partition::fail_waits(Errc outcome, Aftermath& after) {
  durable_waiters_.take_all(outcome, after.ready);
  committed_waiters_.take_all(outcome, after.ready);
}

void Partition::fail_log(const Error& error, Aftermath& after) {
  log_->fail(error);
  fail_waits(Errc::kafka_storage_error, after);
  tell_watchers(after);
}

storage::Syncable::Pending Partition::begin_sync() {
  std::lock_guard lock(mutex_);
  records_since_sync_ = 0;
  return {.mark = {.end = log_->log_end(), .cuts = cuts_}, .files = log_->unsynced_files()};
}

void Partition::flush_if_due() {
  {
    std::lock_guard lock(mutex_);
    if (records_since_sync_ == 0 || !flushes_by_time(*config_) || log_->failure() || closing_ || retired_) return;
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - unsynced_since_);
    if (waited.count() < config_->flush_ms) return;
  }
  rounds_.request(shared_from_this(), 0);
}

void Partition::end_sync(const Mark& mark, const Result<void>& outcome) {
  Aftermath after;
  {
    std::lock_guard lock(mutex_);
    if (!outcome) {
      fail_log(outcome.error(), after);
    } else if (!log_->failure() && mark.cuts == cuts_) {
      log_->mark_durable(mark.end);
      durable_end_ = std::max(durable_end_, mark.end);
      advance(after);
    }
  }
  run(after);
}

Errc Partition::why_not_leading() const {
  if (retired_) return Errc::unknown_topic_or_partition;
  if (log_->failure()) return Errc::kafka_storage_error;
  return is_leader() && !closing_ ? Errc::none : Errc::not_leader_or_follower;
}

Errc Partition::why_not_appending(std::int16_t acks) const {
  if (Errc error = why_not_leading(); error != Errc::none) return error;
  return acks == -1 && is_below_min_isr() ? Errc::not_enough_replicas : Errc::none;
}

Errc Partition::check_epoch(LeaderEpoch epoch) const {
  if (epoch == no_epoch || epoch == state_.leader_epoch) return Errc::none;
  return epoch < state_.leader_epoch ? Errc::fenced_leader_epoch : Errc::unknown_leader_epoch;
}

Errc Partition::check_leader(LeaderEpoch current_leader_epoch) const {
  const Errc error = why_not_leading();
  if (error == Errc::unknown_topic_or_partition || error == Errc::kafka_storage_error) return error;
  const Errc epoch_error = check_epoch(current_leader_epoch);
  return epoch_error != Errc::none ? epoch_error : error;
}

Result<std::optional<log::EpochEnd>> Partition::find_divergence(Offset from, LeaderEpoch last_fetched_epoch) const {
  if (last_fetched_epoch == no_epoch) return std::nullopt;
  const log::EpochEnd end = log_->leader_epochs().end_of(last_fetched_epoch, log_->log_end());
  if (end.epoch == no_epoch || end.end == no_offset || from < log_->log_start())
    return Error{Errc::offset_out_of_range, {}};
  if (end.epoch < last_fetched_epoch || end.end < from) return end;
  return std::nullopt;
}

ReadResult Partition::read(const ReadRequest& request) const {
  ReadResult result;
  {
    std::lock_guard lock(mutex_);
    result.error = check_leader(request.current_leader_epoch);
    if (result.error == Errc::not_leader_or_follower && request.also_from_follower && !closing_)
      result.error = Errc::none;
    if (result.error != Errc::none) return result;
    result.high_watermark = high_watermark_;
    result.last_stable_offset = last_stable_offset();
    result.log_start = log_->log_start();
    result.end =
        request.isolation == Isolation::read_committed ? result.last_stable_offset : result.high_watermark;
    auto diverging = find_divergence(request.from, request.last_fetched_epoch);
    if (!diverging) return {.error = diverging.error().code};
    result.diverging = *diverging;
    if (result.diverging) return result;
  }
  auto range = log_->read({.from = request.from,
                           .below = result.end,
                           .max_bytes = request.max_bytes,
                           .at_least_one_batch = request.at_least_one_batch,
                           .with_aborted = request.isolation == Isolation::read_committed});
  if (!range) return {.error = to_kafka(range.error().code)};
  result.range = std::move(*range);
  return result;
}

OffsetResult Partition::find_offset(TimestampMs timestamp, LeaderEpoch current_leader_epoch,
                                    Isolation isolation) const {
  Offset limit, start;
  LeaderEpoch epoch;
  bool is_behind_term;  // a new leader does not know yet what was committed before it (primitives.md 14)
  std::optional<LeaderEpoch> start_epoch;
  {
    std::lock_guard lock(mutex_);
    if (Errc error = check_leader(current_leader_epoch); error != Errc::none) return {.error = error};
    limit = isolation == Isolation::read_committed ? last_stable_offset() : high_watermark_;
    start = log_->log_start();
    is_behind_term = high_watermark_ < term_start_;
    epoch = state_.leader_epoch;
    start_epoch = log_->leader_epochs().epoch_of(start);
  }
  switch (timestamp) {
    case latest:
      if (is_behind_term) return {.error = Errc::offset_not_available};
      return {.found = {.offset = limit, .leader_epoch = epoch}};
    case earliest:
    case earliest_local: return {.found = {.offset = start, .leader_epoch = start_epoch.value_or(no_epoch)}};
    default: break;
  }
  if (timestamp < with_max_timestamp) return {.error = Errc::unsupported_version};
  auto found = timestamp == with_max_timestamp ? log_->find_max_timestamp(limit)
                                               : log_->find_by_time(timestamp, limit);
  if (!found) return {.error = to_kafka(found.error().code)};
  if (found->offset < 0 && is_behind_term) return {.error = Errc::offset_not_available};
  return {.found = *found};
}

Partition::EpochResult Partition::end_of_epoch(LeaderEpoch epoch, LeaderEpoch current_leader_epoch) const {
  std::lock_guard lock(mutex_);
  if (Errc error = check_leader(current_leader_epoch); error != Errc::none) return {.error = error};
  return {.end = log_->leader_epochs().end_of(epoch, log_->log_end())};
}

void Partition::watch(std::weak_ptr<Watcher> watcher, std::uint64_t cookie, Interest interest) {
  std::lock_guard lock(mutex_);
  const Watcher* key = watcher.lock().get();
  auto& watches = interest == Interest::appended ? append_watches_ : watches_;
  watches.push_back({std::move(watcher), key, cookie});
}

void Partition::unwatch(const Watcher* watcher, std::uint64_t cookie) {
  std::lock_guard lock(mutex_);
  for (auto* watches : {&watches_, &append_watches_})
    std::erase_if(*watches, [&](const Watch& w) { return w.key == watcher && w.cookie == cookie; });
}

LeaderState Partition::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

Offset Partition::high_watermark() const {
  std::lock_guard lock(mutex_);
  return high_watermark_;
}

std::optional<Offset> Partition::log_start_in_segment() const {
  const Offset start = log_->log_start();
  return start > log_->first_base() ? std::optional(start) : std::nullopt;
}

storage::LogDirectory::Checkpoint Partition::describe() const {
  return {.recovery_point = log_->durable_end(),
          .log_start = log_->log_start(),
          .log_start_in_segment = log_start_in_segment().has_value(),
          .high_watermark = high_watermark_};
}

std::vector<std::shared_ptr<io::File>> Partition::begin_checkpoint() {
  Aftermath after;
  std::vector<std::shared_ptr<io::File>> files;
  {
    std::lock_guard lock(mutex_);
    if (log_->failure()) return files;
    auto begun = log_->begin_checkpoint();
    if (begun) files = std::move(*begun);
    else if (log_->failure()) fail_log(begun.error(), after);
  }
  run(after);
  return files;
}

storage::LogDirectory::Checkpoint Partition::end_checkpoint(const Result<void>& synced) {
  Aftermath after;
  storage::LogDirectory::Checkpoint checkpoint;
  {
    std::lock_guard lock(mutex_);
    if (!log_->failure()) {
      if (!synced) fail_log(synced.error(), after);
      else if (auto point = log_->end_checkpoint()) recovery_point_ = *point;
      else if (log_->failure()) fail_log(point.error(), after);
    }
    checkpoint = describe();
    checkpoint.recovery_point = recovery_point_;
  }
  run(after);
  return checkpoint;
}

void Partition::expire_producers() {
  std::lock_guard lock(mutex_);
  log_->producers().expire(clock_.wall_ms(), config_->producer_id_expiration_ms);
}

Result<void> Partition::purge_deleted() {
  std::lock_guard lock(mutex_);
  return log_->purge_deleted(clock_.wall_ms());
}

Result<std::vector<std::shared_ptr<io::File>>> Partition::begin_close() {
  Aftermath after;
  Result<std::vector<std::shared_ptr<io::File>>> files = Error{};
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    files = log_->begin_close();
    if (!files) fail_log(files.error(), after);
  }
  run(after);
  return files;
}

Result<storage::LogDirectory::Checkpoint> Partition::end_close(const Result<void>& synced) {
  Aftermath after;
  Result<storage::LogDirectory::Checkpoint> result = Error{};
  {
    std::lock_guard lock(mutex_);
    if (auto closed = synced ? log_->end_close() : synced; !closed) {
      fail_log(closed.error(), after);
      result = closed.error();
    } else {
      durable_end_ = log_->durable_end();
      advance(after);
      result = describe();
    }
    fail_waits(Errc::not_leader_or_follower, after);
    state_.leader = no_node;
    tell_watchers(after);
  }
  run(after);
  return result;
}

void Partition::retire() {
  Aftermath after;
  {
    std::lock_guard lock(mutex_);
    retired_ = true;
    fail_waits(Errc::unknown_topic_or_partition, after);
    tell_watchers(after);
  }
  run(after);
}

bool Partition::is_retired() const {
  std::lock_guard lock(mutex_);
  return retired_;
}

}  // namespace leat::replication
