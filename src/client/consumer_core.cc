#include "client/consumer_core.h"

#include <algorithm>

#include "base/errors.h"
#include "client/batch_outcome.h"

namespace leat::client {

std::shared_ptr<ConsumerCore> ConsumerCore::make(const std::shared_ptr<Host>& host,
                                                 std::shared_ptr<Channels> channels, ConsumerOptions options) {
  std::shared_ptr<ConsumerCore> core(new ConsumerCore(host, std::move(channels), std::move(options)));
  core->cluster_->on_update([weak = std::weak_ptr(core)](const Result<void>&) {
    if (auto consumer = weak.lock()) consumer->arrived();
  });
  return core;
}

ConsumerCore::ConsumerCore(const std::shared_ptr<Host>& host, std::shared_ptr<Channels> channels,
                           ConsumerOptions options)
    : executor_(host->executor), options_(std::move(options)),
      cluster_(std::make_shared<Cluster>(executor_, std::move(channels),
                                         ClusterOptions{.client_id = options_.client_id,
                                                        .request_timeout = options_.request_timeout,
                                                        .retry_backoff = options_.retry_backoff})) {}

Result<void> ConsumerCore::assign(const std::vector<TopicPartition>& partitions) {
  std::map<TopicPartition, Assigned> next;
  std::vector<std::string> topics;
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return Error{Errc::closed, "the consumer was closed"};
    for (const TopicPartition& partition : partitions) {
      if (partition.topic.empty() || partition.partition < 0)
        return Error{Errc::invalid_argument, "'" + partition.to_string() + "' is no partition"};
      if (const auto known = assigned_.find(partition); known != assigned_.end())
        next[partition] = known->second;
      else
        start(next[partition], std::nullopt, reset_timestamp());
      if (topics_->insert(partition.topic).second) topics.push_back(partition.topic);
    }
    assigned_ = std::move(next);
  }
  for (const std::string& topic : topics) cluster_->want(topic);
  return {};
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
  assigned = {};
  assigned.generation = ++last_generation_;
  assigned.position = at;
  assigned.fetch_from = at.value_or(0);
  if (!at) assigned.reset_to = otherwise;
}

Result<void> ConsumerCore::seek(const TopicPartition& partition, Offset offset) {
  std::lock_guard lock(mutex_);
  const auto found = assigned_.find(partition);
  if (is_closed_) return Error{Errc::closed, "the consumer was closed"};
  if (found == assigned_.end()) return Error{Errc::invalid_argument, partition.to_string() + " is not assigned"};
  if (offset < 0) return Error{Errc::invalid_argument, "offset " + std::to_string(offset) + " is negative"};
  start(found->second, offset, earliest_timestamp);
  return {};
}

Result<void> ConsumerCore::seek_to(const TopicPartition& partition, TimestampMs timestamp) {
  std::lock_guard lock(mutex_);
  const auto found = assigned_.find(partition);
  if (is_closed_) return Error{Errc::closed, "the consumer was closed"};
  if (found == assigned_.end()) return Error{Errc::invalid_argument, partition.to_string() + " is not assigned"};
  start(found->second, std::nullopt, timestamp);
  return {};
}

Result<Offset> ConsumerCore::position(const TopicPartition& partition) {
  const Instant deadline = deadline_after(executor_.now(), options_.default_api_timeout);
  for (;;) {
    std::shared_ptr<Event> arrival;
    Instant wake;
    {
      std::lock_guard lock(mutex_);
      const auto found = assigned_.find(partition);
      if (found == assigned_.end()) return Error{Errc::invalid_argument, partition.to_string() + " is not assigned"};
      if (is_closed_) return Error{Errc::closed, "the consumer was closed"};
      if (found->second.position) return *found->second.position;
      arrival = next_arrival();
      wake = std::min(deadline, next_retry());
    }
    if (executor_.now() >= deadline) return Error{Errc::timed_out, "asking where " + partition.to_string() + " starts"};
    ask();
    executor_.wait(*arrival, wake);
  }
}

Result<Records> ConsumerCore::poll(Duration timeout) {
  const Instant deadline = deadline_after(executor_.now(), timeout);
  // The views of the last poll end here, unless somebody still holds its Records.
  if (!holder_ || holder_.use_count() > 1)
    holder_ = std::make_shared<RecordHolder>();
  else
    holder_->clear();
  holder_->keep(topics_);
  cluster_->refresh_if_stale();
  for (bool is_last = false;;) {
    collect(*holder_);
    std::shared_ptr<Event> arrival;
    Instant wake;
    {
      std::lock_guard lock(mutex_);
      if (is_closed_) return Error{Errc::closed, "the consumer was closed"};
      if (holder_->size() == 0 && !errors_.empty()) {
        Error error = std::move(errors_.front());
        errors_.pop_front();
        return error;
      }
      // What came since collect() has set the last event already, and would be waited past.
      if (holder_->size() == 0 && !parts_.empty()) continue;
      arrival = next_arrival();
      wake = std::min(deadline, next_retry());
    }
    ask();
    if (holder_->size() > 0) return RecordHolder::seal(holder_);
    if (is_last) return Records();
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

Instant ConsumerCore::next_retry() const {
  const Instant now = executor_.now();
  Instant next = Instant::max();
  for (const auto& [partition, assigned] : assigned_)
    if (assigned.retry_at > now) next = std::min(next, assigned.retry_at);
  return next;
}

void ConsumerCore::close() {
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return;
    is_closed_ = true;
    assigned_.clear();
    parts_.clear();
  }
  cluster_->close();
  arrived();
}

}  // namespace leat::client
