#pragma once

#include <leat/result.h>

#include <array>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/types.h"
#include "record/batch_view.h"

namespace leat::log {

/// What is remembered of one batch of an idempotent producer.
struct ProducerBatch {
  std::int32_t first_sequence = -1;
  std::int32_t last_sequence = -1;
  Offset first_offset = no_offset;
  Offset last_offset = no_offset;
  TimestampMs timestamp = no_timestamp;
};

/// One producer's state in one partition (behaviours.md C1): epoch and the last five batches.
struct ProducerEntry {
  static constexpr std::size_t window = 5;
  std::int16_t epoch = -1;
  std::int32_t coordinator_epoch = -1;
  Offset transaction_first_offset = no_offset;
  TimestampMs last_timestamp = no_timestamp;
  std::vector<ProducerBatch> batches;  ///< oldest first, at most `window`
};

/// The producers of one partition, as the sequence rules see them. Pure; used under the owner's lock.
class ProducerStates {
 public:
  /// Checks a batch that a client sent (not yet stamped) against C2-C6.
  /// An earlier batch with the same sequences: that batch, to be answered as success and not written.
  /// nullopt: append it. Errors: out_of_order_sequence_number, invalid_producer_epoch.
  Result<std::optional<ProducerBatch>> check(const record::BatchView& batch) const;
  /// Takes a stamped batch that was appended, or replayed.
  void update(const record::BatchView& batch);
  /// Puts an older batch in front of its producer's window, if it is the one that came just before what
  /// the window starts with. For refilling windows after restore(), which knows only the last batch.
  bool recall(const record::BatchView& batch);
  /// C8.
  void expire(TimestampMs now, std::int64_t expiration_ms);
  void clear();

  /// `OFFSET.snapshot` bytes (files.md 9).
  std::vector<std::byte> snapshot() const;
  /// Replaces all; producers idle longer than the expiration are skipped. Error: corrupt.
  Result<void> restore(Bytes snapshot, TimestampMs now, std::int64_t expiration_ms);

  const std::unordered_map<std::int64_t, ProducerEntry>& entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }

 private:
  std::unordered_map<std::int64_t, ProducerEntry> entries_;
};

}  // namespace leat::log
