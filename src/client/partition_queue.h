#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/payload.h"
#include "base/types.h"
#include "client/batch_outcome.h"
#include "record/batch_builder.h"

namespace leat::client {

struct ProducerIdentity {
  std::int64_t id = record::no_producer_id;
  std::int16_t epoch = record::no_producer_epoch;
  friend bool operator==(const ProducerIdentity&, const ProducerIdentity&) = default;
};

/// Records of one partition that travel together. Filled under the producer's lock; once taken from its
/// queue it belongs to whoever took it.
struct Batch {
  std::uint64_t serial = 0;
  record::BatchBuilder builder;
  std::shared_ptr<BatchOutcome> outcome;
  Instant ready_at;  ///< it has lingered enough
  Instant expires;   ///< delivery timeout
  std::size_t reserved = 0;
  std::int32_t record_count = 0;
  TimestampMs max_timestamp = no_timestamp;

  int attempts = 0;
  /// Nothing of the partition with a lower sequence was under way when it was last sent: so a broker that
  /// finds it out of order misses something for good.
  bool was_first = false;
  ProducerIdentity identity;
  std::int32_t base_sequence = record::no_sequence;
  std::uint64_t index = 0;  ///< among those of its identity
  /// The broker has said that the log does not hold it, nor what follows it, under this identity.
  bool is_absent = false;
  /// Built, as first sent. A broker in this process stamps these bytes.
  std::shared_ptr<std::vector<std::byte>> bytes;
};

/// What waits for, and is on its way to, one partition. All under the producer's lock.
struct PartitionQueue {
  std::string topic;
  std::int32_t partition = 0;

  /// In the order of sending: those to be sent again first, the one that is still filled last.
  std::deque<std::shared_ptr<Batch>> waiting;
  std::vector<std::shared_ptr<Batch>> in_flight;
  /// Batches up to this one do not linger.
  std::uint64_t urgent_serial = 0;
  Instant retry_at{};
  bool is_active = false;  ///< in the producer's list of queues with batches
  bool is_listed = false;  ///< in its list of queues to look at

  /// Whom the broker knows as the writer here, and what comes next from it.
  ProducerIdentity identity;
  std::int32_t next_sequence = 0;
  std::uint64_t next_index = 0;
  /// A batch under this identity was acknowledged. Until then they go one by one: a broker takes whatever it sees first of
  /// a producer for the beginning, also what comes behind a batch that it could not take at that moment.
  bool is_known = false;
  /// A sequence was lost: go on under a new identity, once it is known of all that was sent whether it was written.
  bool needs_new_identity = false;

  /// Whether one that was never sent may be. Brokers remember the last five batches of a producer (behaviours.md C1): no
  /// more than four follow one of which nothing is known, also where those have been acknowledged.
  bool has_room() const {
    std::uint64_t oldest = next_index;
    for (const auto& batch : in_flight) oldest = std::min(oldest, batch->index);
    for (const auto& batch : waiting)
      if (batch->attempts > 0 && batch->identity == identity) oldest = std::min(oldest, batch->index);
    return next_index - oldest < (is_known ? 5u : 1u);
  }
  bool has_unsent_front(Instant now) const {
    if (waiting.empty()) return false;
    const Batch& front = *waiting.front();
    return waiting.size() > 1 || front.attempts > 0 || front.serial <= urgent_serial || front.ready_at <= now;
  }
  /// Whether the log may hold the next batch already: under another identity it would be written twice.
  bool front_may_be_written() const {
    if (waiting.empty()) return false;
    const Batch& front = *waiting.front();
    return front.attempts > 0 && front.base_sequence >= 0 && !front.is_absent;
  }
  /// Puts a batch that was sent back in front of those behind it.
  void put_back(std::shared_ptr<Batch> batch) {
    auto at = waiting.begin();
    while (at != waiting.end() && (*at)->serial < batch->serial) ++at;
    waiting.insert(at, std::move(batch));
  }
  void forget_in_flight(const Batch* batch) {
    std::erase_if(in_flight, [batch](const auto& b) { return b.get() == batch; });
  }
  bool is_first(const Batch& batch) const {
    for (const auto& other : in_flight)
      if (other->serial < batch.serial) return false;
    for (const auto& other : waiting)
      if (other->serial < batch.serial) return false;
    return true;
  }
};

}  // namespace leat::client
