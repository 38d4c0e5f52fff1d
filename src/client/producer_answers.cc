#include <algorithm>

#include "base/errors.h"
#include "client/producer_core.h"
#include "protocol/messages/init_producer_id.h"

namespace leat::client {
namespace {

using PartitionAnswer = protocol::ProduceResponse::PartitionProduceResponse;

const PartitionAnswer* find_answer(const protocol::ProduceResponse& response, const std::string& topic, const Uuid& id,
                                   std::int32_t partition) {
  for (const auto& t : response.responses) {
    if (t.name.empty() ? t.topic_id != id : t.name != topic) continue;
    const auto found = std::ranges::find(t.partition_responses, partition, &PartitionAnswer::index);
    if (found != t.partition_responses.end()) return &*found;
  }
  return nullptr;
}

Error error_of(const PartitionAnswer& answer, const std::string& topic) {
  Error error{static_cast<Errc>(answer.error_code),
              "producing to " + topic + "-" + std::to_string(answer.index)};
  if (answer.error_message) error.context += ": " + *answer.error_message;
  for (const auto& record : answer.record_errors)
    error.context += ": record " + std::to_string(record.batch_index) + ": " +
                     record.batch_index_error_message.value_or("");
  return error;
}

}  // namespace

void ProducerCore::on_answer(const Shipment& shipment, Result<Reply> reply) {
  const auto* response = reply ? reply->get<protocol::ProduceResponse>() : nullptr;
  const Error otherwise = reply ? Error{Errc::network_exception, "the broker's answer left the batch out"} : reply.error();
  for (const auto& item : shipment.items) {
    if (reply && options_.acks == Acks::none)
      acknowledge(item, no_offset, no_timestamp);
    else
      settle(item, response ? find_answer(*response, item.queue->topic, item.topic_id, item.queue->partition) : nullptr,
             otherwise);
  }
  pump();
}

void ProducerCore::settle(const Shipment::Item& item, const PartitionAnswer* answer, const Error& otherwise) {
  if (answer && answer->error_code == 0) return acknowledge(item, answer->base_offset, answer->log_append_time_ms);
  Error error = answer ? error_of(*answer, item.queue->topic) : otherwise;
  if (wants_fresh_metadata(error.code)) cluster_->refresh();
  if (!retry(item, error)) fail(item, std::move(error));
}

/// Puts the batch back for another attempt; false when there is no point.
bool ProducerCore::retry(const Shipment::Item& item, const Error& error) {
  PartitionQueue& queue = *item.queue;
  Batch& batch = *item.batch;
  std::lock_guard lock(mutex_);
  if (is_closed_) return true;  // close() has told
  const bool lost_sequence = batch.identity.id >= 0 && (error.code == Errc::out_of_order_sequence_number ||
                                                        error.code == Errc::unknown_producer_id ||
                                                        error.code == Errc::invalid_producer_epoch);
  if (!lost_sequence && !is_retriable(error.code)) return false;
  const Instant now = executor_.now();
  if (now >= batch.expires) return false;
  // Out of order behind one that is sent again too is how the broker keeps the order.
  if (lost_sequence && (batch.was_first || error.code != Errc::out_of_order_sequence_number))
    queue.needs_new_identity = batch.is_absent = true;
  const auto back = std::find_if(queue.in_flight.begin(), queue.in_flight.end(),
                                 [&](const auto& b) { return b.get() == &batch; });
  if (back == queue.in_flight.end()) return true;
  queue.put_back(*back);
  queue.in_flight.erase(back);
  if (!queue.is_active) {
    queue.is_active = true;
    active_.push_back(&queue);
  }
  const int doublings = std::min(batch.attempts - 1, 4);
  const Duration pause = std::min<Duration>(options_.retry_backoff * (1 << doublings), options_.retry_backoff * 10);
  queue.retry_at = std::max(queue.retry_at, now + pause);
  wake_at(queue.retry_at);
  list(queue);
  return true;
}

void ProducerCore::acknowledge(const Shipment::Item& item, Offset base_offset, TimestampMs log_append_time) {
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return;
    item.queue->forget_in_flight(item.batch.get());
    if (item.batch->identity == item.queue->identity) item.queue->is_known = true;
    release(*item.batch);
    if (!item.queue->waiting.empty()) list(*item.queue);
  }
  item.batch->outcome->acknowledge(base_offset, log_append_time);
}

void ProducerCore::fail(const Shipment::Item& item, Error error) {
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return;
    item.queue->forget_in_flight(item.batch.get());
    // The broker waits for this sequence, and it will not come.
    if (item.batch->base_sequence >= 0) item.queue->needs_new_identity = true;
    release(*item.batch);
    if (!item.queue->waiting.empty()) list(*item.queue);
  }
  item.batch->outcome->fail(std::move(error));
}

/// Gives the batch's room back.
void ProducerCore::release(const Batch& batch) {
  buffered_ -= batch.reserved;
  for (const auto& waiter : waiters_) waiter->set();
}

void ProducerCore::ask_identity() {
  Call call;
  call.schema = &protocol::InitProducerIdRequest::schema();
  call.deadline = cluster_->request_deadline();
  call.build = [](std::int16_t) {
    protocol::InitProducerIdRequest request;
    request.transactional_id = std::nullopt;
    request.transaction_timeout_ms = INT32_MAX;
    return protocol::AnyMessage(std::move(request));
  };
  call.done = [self = weak_from_this()](Result<Reply> reply) {
    if (auto producer = self.lock()) producer->on_identity(std::move(reply));
  };
  cluster_->send(no_node, Lane::coordination, std::move(call));
}

void ProducerCore::on_identity(Result<Reply> reply) {
  Errc code = Errc::none;
  const auto* answer = reply ? reply->get<protocol::InitProducerIdResponse>() : nullptr;
  if (!reply)
    code = reply.error().code;
  else
    code = answer ? static_cast<Errc>(answer->error_code) : Errc::unsupported_version;
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return;
    if (code == Errc::none) {
      identity_ = {answer->producer_id, answer->producer_epoch};
      identity_state_ = IdentityState::known;
    } else if (is_retriable(code)) {
      executor_.at(executor_.now() + options_.retry_backoff, [self = weak_from_this()] {
        if (auto producer = self.lock()) producer->ask_identity();
      });
      return;
    } else {
      // Not to be had from this broker, for as long as this producer lives.
      identity_state_ = IdentityState::off;
      for (auto& [name, topic] : topics_)
        for (auto& queue : topic.partitions) queue->identity = {}, queue->needs_new_identity = false;
    }
    list_all();
  }
  pump();
}

}  // namespace leat::client
