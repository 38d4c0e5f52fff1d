#include <algorithm>
#include <chrono>

#include "base/errors.h"
#include "broker/handlers.h"
#include "broker/internal_topics.h"
#include "broker/leader_hint.h"
#include "record/validate.h"

namespace leat::broker {
namespace {

using protocol::ProduceRequest;
using protocol::ProduceResponse;
using PartitionAnswer = ProduceResponse::PartitionProduceResponse;

constexpr std::int16_t all_in_sync = -1;

/// What a produced batch may inflate to: so much, and so many times its size. Producers count the bytes before
/// compression against limits of about 1 MiB, so that more than this is a bomb.
constexpr std::size_t inflated_free = std::size_t{16} << 20;
constexpr std::size_t inflated_per_byte = 32;

/// One Produce that waits: for each partition until its records are acknowledged, or for the time-out.
class ProduceOperation : public std::enable_shared_from_this<ProduceOperation> {
 public:
  ProduceOperation(Services& services, std::int16_t acks, Respond respond)
      : services_(services), acks_(acks), respond_(std::move(respond)) {}

  ProduceResponse& response() { return response_; }

  /// `answer` stays where it is until the response is sent; it is only written under the lock.
  void wait_for(replication::Partition& partition, Offset end, PartitionAnswer& answer) {
    {
      std::lock_guard lock(mutex_);
      waiting_.push_back(&answer);
    }
    auto done = [self = shared_from_this(), &answer](Errc outcome) { self->finish(answer, outcome); };
    if (const auto outcome = partition.wait_for(end, acks_, done)) done(*outcome);
  }

  /// Everything is appended: answers now, or when the last partition is acknowledged.
  void seal(std::int32_t timeout_ms) {
    std::unique_lock lock(mutex_);
    sealed_ = true;
    if (waiting_.empty()) return respond(std::move(lock));
    Executor& executor = services_.environment.executor;
    const Instant deadline = executor.now() + std::chrono::milliseconds(std::max(timeout_ms, 0));
    timer_ = executor.at(deadline, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->time_out();
    });
  }

 private:
  static void fail(PartitionAnswer& answer, Errc code) {
    answer.error_code = wire_code(code);
    answer.base_offset = no_offset;
    answer.log_append_time_ms = no_timestamp;
    answer.log_start_offset = no_offset;
  }

  void finish(PartitionAnswer& answer, Errc outcome) {
    std::unique_lock lock(mutex_);
    if (std::erase(waiting_, &answer) == 0) return;  // timed out meanwhile
    if (outcome != Errc::none) fail(answer, outcome);
    if (waiting_.empty() && sealed_) respond(std::move(lock));
  }

  void time_out() {
    std::unique_lock lock(mutex_);
    if (waiting_.empty()) return;
    for (PartitionAnswer* answer : waiting_) fail(*answer, Errc::request_timed_out);
    waiting_.clear();
    respond(std::move(lock));
  }

  void respond(std::unique_lock<std::mutex> lock) {
    const TimerId timer = timer_;
    lock.unlock();
    if (timer != TimerId::none) services_.environment.executor.cancel(timer);
    respond_({.message = std::move(response_)});
  }

