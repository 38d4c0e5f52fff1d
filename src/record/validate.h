#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "record/batch_view.h"

namespace leat::record {

/// What a topic and the request ask of a produced batch.
struct ProduceRules {
  /// `max.message.bytes`: the whole batch as sent, header included.
  std::size_t max_batch_size = 1048588;
  /// `segment.bytes`.
  std::size_t max_segment_size = std::numeric_limits<std::int32_t>::max();
  /// cleanup.policy has compact: every record needs a key.
  bool is_compacted = false;
  /// `message.timestamp.type`.
  TimestampType timestamp_type = TimestampType::create_time;
  /// The broker's wall clock.
  TimestampMs now = 0;
  /// `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms`.
  std::int64_t timestamp_before_max_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t timestamp_after_max_ms = 3'600'000;
  /// False below Produce v7.
  bool is_zstd_allowed = true;
  /// `compression.type`; nothing means "producer": the batch stays as it is.
  std::optional<Codec> codec;
  int level = default_level;
  std::size_t max_decompressed = default_max_decompressed;
};

/// Why one record made its batch fail; what Produce v8+ answers in RecordErrors.
struct RecordError {
  std::int32_t index = 0;
  std::string message;
};

/// A batch that may be appended, and what to stamp into it first.
struct ProducedBatch {
  BatchView batch;
  /// What maxTimestamp and the timestamp type must be in the log.
  TimestampMs max_timestamp = no_timestamp;
  TimestampType timestamp_type = TimestampType::create_time;
  /// Offset, counted from the batch's base, of the first record that has max_timestamp.
  std::int32_t max_timestamp_offset_delta = 0;
  /// The header says otherwise: stamp() has work to do.
  bool needs_stamp = false;
  /// The topic's codec is another one, or the inner offsets are not 0, 1, 2, ..: call rebuild() instead.
  bool needs_rebuild = false;
};

/// The first look at the records of a partition: exactly one whole batch of magic 2.
///
/// corrupt_message (a size field below 14, a magic outside 0..2) fails the whole request;
/// invalid_record (no batch, two, an old magic) this partition only.
Result<BatchView> check_shape(Bytes records);

/// Everything that Kafka checks before it appends what a client sent: shape, size, CRC, codec, header
/// rules, the structure of every record, keys and timestamps.
///
/// Uncompressed batches are walked where they lie without allocation; compressed ones are inflated into a
/// buffer that the thread keeps. On an error that single records caused, `record_errors` (when given)
/// names them. The view in the answer points into `records`.
Result<ProducedBatch> validate_produced(Bytes records, const ProduceRules& rules,
                                        std::vector<RecordError>* record_errors = nullptr);

/// Writes the type and timestamp of `produced` into its own bytes, which `batch` must be.
void stamp(std::span<std::byte> batch, const ProducedBatch& produced) noexcept;

/// The same records as a new batch: offsets from 0, the rules' codec (the batch's own for "producer"),
/// already stamped. message_too_large when it has outgrown `max_batch_size`.
Result<std::vector<std::byte>> rebuild(const ProducedBatch& produced, const ProduceRules& rules);

}  // namespace leat::record
