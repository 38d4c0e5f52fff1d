#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/types.h"
#include "record/batch_view.h"
#include "record/control_record.h"
#include "record/record_view.h"

namespace leat::record {

/// Header fields of a batch to build; the defaults are a plain producer's.
struct BatchOptions {
  Offset base_offset = 0;
  LeaderEpoch leader_epoch = no_epoch;
  std::int64_t producer_id = no_producer_id;
  std::int16_t producer_epoch = no_producer_epoch;
  std::int32_t base_sequence = no_sequence;
  bool is_transactional = false;
  bool is_control = false;
  /// Set: the timestamp type is LogAppendTime and this is maxTimestamp.
  std::optional<TimestampMs> log_append_time;
  /// Set: baseTimestamp holds this (compaction), and bit 6 says so.
  std::optional<TimestampMs> delete_horizon;
};

/// Encodes records into one magic 2 batch, byte for byte as Kafka does.
///
/// Records are encoded as they come into one buffer that starts with room for the header, so an
/// uncompressed build copies nothing. Not thread-safe. Reusable: build leaves it empty with its options.
class BatchBuilder {
 public:
  explicit BatchBuilder(const BatchOptions& options = {});

  /// Adds a record at the next offset.
  void append(TimestampMs timestamp, Bytes key, Bytes value, std::span<const HeaderView> headers = {});
  /// Adds a record at `offset`, above the last one and not below base_offset: compaction leaves gaps.
  void append_at(Offset offset, TimestampMs timestamp, Bytes key, Bytes value,
                 std::span<const HeaderView> headers = {});
  /// Adds a copy of a record that was read, headers included, at `offset`.
  void append_at(Offset offset, const RecordView& record);
  /// Adds a control record at the next offset; the options must say is_control. Markers stand alone in
  /// their batch; KRaft's records may come several to a batch.
  void append_control(ControlType type, TimestampMs timestamp, Bytes value);

  /// May be changed until build; base_offset and delete_horizon only while empty.
  BatchOptions& options() noexcept { return options_; }
  const BatchOptions& options() const noexcept { return options_; }
  /// Makes the batch end at `offset` although its last record is below it (compaction keeps last offsets).
  void set_last_offset(Offset offset) noexcept;

  bool empty() const noexcept { return record_count_ == 0; }
  std::int32_t record_count() const noexcept { return record_count_; }
  TimestampMs max_timestamp() const noexcept { return max_timestamp_; }
  /// The batch's size so far, header included, before compression; 61 when empty.
  std::size_t estimated_size() const noexcept { return buffer_.size(); }
  /// estimated_size() after such a record was appended.
  std::size_t size_with(TimestampMs timestamp, Bytes key, Bytes value,
                        std::span<const HeaderView> headers = {}) const noexcept;

  /// The finished batch. An empty one is legal on disk (after compaction) and built too.
  /// message_too_large when it does not fit an int32 size; the records are dropped in either case.
  Result<std::vector<std::byte>> build(Codec codec = Codec::none, int level = default_level);
  /// The same, appended to `out`.
  Result<void> build_into(std::vector<std::byte>& out, Codec codec = Codec::none, int level = default_level);
  /// Drops the records and takes new options; keeps the buffer.
  void reset(const BatchOptions& options);

 private:
  struct Shape;
  Shape measure(TimestampMs timestamp, Offset offset, Bytes key, Bytes value,
                std::size_t headers_size) const noexcept;
  /// Makes room for the whole record and returns where its headers go.
  std::byte* begin_record(const Shape& shape, Bytes key, Bytes value, std::size_t header_count);
  void note(TimestampMs timestamp, Offset offset) noexcept;
  TimestampMs base_timestamp_for(TimestampMs first) const noexcept;
  void write_header(std::span<std::byte> batch, Codec codec) const noexcept;

  BatchOptions options_;
  std::vector<std::byte> buffer_;
  std::int32_t record_count_ = 0;
  Offset next_offset_ = 0;
  TimestampMs base_timestamp_ = no_timestamp;
  TimestampMs max_timestamp_ = no_timestamp;
};

}  // namespace leat::record