  Services& services_;
  const std::int16_t acks_;
  const Respond respond_;
  std::mutex mutex_;  // a leaf: guards the waiting answers and what follows
  ProduceResponse response_;
  std::vector<PartitionAnswer*> waiting_;
  TimerId timer_ = TimerId::none;
  bool sealed_ = false;
};

record::ProduceRules rules_for(const config::LogConfig& config, std::int16_t version, TimestampMs now,
                               std::size_t batch_size) {
  record::ProduceRules rules;
  rules.max_batch_size = static_cast<std::size_t>(config.max_message_bytes);
  rules.max_segment_size = static_cast<std::size_t>(config.segment_bytes);
  rules.is_compacted = config.cleanup_compact;
  rules.timestamp_type = config.timestamp_type == config::TimestampType::log_append_time
                             ? record::TimestampType::log_append_time
                             : record::TimestampType::create_time;
  rules.now = now;
  rules.timestamp_before_max_ms = config.timestamp_before_max_ms;
  rules.timestamp_after_max_ms = config.timestamp_after_max_ms;
  rules.is_zstd_allowed = version >= 7;
  rules.max_decompressed = inflated_free + inflated_per_byte * batch_size;
  switch (config.compression) {
    using enum config::TopicCompression;
    case producer: break;
    case uncompressed: rules.codec = record::Codec::none; break;
    case gzip: rules.codec = record::Codec::gzip, rules.level = config.gzip_level; break;
    case snappy: rules.codec = record::Codec::snappy; break;
    case lz4: rules.codec = record::Codec::lz4, rules.level = config.lz4_level; break;
    case zstd: rules.codec = record::Codec::zstd, rules.level = config.zstd_level; break;
  }
  return rules;
}

/// Kafka stops the whole request at a size field or magic that no batch can have (B5).
bool is_malformed(const ProduceRequest& request) {
  for (const auto& topic : request.topic_data)
    for (const auto& partition : topic.partition_data)
      if (auto shape = record::check_shape(partition.records.memory());
          !shape && shape.error().code == Errc::corrupt_message)
        return true;
  return false;
}

/// A batch in the request's own buffer, which nobody else reads: Produce stamps it in place.
std::span<std::byte> writable(Bytes records) {
  return {const_cast<std::byte*>(records.data()), records.size()};
}

class Appender {
 public:
  Appender(Services& services, const RequestContext& context, const ProduceRequest& request)
      : services_(services), context_(context), request_(request), image_(services.images.current()) {}

  /// Appends one partition's records, in the order of checks that B7 gives. The partition to wait on and
  /// the offset to wait for are set when acks ask for it.
  void append(const ProduceRequest::TopicProduceData& topic, const ProduceRequest::PartitionProduceData& data,
              PartitionAnswer& answer, std::shared_ptr<replication::Partition>& wait_on, Offset& wait_for) {
    answer.index = data.index;
    answer.base_offset = no_offset;
    const metadata::TopicImage* known = context_.version >= 13 ? image_->topic(topic.topic_id)
                                                               : image_->topic(topic.name);
    if (!known)
      return fail(answer, context_.version >= 13 ? Errc::unknown_topic_id : Errc::unknown_topic_or_partition);
    auto at = known->partitions.find(data.index);
    if (at == known->partitions.end()) return fail(answer, Errc::unknown_topic_or_partition);

    auto batch = record::check_shape(data.records.memory());
    if (!batch) return fail(answer, batch.error().code, batch.error().context);
    if (is_internal(known->name) && context_.client_id != "__admin_client")
      return fail(answer, Errc::invalid_topic_exception, known->name + " is written by the broker only");

    auto partition = services_.partitions.find(known->id, data.index);
    if (!partition) {
      const Errc reason = services_.partitions.why_missing(known, data.index);
      return reason == Errc::not_leader_or_follower ? moved(answer, at->second) : fail(answer, reason);
    }
    const auto config = partition->config();
    const auto rules = rules_for(*config, context_.version, services_.environment.clock.wall_ms(), batch->size());
    std::vector<record::RecordError> record_errors;
    auto produced = record::validate_produced(data.records.memory(), rules, &record_errors);
    if (!produced) {
      fail(answer, produced.error().code, produced.error().context);
      for (auto& error : record_errors)
        answer.record_errors.push_back({error.index, std::move(error.message)});
      return;
    }
    if (batch->is_transactional())
      return fail(answer, Errc::invalid_txn_state, "this broker does not serve transactions yet");
    auto appended = write(*partition, writable(data.records.memory()), std::move(*produced), rules);
    if (appended.error == Errc::not_leader_or_follower) return moved(answer, at->second);
    // What comes in between may be with a leader that this broker has not heard of. Clients give up at the true answer.
    if (appended.error == Errc::out_of_order_sequence_number && services_.membership.is_out_of_touch())
      return fail(answer, Errc::not_leader_or_follower);
    if (appended.error != Errc::none) return fail(answer, appended.error, std::move(appended.message));
    answer.base_offset = appended.base_offset;
    answer.log_append_time_ms = appended.log_append_time;
    answer.log_start_offset = appended.log_start;
    wait_on = std::move(partition);
    wait_for = appended.end;
  }

