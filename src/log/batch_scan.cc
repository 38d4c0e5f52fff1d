#include "log/batch_scan.h"

#include <algorithm>
#include <limits>

#include "base/errors.h"

namespace leat::log {
namespace {
/// Below this size of batches, reading several headers at once costs less than one read each.
constexpr std::size_t small_batch = 512;
constexpr std::size_t recovery_read = 1 << 20;
}  // namespace

Result<Bytes> HeaderScan::header_at(std::uint64_t position) {
  const std::size_t wanted = std::min<std::uint64_t>(record::batch_header_size, end_ - position);
  if (position < buffer_at_ || position + wanted > buffer_at_ + buffer_.size()) {
    buffer_.resize(std::min<std::uint64_t>(std::max(window_, wanted), end_ - position));
    LEAT_TRY(const std::size_t got, file_.read_at(position, buffer_));
    buffer_.resize(got);
    buffer_at_ = position;
  }
  return Bytes(buffer_).subspan(position - buffer_at_);
}

Result<std::optional<record::BatchView>> HeaderScan::next() {
  if (next_ >= end_) return std::optional<record::BatchView>();
  LEAT_TRY(const Bytes bytes, header_at(next_));
  const auto size = record::batch_size_at(bytes);
  if (bytes.size() < record::batch_magic_end || (size && *size > end_ - next_))
    return std::optional<record::BatchView>();
  auto batch = record::BatchView::parse_header(bytes);
  if (!batch)
    return Error{Errc::corrupt, file_.path() + ": no batch at byte " + std::to_string(next_)};
  position_ = next_;
  next_ += batch->size();
  window_ = batch->size() < small_batch ? window_max_ : record::batch_header_size;
  return std::optional(*batch);
}

Result<record::BatchView> read_batch(const io::File& file, std::uint64_t position, std::size_t size,
                                     std::vector<std::byte>& buffer) {
  buffer.resize(size);
  LEAT_TRY(const std::size_t got, file.read_at(position, buffer));
  if (got != size) return Error{Errc::corrupt, file.path() + " ended early"};
  return record::BatchView::parse(buffer);
}

Result<Bytes> BatchScan::bytes_at(std::uint64_t position, std::size_t size) {
  if (position < buffer_at_ || position + size > buffer_at_ + buffer_.size()) {
    buffer_.resize(std::min<std::uint64_t>(std::max(size, recovery_read), end_ - position));
    LEAT_TRY(const std::size_t got, file_.read_at(position, buffer_));
    buffer_.resize(got);
    buffer_at_ = position;
  }
  return Bytes(buffer_).subspan(position - buffer_at_, size);
}

Result<std::optional<record::BatchView>> BatchScan::next() {
  std::optional<record::BatchView> none;
  if (end_ - next_ < record::batch_magic_end) return none;
  LEAT_TRY(const Bytes prefix, bytes_at(next_, record::batch_magic_end));
  const auto size = record::batch_size_at(prefix);
  if (!size || *size > end_ - next_) return none;
  LEAT_TRY(const Bytes bytes, bytes_at(next_, *size));
  auto batch = record::BatchView::parse(bytes);
  if (!batch) return none;
  position_ = next_;
  next_ += batch->size();
  return std::optional(*batch);
}

std::optional<std::string> what_is_wrong(const record::BatchView& batch, Offset next, Offset segment_base) {
  if (batch.base_offset() < next)  // L1
    return "starts at offset " + std::to_string(batch.base_offset()) + ", below " + std::to_string(next);
  if (batch.last_offset() < batch.base_offset()) return "ends below its base offset";
  if (batch.last_offset() - segment_base > std::numeric_limits<std::int32_t>::max())
    return "ends more than 2^31-1 offsets above its segment's base";
  // Of every format: zeros behind a torn header look like magic 0.
  if (!batch.check_crc()) return "has a wrong CRC";
  return std::nullopt;
}

}  // namespace leat::log
