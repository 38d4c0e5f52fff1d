#include "client/producer_core.h"

#include <algorithm>

#include "base/errors.h"
#include "protocol/messages/init_producer_id.h"

namespace leat::client {
namespace {

ClusterOptions cluster_options(const ProducerOptions& options) {
  return {.client_id = options.client_id,
          .request_timeout = options.request_timeout,
          .retry_backoff = options.retry_backoff,
          .allow_auto_topic_creation = true};
}

record::Codec codec_of(Compression compression) { return static_cast<record::Codec>(compression); }

std::int16_t wire_acks(Acks acks) { return acks == Acks::none ? 0 : acks == Acks::leader ? 1 : -1; }

}  // namespace

std::shared_ptr<ProducerCore> ProducerCore::make(const std::shared_ptr<Host>& host,
                                                 std::shared_ptr<Channels> channels, ProducerOptions options) {
  std::shared_ptr<ProducerCore> core(new ProducerCore(host, std::move(channels), std::move(options)));
  core->cluster_->on_update([weak = std::weak_ptr(core)](const Result<void>& outcome) {
    if (auto producer = weak.lock()) producer->on_metadata(outcome);
  });
  return core;
}

ProducerCore::ProducerCore(const std::shared_ptr<Host>& host, std::shared_ptr<Channels> channels,
                           ProducerOptions options)
    : host_(host), executor_(host->executor), clock_(host->clock), entropy_(host->entropy),
      options_(std::move(options)),
      cluster_(std::make_shared<Cluster>(executor_, std::move(channels), cluster_options(options_))) {
  if (options_.idempotence && options_.acks == Acks::all) identity_state_ = IdentityState::wanted;
}

void ProducerCore::on_metadata(const Result<void>& outcome) {
  std::vector<std::shared_ptr<Event>> waiters;
  {
    std::lock_guard lock(mutex_);
    last_metadata_error_ = outcome ? Error{Errc::none, {}} : outcome.error();
    adopt_view();
    list_all();
    waiters = waiters_;
  }
  for (const auto& waiter : waiters) waiter->set();
  pump();
}

void ProducerCore::hurry(PartitionQueue& queue, std::uint64_t serial) {
  {
    std::lock_guard lock(mutex_);
    queue.urgent_serial = std::max(queue.urgent_serial, serial);
    list(queue);
  }
  pump();
}

std::vector<std::shared_ptr<Batch>> ProducerCore::all_batches() const {
  std::vector<std::shared_ptr<Batch>> all;
  for (const auto& [name, topic] : topics_)
    for (const auto& queue : topic.partitions) {
      all.insert(all.end(), queue->in_flight.begin(), queue->in_flight.end());
      all.insert(all.end(), queue->waiting.begin(), queue->waiting.end());
    }
  return all;
}

Result<void> ProducerCore::flush(Duration timeout) {
  const Instant deadline = deadline_after(executor_.now(), timeout);
  std::vector<std::shared_ptr<Batch>> batches;
  {
    std::lock_guard lock(mutex_);
    batches = all_batches();
    for (PartitionQueue* queue : active_) queue->urgent_serial = last_serial_;
    list_all();
  }
  pump();
  for (const auto& batch : batches)
    if (!executor_.wait(batch->outcome->done(), deadline))
      return Error{Errc::timed_out, "not everything that was sent has been acknowledged yet"};
  return {};
}

Result<void> ProducerCore::close(Duration timeout) {
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return {};
  }
  auto flushed = flush(timeout);
  std::vector<std::shared_ptr<Batch>> left;
  std::vector<std::shared_ptr<Event>> waiters;
  {
    std::lock_guard lock(mutex_);
    is_closed_ = true;
    left = all_batches();
    for (auto& [name, topic] : topics_)
      for (auto& queue : topic.partitions) queue->in_flight.clear(), queue->waiting.clear();
    active_.clear();
    waiters.swap(waiters_);
    executor_.cancel(wake_timer_);
  }
  for (const auto& batch : left) batch->outcome->fail({Errc::closed, "the producer was closed"});
  for (const auto& waiter : waiters) waiter->set();
  cluster_->close();
  return flushed;
}

void ProducerCore::list(PartitionQueue& queue) {
  if (queue.is_listed) return;
  queue.is_listed = true;
  listed_.push_back(&queue);
}

void ProducerCore::list_all() {
  for (PartitionQueue* queue : active_) list(*queue);
}

void ProducerCore::wake_at(Instant when) {
  if (when >= wake_time_ || is_closed_) return;
  if (wake_timer_ != TimerId::none) executor_.cancel(wake_timer_);
  wake_time_ = when;
  wake_timer_ = executor_.at(when, [self = weak_from_this()] {
    if (auto producer = self.lock()) producer->on_wake();
  });
}

