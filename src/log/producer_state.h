#pragma once

#include <leat/result.h>

#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/types.h"
#include "log/aborted_transaction.h"
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

/// The producers of one partition, as the sequence rules see them, and their transactions. Pure; used under the
/// owner's lock.
class ProducerStates {
 public:
  /// Checks a batch that a client sent (not yet stamped) against C2-C6 and E5.
  /// An earlier batch with the same sequences: that batch, to be answered as success and not written.
  /// nullopt: append it. Errors: out_of_order_sequence_number, invalid_producer_epoch, invalid_txn_state.
  Result<std::optional<ProducerBatch>> check(const record::BatchView& batch) const;
  /// Takes a stamped batch that was appended, or replayed. Returns the transaction that it aborted, if it did: an
  /// entry for the transaction index.
  std::optional<AbortedTransaction> update(const record::BatchView& batch);
  /// Puts an older batch in front of its producer's window, if it is the one that came just before what
  /// the window starts with. For refilling windows after restore(), which knows only the last batch.
  bool recall(const record::BatchView& batch);
  /// C8.
  void expire(TimestampMs now, std::int64_t expiration_ms);
  void clear();

  /// Where the earliest transaction begins that is open, or whose marker is not committed as far as
  /// forget_ended() was told (E8). Nothing: all is decided.
  std::optional<Offset> first_unstable_offset() const;
  /// Markers below the high watermark are committed: what they ended is decided.
  void forget_ended(Offset high_watermark);

  /// `OFFSET.snapshot` bytes (files.md 9).
  std::vector<std::byte> snapshot() const;
  /// Replaces all; producers idle longer than the expiration are skipped. Error: corrupt.
  Result<void> restore(Bytes snapshot, TimestampMs now, std::int64_t expiration_ms);

  const std::unordered_map<std::int64_t, ProducerEntry>& entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }

 private:
  std::optional<AbortedTransaction> end_transaction(ProducerEntry& entry, const record::BatchView& marker, bool commit);

  std::unordered_map<std::int64_t, ProducerEntry> entries_;
  std::set<Offset> open_;           ///< first offsets of transactions
  std::map<Offset, Offset> ended_;  ///< of those whose marker is not known to be committed; the marker's offset
};

}  // namespace leat::log
