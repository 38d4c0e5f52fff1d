#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <cstdint>
#include <optional>
#include <span>

#include "base/types.h"
#include "base/wire.h"
#include "record/compression.h"

namespace leat::record {

/// What bytes 0-11 of a batch of any magic are: the base offset and the size of the rest.
inline constexpr std::size_t batch_prefix_size = 12;
/// How much must be read to know a batch's size and magic.
inline constexpr std::size_t batch_magic_end = 17;
/// The header of a magic 2 batch; the records, or one compressed block of them, follow.
inline constexpr std::size_t batch_header_size = 61;
/// The smallest size field that Kafka takes for a batch (a magic 0 message without key and value).
inline constexpr std::int32_t batch_length_min = 14;

inline constexpr std::int8_t current_magic = 2;
inline constexpr std::int64_t no_producer_id = -1;
inline constexpr std::int16_t no_producer_epoch = -1;
inline constexpr std::int32_t no_sequence = -1;

enum class TimestampType : std::uint8_t { create_time = 0, log_append_time = 1 };

/// Byte positions in a magic 2 batch; all integers are big-endian.
namespace batch_at {
inline constexpr std::size_t base_offset = 0, batch_length = 8, leader_epoch = 12, magic = 16, crc = 17,
                             attributes = 21, last_offset_delta = 23, base_timestamp = 27,
                             max_timestamp = 35, producer_id = 43, producer_epoch = 51,
                             base_sequence = 53, record_count = 57;
}

/// Bits of the attributes.
namespace batch_bit {
inline constexpr std::int16_t codec = 0x07, log_append_time = 0x08, transactional = 0x10, control = 0x20,
                              delete_horizon = 0x40;
}

/// The total size that the 12 bytes at `at` announce; nothing when fewer are there or the size field is
/// below batch_length_min. Not checked against anything else.
std::optional<std::size_t> batch_size_at(Bytes at) noexcept;

/// The sequence number `delta` after `sequence`; 2147483647 is followed by 0.
constexpr std::int32_t advance_sequence(std::int32_t sequence, std::int32_t delta) noexcept {
  return static_cast<std::int32_t>((static_cast<std::uint32_t>(sequence) + static_cast<std::uint32_t>(delta)) &
                                   0x7fffffffu);
}

/// A record batch in somebody else's memory, its header read field by field and nothing copied.
///
/// Of magic 0 and 1 (single messages that old logs still hold) it knows offset, size, timestamp, codec
/// and CRC, enough to step over them and hand them out; what those formats lack reads as "none".
class BatchView {
 public:
  /// The batch at the start of `at`, which must hold all of it and may hold more. Checks size, magic and
  /// bounds only; corrupt_message otherwise, a cut batch included.
  static Result<BatchView> parse(Bytes at);
  /// The same when `at` may end after the header (61 bytes, or 26 of an old message): everything works
  /// but what needs the body: bytes(), records() and check_crc().
  static Result<BatchView> parse_header(Bytes at);

  std::int8_t magic() const noexcept { return get<std::int8_t>(batch_at::magic); }
  std::size_t size() const noexcept {
    return batch_prefix_size + static_cast<std::size_t>(get<std::int32_t>(batch_at::batch_length));
  }
  /// The size field: size() - 12.
  std::int32_t batch_length() const noexcept { return get<std::int32_t>(batch_at::batch_length); }
  /// All size() bytes.
  Bytes bytes() const noexcept { return Bytes(data_, size()); }
  /// What follows the header: records or one compressed block. Magic 2 only.
  Bytes records() const noexcept {
    return Bytes(data_ + batch_header_size, size() - batch_header_size);
  }

  /// Of an old compressed message this is its last offset: the first is known only inside.
  Offset base_offset() const noexcept { return get<Offset>(batch_at::base_offset); }
  Offset last_offset() const noexcept {
    return static_cast<Offset>(static_cast<std::uint64_t>(base_offset()) +
                               static_cast<std::uint64_t>(std::int64_t{last_offset_delta()}));
  }
  Offset next_offset() const noexcept {
    return static_cast<Offset>(static_cast<std::uint64_t>(last_offset()) + 1);
  }
  std::int32_t last_offset_delta() const noexcept { return v2<std::int32_t>(batch_at::last_offset_delta, 0); }
  LeaderEpoch leader_epoch() const noexcept { return v2<LeaderEpoch>(batch_at::leader_epoch, no_epoch); }
  std::uint32_t crc() const noexcept {
    return get<std::uint32_t>(is_v2() ? batch_at::crc : batch_at::leader_epoch);
  }