void ProducerCore::on_wake() {
  {
    std::lock_guard lock(mutex_);
    wake_timer_ = TimerId::none;
    wake_time_ = Instant::max();
    const Instant now = executor_.now();
    std::erase_if(active_, [](PartitionQueue* queue) {
      if (queue->waiting.empty()) queue->is_active = false;
      return queue->waiting.empty();
    });
    for (PartitionQueue* queue : active_) {
      const Batch& front = *queue->waiting.front();
      if (front.expires <= now || (queue->retry_at <= now && queue->has_unsent_front(now))) {
        list(*queue);
        continue;
      }
      wake_at(std::min(front.expires, std::max(queue->retry_at, front.ready_at)));
    }
  }
  pump();
}

void ProducerCore::pump() {
  {
    std::lock_guard lock(mutex_);
    // The pump looks at the list again before it stops.
    if (is_pumping_) return;
    is_pumping_ = true;
  }
  for (;;) {
    std::vector<Ended> ended;
    std::vector<Shipment> shipments;
    bool ask = false;
    {
      std::lock_guard lock(mutex_);
      if (listed_.empty() || is_closed_) {
        is_pumping_ = false;
        return;
      }
      if (identity_state_ == IdentityState::wanted) {
        identity_state_ = IdentityState::asked;
        ask = true;
      }
      shipments = collect(ended);
    }
    if (ask) ask_identity();
    for (Ended& end : ended) end.batch->outcome->fail(std::move(end.error));
    for (Shipment& shipment : shipments) ship(std::move(shipment));
  }
}

std::vector<ProducerCore::Shipment> ProducerCore::collect(std::vector<Ended>& ended) {
  std::vector<Shipment> shipments;
  cluster_->refresh_if_stale();
  const auto view = cluster_->view();
  const Instant now = executor_.now();
  std::vector<PartitionQueue*> listed;
  listed.swap(listed_);
  for (PartitionQueue* queue : listed) {
    queue->is_listed = false;
    consider(*queue, *view, now, shipments, ended);
  }
  return shipments;
}

void ProducerCore::consider(PartitionQueue& queue, const ClusterView& view, Instant now,
                            std::vector<Shipment>& out, std::vector<Ended>& ended) {
  while (!queue.waiting.empty() && queue.waiting.front()->expires <= now) {
    auto batch = take_front(queue);
    if (batch->base_sequence >= 0) queue.needs_new_identity = true;
    release(*batch);
    ended.push_back({batch, {Errc::timed_out, "topic " + queue.topic + " partition " +
                                                  std::to_string(queue.partition) +
                                                  ": not acknowledged within delivery_timeout"}});
  }
  if (!queue.has_unsent_front(now)) {
    if (!queue.waiting.empty()) wake_at(std::min(queue.waiting.front()->ready_at, queue.waiting.front()->expires));
    return;
  }
  wake_at(queue.waiting.front()->expires);
  if (!may_ship(queue, now)) return;
  const PartitionView* partition = view.partition(queue.topic, queue.partition);
  if (!partition || partition->leader < 0 || !view.node(partition->leader)) {
    cluster_->refresh();
    return;
  }

  auto batch = take_front(queue);
  if (batch->identity != queue.identity) {
    batch->identity = queue.identity;
    batch->is_absent = false;
    batch->index = queue.next_index++;
    batch->base_sequence = queue.identity.id < 0 ? record::no_sequence : queue.next_sequence;
    if (batch->record_count == 0) batch->record_count = batch->builder.record_count();
    if (queue.identity.id >= 0)
      queue.next_sequence = record::advance_sequence(queue.next_sequence, batch->record_count);
  }
  batch->was_first = queue.is_first(*batch);
  ++batch->attempts;
  queue.in_flight.push_back(batch);

  const std::size_t size = batch->reserved + record::batch_header_size;
  auto shipment = std::ranges::find_if(out, [&](const Shipment& s) {
    return s.node == partition->leader && s.bytes + size <= options_.max_request_bytes;
  });
  if (shipment == out.end()) shipment = out.insert(out.end(), Shipment{.node = partition->leader});
  shipment->bytes += size;
  shipment->items.push_back({&queue, std::move(batch), view.topic(queue.topic)->id});
  // One batch of a partition fits a request; the next goes into the one after.
  if (!queue.waiting.empty()) list(queue);
}