 private:
  replication::AppendResult write(replication::Partition& partition, std::span<std::byte> bytes,
                                  record::ProducedBatch produced, const record::ProduceRules& rules) {
    if (!produced.needs_rebuild) {
      if (produced.needs_stamp) record::stamp(bytes, produced);
      return partition.append(bytes, produced, request_.acks);
    }
    auto rebuilt = record::rebuild(produced, rules);
    if (!rebuilt) return {.error = rebuilt.error().code, .message = rebuilt.error().context};
    auto view = record::BatchView::parse(*rebuilt);
    if (!view) return {.error = view.error().code, .message = view.error().context};
    produced.batch = *view;
    return partition.append(*rebuilt, produced, request_.acks);
  }

  static void fail(PartitionAnswer& answer, Errc code, std::string message = {}) {
    answer.error_code = wire_code(code);
    if (!message.empty()) answer.error_message = std::move(message);
  }

  void moved(PartitionAnswer& answer, const metadata::PartitionImage& partition) {
    fail(answer, Errc::not_leader_or_follower);
    if (context_.version >= 10)
      answer.current_leader = {.leader_id = partition.leader, .leader_epoch = partition.leader_epoch};
  }

  Services& services_;
  const RequestContext& context_;
  const ProduceRequest& request_;
  const std::shared_ptr<const metadata::Image> image_;
};

/// Every partition with the same error, nothing written.
ProduceResponse refuse(const ProduceRequest& request, Errc code) {
  ProduceResponse response;
  for (const auto& topic : request.topic_data) {
    auto& answers = response.responses.emplace_back();
    answers.name = topic.name;
    answers.topic_id = topic.topic_id;
    for (const auto& partition : topic.partition_data) {
      auto& answer = answers.partition_responses.emplace_back();
      answer.index = partition.index;
      answer.error_code = wire_code(code);
      answer.base_offset = no_offset;
    }
  }
  return response;
}

bool has_error(const ProduceResponse& response) {
  for (const auto& topic : response.responses)
    for (const auto& partition : topic.partition_responses)
      if (partition.error_code != 0) return true;
  return false;
}

}  // namespace

void handle_produce(Services& services, const RequestContext& context, ProduceRequest& request,
                    Respond respond) {
  const std::int16_t acks = request.acks;
  if (acks != 0 && acks != 1 && acks != all_in_sync)
    return respond({.message = refuse(request, Errc::invalid_required_acks)});
  if (is_malformed(request)) {
    if (acks == 0) return respond({.close = true});
    return respond({.message = refuse(request, Errc::corrupt_message)});
  }

  auto operation = std::make_shared<ProduceOperation>(services, acks, respond);
  ProduceResponse& response = operation->response();
  response = refuse(request, Errc::none);  // the answers' places, which waiters point to
  Appender appender(services, context, request);
  for (std::size_t t = 0; t < request.topic_data.size(); ++t) {
    const auto& topic = request.topic_data[t];
    for (std::size_t p = 0; p < topic.partition_data.size(); ++p) {
      auto& answer = response.responses[t].partition_responses[p];
      std::shared_ptr<replication::Partition> wait_on;
      Offset wait_for = no_offset;
      appender.append(topic, topic.partition_data[p], answer, wait_on, wait_for);
      if (wait_on && acks != 0) operation->wait_for(*wait_on, wait_for, answer);
    }
  }
  if (acks == 0) return respond({.close = has_error(response)});
  if (context.version >= 10) add_leader_endpoints(services, context, response);
  operation->seal(request.timeout_ms);
}

}  // namespace leat::broker
