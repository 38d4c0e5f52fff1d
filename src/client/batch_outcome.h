#pragma once

#include <leat/producer.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/types.h"
#include "client/host.h"

namespace leat::client {

class ProducerCore;
struct PartitionQueue;

/// What became of one batch: what all the receipts of its records share. `add` under the producer's lock;
/// the rest from any thread.
class BatchOutcome {
 public:
  /// `queue` is the producer's, and looked at only while that lives; null for `failed`.
  BatchOutcome(PartitionQueue* queue, std::uint64_t serial, std::weak_ptr<ProducerCore> producer,
               std::weak_ptr<Host> host);
  /// Of a record that was never in a batch.
  static std::shared_ptr<BatchOutcome> failed(Error error);

  /// A record of the batch; its index.
  std::uint32_t add(TimestampMs timestamp, DeliveryCallback callback);
  std::uint32_t size() const { return static_cast<std::uint32_t>(timestamps_.size()); }

  /// Once, without the producer's lock: tells the callbacks in the order of the records, then the waiting.
  void acknowledge(Offset base_offset, TimestampMs log_append_time);
  void fail(Error error);

  bool is_ready() const { return done_.is_set(); }
  Event& done() { return done_; }
  /// Sends the batch at once and waits.
  Result<RecordPosition> wait(std::uint32_t index, Duration timeout_max);
  Result<RecordPosition> wait(std::uint32_t index);

 private:
  Result<RecordPosition> result(std::uint32_t index) const;
  void tell();

  PartitionQueue* const queue_;
  const std::int32_t partition_;
  const std::uint64_t serial_;
  const std::weak_ptr<ProducerCore> producer_;
  const std::weak_ptr<Host> host_;
  std::vector<TimestampMs> timestamps_;
  std::vector<std::pair<std::uint32_t, DeliveryCallback>> callbacks_;
  Offset base_offset_ = no_offset;
  TimestampMs log_append_time_ = no_timestamp;
  Error error_{Errc::none, {}};
  Event done_;
};

/// `timeout` from now; "for ever" is a year, so that nothing overflows.
Instant deadline_after(Instant now, Duration timeout);

}  // namespace leat::client