/// Whether another batch of the partition may leave now; gives it its identity.
bool ProducerCore::may_ship(PartitionQueue& queue, Instant now) {
  if (queue.retry_at > now) {
    wake_at(queue.retry_at);
    return false;
  }
  switch (identity_state_) {
    case IdentityState::off:
      return queue.in_flight.empty();
    case IdentityState::wanted:
    case IdentityState::asked:
      return false;
    case IdentityState::known:
      break;
  }
  if (queue.needs_new_identity || queue.identity.id < 0) {
    if (queue.front_may_be_written()) return true;
    if (!queue.in_flight.empty()) return false;
    // Every partition that writes under it goes on; this one alone has to have another.
    if (queue.needs_new_identity && queue.identity == identity_ && !renew_identity()) {
      list(queue);
      return false;
    }
    queue.identity = identity_;
    queue.next_sequence = 0;
    queue.next_index = 0;
    queue.is_known = false;
    queue.needs_new_identity = false;
  }
  return queue.waiting.front()->identity == queue.identity || queue.has_room();
}

/// The next epoch of the same id, so that what of the old one is still on its way is refused when it arrives (KIP-360).
bool ProducerCore::renew_identity() {
  if (identity_.epoch < INT16_MAX) {
    ++identity_.epoch;
    return true;
  }
  identity_state_ = IdentityState::wanted;
  return false;
}

std::shared_ptr<Batch> ProducerCore::take_front(PartitionQueue& queue) {
  auto batch = std::move(queue.waiting.front());
  queue.waiting.pop_front();
  return batch;
}

/// Encodes a batch that was never sent, or makes a fresh copy of one that was: a broker in this process may
/// have stamped the bytes, and a request that timed out may still use them.
Result<void> ProducerCore::build(Batch& batch) const {
  if (!batch.bytes) {
    batch.max_timestamp = batch.builder.max_timestamp();
    batch.record_count = batch.builder.record_count();
    auto& options = batch.builder.options();
    options.producer_id = batch.identity.id;
    options.producer_epoch = batch.identity.epoch;
    options.base_sequence = batch.base_sequence;
    auto built = batch.builder.build(codec_of(options_.compression));
    if (!built) return std::move(built).error();
    batch.bytes = std::make_shared<std::vector<std::byte>>(std::move(built).value());
    return {};
  }
  auto copy = std::make_shared<std::vector<std::byte>>(*batch.bytes);
  record::set_base_offset(*copy, 0);
  record::set_leader_epoch(*copy, no_epoch);
  record::set_timestamp_type_and_max(*copy, record::TimestampType::create_time, batch.max_timestamp);
  record::set_producer(*copy, batch.identity.id, batch.identity.epoch, batch.base_sequence);
  batch.bytes = std::move(copy);
  return {};
}

void ProducerCore::ship(Shipment shipment) {
  bool has_ids = true;
  for (auto item = shipment.items.begin(); item != shipment.items.end();) {
    if (auto built = build(*item->batch); !built) {
      fail(*item, wrap(std::move(built).error(), "building a batch"));
      item = shipment.items.erase(item);
      continue;
    }
    has_ids = has_ids && !item->topic_id.is_zero();
    ++item;
  }
  if (shipment.items.empty()) return;

  constexpr std::int16_t last_version_with_names = 12;
  auto shared = std::make_shared<const Shipment>(std::move(shipment));
  Call call;
  call.schema = &protocol::ProduceRequest::schema();
  call.version_max = has_ids ? INT16_MAX : last_version_with_names;
  call.deadline = cluster_->request_deadline();
  call.build = [shared, acks = wire_acks(options_.acks),
                timeout = options_.request_timeout](std::int16_t version) {
    protocol::ProduceRequest request;
    request.acks = acks;
    request.timeout_ms =
        static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
    std::map<std::string_view, std::size_t> topics;
    for (const auto& item : shared->items) {
      const auto [at, is_new] = topics.try_emplace(item.queue->topic, request.topic_data.size());
      if (is_new) {
        auto& topic = request.topic_data.emplace_back();
        if (version > last_version_with_names)
          topic.topic_id = item.topic_id;
        else
          topic.name = item.queue->topic;
      }
      auto& partition = request.topic_data[at->second].partition_data.emplace_back();
      partition.index = item.queue->partition;
      partition.records = Payload(Bytes(*item.batch->bytes), item.batch->bytes);
    }
    return protocol::AnyMessage(std::move(request));
  };
  call.done = [self = weak_from_this(), shared](Result<Reply> reply) {
    if (auto producer = self.lock()) producer->on_answer(*shared, std::move(reply));
  };
  cluster_->send(shared->node, Lane::data, std::move(call));
}

}  // namespace leat::client
