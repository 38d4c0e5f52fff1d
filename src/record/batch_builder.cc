#include "record/batch_builder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "base/assert.h"
#include "base/crc32c.h"
#include "base/errors.h"

namespace leat::record {
namespace {

std::size_t varint_size(std::int32_t value) { return uvarint_size(zigzag(value)); }

/// Lengths beyond int32 saturate; build() refuses the batch by its size then.
std::int32_t length_of(Bytes bytes) {
  if (bytes.is_null()) return -1;
  return static_cast<std::int32_t>(
      std::min<std::size_t>(bytes.size(), std::numeric_limits<std::int32_t>::max()));
}

std::size_t sized_bytes(Bytes bytes) { return varint_size(length_of(bytes)) + bytes.size(); }

std::byte* store_bytes(std::byte* at, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

std::byte* store_sized(std::byte* at, Bytes bytes) {
  return store_bytes(at + store_uvarint(at, zigzag(length_of(bytes))), bytes);
}

std::size_t sized_headers(std::span<const HeaderView> headers) {
  std::size_t size = 0;
  for (const HeaderView& header : headers) size += sized_bytes(Bytes(header.key)) + sized_bytes(header.value);
  return size + varint_size(static_cast<std::int32_t>(headers.size()));
}

std::size_t sized_headers(const HeaderRange& headers) {
  return headers.encoded().size() + varint_size(static_cast<std::int32_t>(headers.size()));
}

std::int64_t minus_wrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace

/// The parts of a record that depend on its batch.
struct BatchBuilder::Shape {
  std::int64_t timestamp_delta;
  std::int32_t offset_delta;
  std::size_t length;  // what the record's length field says
};

BatchBuilder::BatchBuilder(const BatchOptions& options) { reset(options); }

void BatchBuilder::reset(const BatchOptions& options) {
  options_ = options;
  buffer_.clear();
  buffer_.resize(batch_header_size);
  record_count_ = 0;
  next_offset_ = options.base_offset;
  base_timestamp_ = max_timestamp_ = no_timestamp;
}

TimestampMs BatchBuilder::base_timestamp_for(TimestampMs first) const noexcept {
  return record_count_ > 0 ? base_timestamp_ : options_.delete_horizon.value_or(first);
}

BatchBuilder::Shape BatchBuilder::measure(TimestampMs timestamp, Offset offset, Bytes key, Bytes value,
                                          std::size_t headers_size) const noexcept {
  Shape shape;
  shape.timestamp_delta = minus_wrapping(timestamp, base_timestamp_for(timestamp));
  shape.offset_delta = static_cast<std::int32_t>(minus_wrapping(offset, options_.base_offset));
  shape.length = 1 + uvarint_size(zigzag(shape.timestamp_delta)) + varint_size(shape.offset_delta) +
                 sized_bytes(key) + sized_bytes(value) + headers_size;
  return shape;
}

std::size_t BatchBuilder::size_with(TimestampMs timestamp, Bytes key, Bytes value,
                                    std::span<const HeaderView> headers) const noexcept {
  const Offset offset = record_count_ > 0 ? next_offset_ : options_.base_offset;
  const Shape shape = measure(timestamp, offset, key, value, sized_headers(headers));
  return buffer_.size() + uvarint_size(std::uint64_t{shape.length} << 1) + shape.length;
}

std::byte* BatchBuilder::begin_record(const Shape& shape, Bytes key, Bytes value, std::size_t header_count) {
  const std::size_t start = buffer_.size();
  buffer_.resize(start + uvarint_size(std::uint64_t{shape.length} << 1) + shape.length);
  std::byte* at = buffer_.data() + start;
  at += store_uvarint(at, std::uint64_t{shape.length} << 1);
  *at++ = std::byte{0};  // attributes
  at += store_uvarint(at, zigzag(shape.timestamp_delta));
  at += store_uvarint(at, zigzag(shape.offset_delta));
  at = store_sized(at, key);
  at = store_sized(at, value);
  return at + store_uvarint(at, zigzag(static_cast<std::int32_t>(header_count)));
}

void BatchBuilder::note(TimestampMs timestamp, Offset offset) noexcept {
  if (record_count_ == 0) {
    base_timestamp_ = options_.delete_horizon.value_or(timestamp);
    max_timestamp_ = timestamp;
  }
  max_timestamp_ = std::max(max_timestamp_, timestamp);
  next_offset_ = offset + 1;
  ++record_count_;
}

void BatchBuilder::append(TimestampMs timestamp, Bytes key, Bytes value, std::span<const HeaderView> headers) {
  append_at(record_count_ > 0 ? next_offset_ : options_.base_offset, timestamp, key, value, headers);
}

void BatchBuilder::append_at(Offset offset, TimestampMs timestamp, Bytes key, Bytes value,
                             std::span<const HeaderView> headers) {
  LEAT_ASSERT(offset >= (record_count_ > 0 ? next_offset_ : options_.base_offset), "record offsets must rise");
  std::byte* at =
      begin_record(measure(timestamp, offset, key, value, sized_headers(headers)), key, value, headers.size());
  for (const HeaderView& header : headers) at = store_sized(store_sized(at, Bytes(header.key)), header.value);
  note(timestamp, offset);
}

void BatchBuilder::append_at(Offset offset, const RecordView& record) {
  LEAT_ASSERT(offset >= (record_count_ > 0 ? next_offset_ : options_.base_offset), "record offsets must rise");
  std::byte* const at =
      begin_record(measure(record.timestamp, offset, record.key, record.value, sized_headers(record.headers)),
                   record.key, record.value, record.headers.size());
  store_bytes(at, record.headers.encoded());
  note(record.timestamp, offset);
}

void BatchBuilder::append_control(ControlType type, TimestampMs timestamp, Bytes value) {
  LEAT_ASSERT(options_.is_control, "control records need a control batch");
  const auto key = control_key(type);
  append(timestamp, Bytes(key.data(), key.size()), value);
}

void BatchBuilder::set_last_offset(Offset offset) noexcept {
  LEAT_ASSERT(offset >= options_.base_offset && offset + 1 >= next_offset_, "last offset below the records");
  next_offset_ = offset + 1;
}

void BatchBuilder::write_header(std::span<std::byte> batch, Codec codec) const noexcept {
  std::byte* const at = batch.data();
  int attributes = static_cast<int>(codec);
  if (options_.log_append_time) attributes |= batch_bit::log_append_time;
  if (options_.is_transactional) attributes |= batch_bit::transactional;
  if (options_.is_control) attributes |= batch_bit::control;
  if (options_.delete_horizon && record_count_ > 0) attributes |= batch_bit::delete_horizon;
  const std::int64_t delta = std::max<std::int64_t>(0, minus_wrapping(next_offset_, options_.base_offset) - 1);

  store_be(at + batch_at::base_offset, options_.base_offset);
  store_be(at + batch_at::batch_length, static_cast<std::int32_t>(batch.size() - batch_prefix_size));
  store_be(at + batch_at::leader_epoch, options_.leader_epoch);
  store_be(at + batch_at::magic, current_magic);
  store_be(at + batch_at::attributes, static_cast<std::int16_t>(attributes));
  store_be(at + batch_at::last_offset_delta, static_cast<std::int32_t>(delta));
  store_be(at + batch_at::base_timestamp, base_timestamp_);
  store_be(at + batch_at::max_timestamp, options_.log_append_time.value_or(max_timestamp_));
  store_be(at + batch_at::producer_id, options_.producer_id);
  store_be(at + batch_at::producer_epoch, options_.producer_epoch);
  store_be(at + batch_at::base_sequence, options_.base_sequence);
  store_be(at + batch_at::record_count, record_count_);
  store_be(at + batch_at::crc, crc32c(Bytes(batch).subspan(batch_at::attributes)));
}

Result<std::vector<std::byte>> BatchBuilder::build(Codec codec, int level) {
  std::vector<std::byte> batch;
  if (codec != Codec::none && record_count_ > 0) {
    LEAT_CHECK(build_into(batch, codec, level));
    return batch;
  }
  batch.swap(buffer_);
  const bool fits = batch.size() - batch_prefix_size <= std::numeric_limits<std::int32_t>::max();
  if (fits) write_header(batch, Codec::none);
  reset(options_);
  if (!fits) return Error{Errc::message_too_large, "record batch: larger than 2 GiB"};
  return batch;
}

Result<void> BatchBuilder::build_into(std::vector<std::byte>& out, Codec codec, int level) {
  const std::size_t start = out.size();
  const Bytes records = Bytes(buffer_).subspan(batch_header_size);
  if (record_count_ == 0) codec = Codec::none;
  out.resize(start + batch_header_size);
  Result<void> done = compress(codec, level, records, out);
  if (done && out.size() - start - batch_prefix_size > std::numeric_limits<std::int32_t>::max())
    done = Error{Errc::message_too_large, "record batch: larger than 2 GiB"};
  if (done)
    write_header(std::span(out).subspan(start), codec);
  else
    out.resize(start);
  reset(options_);
  return done;
}

}  // namespace leat::record
