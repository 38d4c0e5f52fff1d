#include "client/batch_outcome.h"

#include <algorithm>

#include "client/producer_core.h"

namespace leat::client {

Instant deadline_after(Instant now, Duration timeout) {
  constexpr Duration for_ever = std::chrono::hours(24 * 365);
  return now + std::clamp(timeout, Duration(0), for_ever);
}

BatchOutcome::BatchOutcome(PartitionQueue* queue, std::uint64_t serial, std::weak_ptr<ProducerCore> producer,
                           std::weak_ptr<Host> host)
    : queue_(queue), partition_(queue ? queue->partition : -1), serial_(serial), producer_(std::move(producer)),
      host_(std::move(host)) {}

std::shared_ptr<BatchOutcome> BatchOutcome::failed(Error error) {
  auto outcome = std::make_shared<BatchOutcome>(nullptr, 0, std::weak_ptr<ProducerCore>(), std::weak_ptr<Host>());
  outcome->fail(std::move(error));
  return outcome;
}

std::uint32_t BatchOutcome::add(TimestampMs timestamp, DeliveryCallback callback) {
  const std::uint32_t index = size();
  timestamps_.push_back(timestamp);
  if (callback) callbacks_.emplace_back(index, std::move(callback));
  return index;
}

void BatchOutcome::acknowledge(Offset base_offset, TimestampMs log_append_time) {
  base_offset_ = base_offset;
  log_append_time_ = log_append_time;
  tell();
}

void BatchOutcome::fail(Error error) {
  error_ = std::move(error);
  tell();
}

void BatchOutcome::tell() {
  for (auto& [index, callback] : callbacks_) callback(result(index));
  callbacks_.clear();
  done_.set();
}

Result<RecordPosition> BatchOutcome::result(std::uint32_t index) const {
  if (error_.code != Errc::none) return error_;
  return RecordPosition{partition_, base_offset_ < 0 ? base_offset_ : base_offset_ + index,
                        log_append_time_ >= 0 ? log_append_time_ : timestamps_[index]};
}

Result<RecordPosition> BatchOutcome::wait(std::uint32_t index) {
  const auto producer = producer_.lock();
  // The producer ends every batch by then; the rest is for the answer on its way.
  return wait(index, producer ? producer->delivery_timeout() + std::chrono::minutes(1) : Duration(0));
}

Result<RecordPosition> BatchOutcome::wait(std::uint32_t index, Duration timeout_max) {
  if (!done_.is_set()) {
    if (const auto host = host_.lock()) {
      if (auto ok = host->fork.check(); !ok) return std::move(ok).error();
      FatalScope scope(host->on_fatal);
      if (const auto producer = producer_.lock()) producer->hurry(*queue_, serial_);
      host->executor.wait(done_, deadline_after(host->executor.now(), timeout_max));
    }
  }
  if (!done_.is_set()) return Error{Errc::timed_out, "the record has not been acknowledged yet"};
  return result(index);
}

}  // namespace leat::client
