#include <algorithm>

#include "base/errors.h"
#include "client/producer_core.h"
#include "record/murmur2.h"

namespace leat::client {
namespace {

/// At least what the record adds to a batch.
std::size_t size_bound(const Message& message) {
  constexpr std::size_t fields = 5 + 1 + 10 + 5 + 5 + 5 + 5;  // length, attributes, deltas, two lengths, count
  std::size_t size = fields + message.key.size() + message.value.size();
  for (const Header& header : message.headers) size += 10 + header.key.size() + header.value.size();
  return size;
}

std::vector<record::HeaderView> views(const std::vector<Header>& headers) {
  std::vector<record::HeaderView> result;
  for (const Header& header : headers) result.push_back({header.key, header.value});
  return result;
}

}  // namespace

ProducerCore::Sent ProducerCore::refuse(Error error, DeliveryCallback callback) const {
  if (callback) callback(error);
  return {BatchOutcome::failed(std::move(error)), 0};
}

ProducerCore::Sent ProducerCore::send(const Message& message, DeliveryCallback callback) {
  const std::size_t size = size_bound(message);
  if (size + record::batch_header_size > options_.max_request_bytes)
    return refuse({Errc::message_too_large, "a record of about " + std::to_string(size) + " bytes is larger than " +
                                                "max_request_bytes = " + std::to_string(options_.max_request_bytes)},
                  std::move(callback));
  const TimestampMs timestamp = message.timestamp ? *message.timestamp : clock_.wall_ms();
  const std::vector<record::HeaderView> headers = views(message.headers);

  std::unique_lock lock(mutex_);
  // Room first: while it waits for room others may move the topic's partition.
  auto room = reserve(lock, size);
  if (!room) return lock.unlock(), refuse(std::move(room).error(), std::move(callback));
  auto topic = find_topic(lock, message.topic, deadline_after(executor_.now(), options_.max_block));
  Result<PartitionQueue*> queue = topic ? choose(**topic, message, size) : std::move(topic).error();
  if (queue && is_closed_) queue = Error{Errc::closed, "the producer was closed"};
  if (!queue) {
    buffered_ -= size;
    lock.unlock();
    return refuse(std::move(queue).error(), std::move(callback));
  }

  Batch& batch = open_batch(**queue, message, timestamp, headers);
  batch.builder.append(timestamp, message.key, message.value, headers);
  batch.reserved += size;
  Sent sent{batch.outcome, batch.outcome->add(timestamp, std::move(callback))};
  const bool due = (*queue)->waiting.size() > 1 || options_.linger <= Duration(0);
  if (due) list(**queue);
  lock.unlock();
  if (due) pump();
  return sent;
}

Result<void> ProducerCore::reserve(std::unique_lock<std::mutex>& lock, std::size_t size) {
  std::optional<Instant> deadline;
  for (;;) {
    if (is_closed_) return Error{Errc::closed, "the producer was closed"};
    // One record larger than the whole buffer is let in alone.
    if (buffered_ == 0 || buffered_ + size <= options_.buffer_bytes) {
      buffered_ += size;
      return {};
    }
    if (!deadline) {
      deadline = deadline_after(executor_.now(), options_.max_block);
      // What lingers would keep the room that is waited for.
      for (PartitionQueue* queue : active_) queue->urgent_serial = last_serial_;
      list_all();
    }
    auto freed = std::make_shared<Event>();
    waiters_.push_back(freed);
    lock.unlock();
    pump();
    const bool woken = executor_.wait(*freed, *deadline);
    lock.lock();
    std::erase(waiters_, freed);
    if (!woken)
      return Error{Errc::buffer_full,
                   std::to_string(buffered_) + " bytes wait already; buffer_bytes = " +
                       std::to_string(options_.buffer_bytes)};
  }
}

Result<ProducerCore::Topic*> ProducerCore::find_topic(std::unique_lock<std::mutex>& lock, std::string_view name,
                                                      Instant deadline) {
  for (bool asked = false;; asked = true) {
    if (const auto found = topics_.find(name); found != topics_.end()) return &found->second;
    if (is_closed_) return Error{Errc::closed, "the producer was closed"};
    const auto view = cluster_->view();
    const TopicView* topic = view->topic(name);
    if (topic && !topic->partitions.empty()) {
      topics_.emplace(std::string(name), Topic{});
      adopt_view();
      continue;
    }
    if (topic && asked && topic->error != Errc::none && !is_retriable(topic->error))
      return Error{topic->error, "topic " + std::string(name)};
    if (executor_.now() >= deadline) {
      if (topic && topic->error != Errc::none) return Error{topic->error, "topic " + std::string(name)};
      Error error{Errc::timed_out, "no metadata of topic " + std::string(name)};
      if (last_metadata_error_.code != Errc::none) error.context += ": " + last_metadata_error_.to_string();
      return error;
    }
    auto updated = std::make_shared<Event>();
    waiters_.push_back(updated);
    lock.unlock();
    cluster_->want(std::string(name));
    executor_.wait(*updated, deadline);
    lock.lock();
    std::erase(waiters_, updated);
  }
}

/// Brings the topics up to what the metadata says; partitions are only ever added.
void ProducerCore::adopt_view() {
  const auto view = cluster_->view();
  for (auto& [name, topic] : topics_) {
    const TopicView* known = view->topic(name);
    if (!known || known->partitions.empty()) continue;
    topic.id = known->id;
    for (auto next = topic.partitions.size(); next < known->partitions.size(); ++next) {
      auto queue = std::make_unique<PartitionQueue>();
      queue->topic = name;
      queue->partition = static_cast<std::int32_t>(next);
      topic.partitions.push_back(std::move(queue));
    }
  }
}

Result<PartitionQueue*> ProducerCore::choose(Topic& topic, const Message& message, std::size_t size) {
  const auto count = static_cast<std::int32_t>(topic.partitions.size());
  if (message.partition) {
    if (*message.partition < 0 || *message.partition >= count)
      return Error{Errc::invalid_partitions, "topic " + std::string(message.topic) + " has " +
                                                 std::to_string(count) + " partitions, not number " +
                                                 std::to_string(*message.partition)};
    return topic.partitions[static_cast<std::size_t>(*message.partition)].get();
  }
  if (!message.key.is_null())
    return topic.partitions[static_cast<std::size_t>(record::partition_for_key(message.key, count))].get();
  if (topic.sticky < 0 || topic.sticky_bytes >= options_.batch_bytes) {
    topic.sticky = static_cast<std::int32_t>(entropy_.next() % static_cast<std::uint64_t>(count));
    topic.sticky_bytes = 0;
  }
  topic.sticky_bytes += size;
  return topic.partitions[static_cast<std::size_t>(topic.sticky)].get();
}

/// The batch that the record goes into: the last one, if it is not full and was never sent.
Batch& ProducerCore::open_batch(PartitionQueue& queue, const Message& message, TimestampMs timestamp,
                                std::span<const record::HeaderView> headers) {
  if (!queue.waiting.empty()) {
    Batch& last = *queue.waiting.back();
    if (last.attempts == 0 && last.bytes == nullptr &&
        last.builder.size_with(timestamp, message.key, message.value, headers) <= options_.batch_bytes)
      return last;
  }
  const Instant now = executor_.now();
  auto batch = std::make_shared<Batch>();
  batch->serial = ++last_serial_;
  batch->outcome = std::make_shared<BatchOutcome>(&queue, batch->serial, weak_from_this(), host_);
  batch->ready_at = now + std::max(options_.linger, Duration(0));
  batch->expires = deadline_after(now, options_.delivery_timeout);
  queue.waiting.push_back(batch);
  if (!queue.is_active) {
    queue.is_active = true;
    active_.push_back(&queue);
  }
  wake_at(options_.linger > Duration(0) ? std::min(batch->ready_at, batch->expires) : batch->expires);
  return *queue.waiting.back();
}

}  // namespace leat::client