  std::int16_t attributes() const noexcept {
    return is_v2() ? get<std::int16_t>(batch_at::attributes) : get<std::int8_t>(17);
  }
  int codec_id() const noexcept { return attributes() & batch_bit::codec; }
  /// Nothing for the invalid ids 5, 6 and 7.
  std::optional<Codec> codec() const noexcept { return codec_of_id(codec_id()); }
  bool is_compressed() const noexcept { return codec_id() != 0; }
  TimestampType timestamp_type() const noexcept {
    return magic() > 0 && (attributes() & batch_bit::log_append_time) ? TimestampType::log_append_time
                                                                       : TimestampType::create_time;
  }
  bool is_transactional() const noexcept { return has_v2_bit(batch_bit::transactional); }
  bool is_control() const noexcept { return has_v2_bit(batch_bit::control); }
  bool has_delete_horizon() const noexcept { return has_v2_bit(batch_bit::delete_horizon); }

  /// The first record's timestamp, or the delete horizon when has_delete_horizon().
  TimestampMs base_timestamp() const noexcept {
    return is_v2() ? get<TimestampMs>(batch_at::base_timestamp) : max_timestamp();
  }
  TimestampMs max_timestamp() const noexcept {
    if (is_v2()) return get<TimestampMs>(batch_at::max_timestamp);
    return magic() == 1 ? get<TimestampMs>(18) : no_timestamp;
  }

  std::int64_t producer_id() const noexcept { return v2<std::int64_t>(batch_at::producer_id, no_producer_id); }
  bool has_producer_id() const noexcept { return producer_id() >= 0; }
  std::int16_t producer_epoch() const noexcept {
    return v2<std::int16_t>(batch_at::producer_epoch, no_producer_epoch);
  }
  std::int32_t base_sequence() const noexcept { return v2<std::int32_t>(batch_at::base_sequence, no_sequence); }
  /// -1 without a sequence.
  std::int32_t last_sequence() const noexcept {
    return base_sequence() < 0 ? no_sequence : advance_sequence(base_sequence(), last_offset_delta());
  }
  /// As the header says; -1 for an old compressed message. May be 0 after compaction.
  std::int32_t record_count() const noexcept {
    return is_v2() ? get<std::int32_t>(batch_at::record_count) : is_compressed() ? -1 : 1;
  }

  /// The checksum of the bytes as they are now.
  std::uint32_t compute_crc() const noexcept;
  bool check_crc() const noexcept { return compute_crc() == crc(); }

 private:
  explicit BatchView(const std::byte* data) noexcept : data_(data) {}
  bool is_v2() const noexcept { return magic() == 2; }
  bool has_v2_bit(std::int16_t bit) const noexcept { return is_v2() && (attributes() & bit) != 0; }
  template <class T>
  T get(std::size_t at) const noexcept {
    return load_be<T>(data_ + at);
  }
  template <class T>
  T v2(std::size_t at, T otherwise) const noexcept {
    return is_v2() ? get<T>(at) : otherwise;
  }

  const std::byte* data_;
};

/// Walks batches that lie back to back, as in a segment or a fetch response. A cut batch at the end is
/// not an error: next() returns nothing and rest() is what is left of it.
class BatchCursor {
 public:
  explicit BatchCursor(Bytes batches) noexcept : rest_(batches) {}
  /// The next whole batch; nothing at the end. corrupt_message for a bad size or magic.
  Result<std::optional<BatchView>> next();
  Bytes rest() const noexcept { return rest_; }

 private:
  Bytes rest_;
};

/// The stamps below change a whole, valid magic 2 batch in place.

/// Outside the CRC.
void set_base_offset(std::span<std::byte> batch, Offset base_offset) noexcept;
/// Outside the CRC.
void set_leader_epoch(std::span<std::byte> batch, LeaderEpoch epoch) noexcept;
/// Sets the timestamp type and maxTimestamp, then the new CRC (one pass over the batch).
void set_timestamp_type_and_max(std::span<std::byte> batch, TimestampType type, TimestampMs max) noexcept;
/// Sets producer id, epoch and base sequence, then the new CRC; for a batch sent again under a new epoch.
void set_producer(std::span<std::byte> batch, std::int64_t id, std::int16_t epoch,
                  std::int32_t base_sequence) noexcept;

}  // namespace leat::record
