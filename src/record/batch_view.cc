#include "record/batch_view.h"

#include <zlib.h>

#include <string>

#include "base/crc32c.h"

namespace leat::record {
namespace {

constexpr std::size_t old_batch_size_min = batch_prefix_size + batch_length_min;

Error corrupt(std::string why) { return Error{Errc::corrupt_message, "record batch: " + std::move(why)}; }

/// Size and magic of the batch at `at`, of which the header must be there; the size is in range for the magic.
Result<std::size_t> check_header(Bytes at) {
  if (at.size() < batch_magic_end) return corrupt("cut before its magic");
  const auto size = batch_size_at(at);
  if (!size)
    return corrupt("size field " + std::to_string(load_be<std::int32_t>(at.data() + batch_at::batch_length)));
  const auto magic = load_be<std::int8_t>(at.data() + batch_at::magic);
  if (magic < 0 || magic > current_magic) return corrupt("magic " + std::to_string(magic));
  const std::size_t header = magic == current_magic ? batch_header_size : old_batch_size_min;
  if (*size < header) return corrupt("smaller than its header");
  if (at.size() < header) return corrupt("cut inside its header");
  return *size;
}

void put_new_crc(std::span<std::byte> batch) {
  store_be<std::uint32_t>(batch.data() + batch_at::crc, crc32c(Bytes(batch).subspan(batch_at::attributes)));
}

}  // namespace

std::optional<std::size_t> batch_size_at(Bytes at) noexcept {
  if (at.size() < batch_prefix_size) return std::nullopt;
  const auto length = load_be<std::int32_t>(at.data() + batch_at::batch_length);
  if (length < batch_length_min) return std::nullopt;
  return batch_prefix_size + static_cast<std::size_t>(length);
}

Result<BatchView> BatchView::parse(Bytes at) {
  auto size = check_header(at);
  if (!size) return std::move(size).error();
  if (*size > at.size()) return corrupt("cut: " + std::to_string(at.size()) + " bytes of " + std::to_string(*size));
  return BatchView(at.data());
}

Result<BatchView> BatchView::parse_header(Bytes at) {
  auto size = check_header(at);
  if (!size) return std::move(size).error();
  return BatchView(at.data());
}

std::uint32_t BatchView::compute_crc() const noexcept {
  if (is_v2()) return crc32c(bytes().subspan(batch_at::attributes));
  const Bytes covered = bytes().subspan(batch_at::magic);
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(covered.data()), covered.size()));
}

Result<std::optional<BatchView>> BatchCursor::next() {
  const auto whole = batch_size_at(rest_);
  if (rest_.size() < batch_magic_end || (whole && *whole > rest_.size())) return std::optional<BatchView>();
  auto batch = BatchView::parse(rest_);
  if (!batch) return std::move(batch).error();
  rest_ = rest_.subspan(batch->size());
  return std::optional<BatchView>(*batch);
}

void set_base_offset(std::span<std::byte> batch, Offset base_offset) noexcept {
  store_be(batch.data() + batch_at::base_offset, base_offset);
}

void set_leader_epoch(std::span<std::byte> batch, LeaderEpoch epoch) noexcept {
  store_be(batch.data() + batch_at::leader_epoch, epoch);
}

void set_timestamp_type_and_max(std::span<std::byte> batch, TimestampType type, TimestampMs max) noexcept {
  auto attributes = load_be<std::uint16_t>(batch.data() + batch_at::attributes);
  attributes = static_cast<std::uint16_t>(attributes & ~batch_bit::log_append_time);
  if (type == TimestampType::log_append_time) attributes |= batch_bit::log_append_time;
  store_be(batch.data() + batch_at::attributes, attributes);
  store_be(batch.data() + batch_at::max_timestamp, max);
  put_new_crc(batch);
}

void set_producer(std::span<std::byte> batch, std::int64_t id, std::int16_t epoch,
                  std::int32_t base_sequence) noexcept {
  store_be(batch.data() + batch_at::producer_id, id);
  store_be(batch.data() + batch_at::producer_epoch, epoch);
  store_be(batch.data() + batch_at::base_sequence, base_sequence);
  put_new_crc(batch);
}

}  // namespace leat::record
