#include "client/consumer_core.h"

#include <algorithm>

#include "base/errors.h"
#include "client/batch_outcome.h"

namespace leat::client {

std::shared_ptr<ConsumerCore> ConsumerCore::make(const std::shared_ptr<Host>& host,
                                                 std::shared_ptr<Channels> channels, ConsumerOptions options) {
  std::shared_ptr<ConsumerCore> core(new ConsumerCore(host, std::move(channels), std::move(options)));
  const std::weak_ptr weak = core;
  if (!core->options_.group.empty())
    core->group_ = std::make_unique<ConsumerGroup>(*core, core->cluster_, core->options_, [weak] {
      if (auto consumer = weak.lock()) consumer->arrived();
    });
  core->cluster_->on_update([weak](const Result<void>&) {
    const auto consumer = weak.lock();
    if (!consumer) return;
    if (consumer->group_) consumer->group_->on_metadata();
    consumer->arrived();
  });
  return core;
}

ConsumerCore::ConsumerCore(const std::shared_ptr<Host>& host, std::shared_ptr<Channels> channels,
                           ConsumerOptions options)
    : executor_(host->executor), options_(std::move(options)),
      cluster_(std::make_shared<Cluster>(executor_, std::move(channels),
                                         ClusterOptions{.client_id = options_.client_id,
                                                        .request_timeout = options_.request_timeout,
                                                        .retry_backoff = options_.retry_backoff,
                                                        .metadata_age_max = options_.metadata_max_age})) {}

Result<void> ConsumerCore::check_open() const {
  if (is_closed_) return Error{Errc::closed, "the consumer was closed"};
  return {};
}

Result<void> ConsumerCore::assign(const std::vector<TopicPartition>& partitions) {
  if (group_ && group_->is_subscribed())
    return Error{Errc::invalid_argument, "the consumer is subscribed to topics; unsubscribe first"};
  std::vector<std::string> topics;
  {
    std::lock_guard lock(mutex_);
    LEAT_CHECK(check_open());
    for (const TopicPartition& partition : partitions) {
      if (partition.topic.empty() || partition.partition < 0)
        return Error{Errc::invalid_argument, "'" + partition.to_string() + "' is no partition"};
      if (!topics_->contains(partition.topic)) topics.push_back(partition.topic);
    }
    replace(partitions);
  }
  if (!topics.empty()) cluster_->want(topics);
  return {};
}

void ConsumerCore::replace(const std::vector<TopicPartition>& partitions) {
  std::map<TopicPartition, Assigned> next;
  for (const TopicPartition& partition : partitions) {
    topics_->insert(partition.topic);
    if (const auto known = assigned_.find(partition); known != assigned_.end()) {
      next[partition] = known->second;
    } else {
      Assigned& assigned = next[partition];
      start(assigned, std::nullopt, reset_timestamp());
      assigned.needs_committed = group_ != nullptr;
    }
  }
  assigned_ = std::move(next);
}

std::vector<TopicPartition> ConsumerCore::assignment() const {
  std::lock_guard lock(mutex_);
  std::vector<TopicPartition> result;
  for (const auto& [partition, assigned] : assigned_) result.push_back(partition);
  return result;
}

TimestampMs ConsumerCore::reset_timestamp() const {
  return options_.auto_offset_reset == OffsetReset::latest ? latest_timestamp : earliest_timestamp;
}

void ConsumerCore::start(Assigned& assigned, std::optional<Offset> at, TimestampMs otherwise) {
  assigned = {.is_paused = assigned.is_paused, .is_held = assigned.is_held, .end = assigned.end};
  assigned.generation = ++last_generation_;
  assigned.position = at;
  assigned.fetch_from = at.value_or(0);
  if (!at) assigned.reset_to = otherwise;
}

Result<void> ConsumerCore::seek(const TopicPartition& partition, Offset offset) {
  std::lock_guard lock(mutex_);
  const auto found = assigned_.find(partition);
  LEAT_CHECK(check_open());
  if (found == assigned_.end()) return Error{Errc::invalid_argument, partition.to_string() + " is not assigned"};
  if (offset < 0) return Error{Errc::invalid_argument, "offset " + std::to_string(offset) + " is negative"};
  start(found->second, offset, earliest_timestamp);
  return {};
}

Result<void> ConsumerCore::seek_to(const TopicPartition& partition, TimestampMs timestamp) {
  std::lock_guard lock(mutex_);
  const auto found = assigned_.find(partition);
  LEAT_CHECK(check_open());
  if (found == assigned_.end()) return Error{Errc::invalid_argument, partition.to_string() + " is not assigned"};
  start(found->second, std::nullopt, timestamp);
  return {};
}

Result<Offset> ConsumerCore::position(const TopicPartition& partition) {
  const Instant deadline = call_deadline();
  for (;;) {
    std::shared_ptr<Event> arrival;
    Instant wake;
    {
      std::lock_guard lock(mutex_);
      const auto found = assigned_.find(partition);
      if (found == assigned_.end()) return Error{Errc::invalid_argument, partition.to_string() + " is not assigned"};
      LEAT_CHECK(check_open());
      if (found->second.position) return *found->second.position;
      if (found->second.has_no_place)
        return Error{Errc::offset_out_of_range, "no committed offset for " + partition.to_string()};
      arrival = next_arrival();
      wake = std::min(deadline, next_retry());
    }
    if (executor_.now() >= deadline) return Error{Errc::timed_out, "asking where " + partition.to_string() + " starts"};
    ask();
    executor_.wait(*arrival, wake);
  }
}

Result<Records> ConsumerCore::poll(Duration timeout) {
  if (group_ && group_->is_calling()) return Error{Errc::invalid_argument, "poll was called inside a callback of poll"};
  if (subscription_error_) return *std::exchange(subscription_error_, std::nullopt);
  const Instant deadline = deadline_after(executor_.now(), timeout);
  // The views of the last poll end here, unless somebody still holds its Records.
  if (!holder_ || holder_.use_count() > 1)
    holder_ = std::make_shared<RecordHolder>();
  else
    holder_->clear();
  holder_->keep(topics_);
  cluster_->refresh_if_stale();
  for (bool is_last = false;;) {
    // Taken before anything is looked at: what comes meanwhile sets it and is not waited past.
    std::shared_ptr<Event> arrival;
    {
      std::lock_guard lock(mutex_);
      LEAT_CHECK(check_open());
      arrival = next_arrival();
    }
    if (group_) LEAT_CHECK(group_->step());
    collect(*holder_);
    Instant wake;
    {
      std::lock_guard lock(mutex_);
      if (holder_->size() == 0 && !errors_.empty()) {
        Error error = std::move(errors_.front());
        errors_.pop_front();
        return error;
      }
      wake = std::min(deadline, next_retry());
    }
    ask();
    if (holder_->size() > 0) return RecordHolder::seal(holder_);
    if (is_last) return Records();
    if (group_) wake = std::min(wake, group_->next_step());
    executor_.wait(*arrival, wake);
    is_last = executor_.now() >= deadline;
  }
}

/// Decodes what has arrived, without the lock: only this thread takes parts out.
void ConsumerCore::collect(RecordHolder& holder) {
  std::unique_lock lock(mutex_);
  while (!parts_.empty() && holder.size() < options_.max_poll_records && errors_.empty()) {
    Part& part = parts_.front();
    const auto assigned = assigned_.find(part.partition);
    if (assigned == assigned_.end() || assigned->second.generation != part.generation) {
      pop_part();
      continue;
    }
    lock.unlock();
    auto read = part.batches.read(holder, options_.max_poll_records, options_.check_crcs);
    lock.lock();
    assigned->second.position = part.batches.position();
    if (!read) {
      errors_.push_back(wrap(std::move(read).error(), "reading " + part.partition.to_string()));
      Assigned& again = assigned->second;
      start(again, again.position, earliest_timestamp);
      pause(again);
      pop_part();
    } else if (part.batches.is_exhausted()) {
      pop_part();
    }
  }
}

void ConsumerCore::pop_part() {
  const auto answer = parts_.front().answer;
  if (--answer->parts == 0) --unread_[answer->node];
  parts_.pop_front();
}

std::shared_ptr<Event> ConsumerCore::next_arrival() {
  if (!arrival_ || arrival_->is_set()) arrival_ = std::make_shared<Event>();
  return arrival_;
}

void ConsumerCore::arrived() {
  std::shared_ptr<Event> arrival;
  {
    std::lock_guard lock(mutex_);
    arrival = arrival_;
  }
  if (arrival) arrival->set();
}

Instant ConsumerCore::call_deadline() const { return deadline_after(executor_.now(), options_.default_api_timeout); }

Instant ConsumerCore::next_retry() const {
  const Instant now = executor_.now();
  Instant next = Instant::max();
  for (const auto& [partition, assigned] : assigned_)
    if (assigned.retry_at > now) next = std::min(next, assigned.retry_at);
  return next;
}

void ConsumerCore::close(bool is_told) {
  if (group_) {
    if (is_told && group_->is_calling()) return;
    bool was_closed;
    {
      std::lock_guard lock(mutex_);
      was_closed = is_closed_;
    }
    if (!was_closed) group_->close(is_told);
  }
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return;
    is_closed_ = true;
    assigned_.clear();
    parts_.clear();
  }
  cluster_->close();
  if (group_) group_->end();
  arrived();
}

}  // namespace leat::client
