#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/wire.h"

/// One pair of functions a codec; `compression.h` says what they promise.
namespace leat::record::detail {

/// The tail of a vector that a decoder writes to, doubling as it fills, up to one byte beyond `max` so
/// that "exactly max" and "too much" can be told apart. Drops what was written unless finish() succeeds.
class InflateOutput {
 public:
  InflateOutput(std::vector<std::byte>& out, std::size_t max)
      : out_(out), start_(out.size()), max_(std::min(max, out.max_size() / 2)) {}
  ~InflateOutput() { out_.resize(start_ + (finished_ ? used_ : 0)); }
  InflateOutput(const InflateOutput&) = delete;
  InflateOutput& operator=(const InflateOutput&) = delete;

  /// At least one writable byte, about `wish` at the first call; empty once the limit is passed.
  std::span<std::byte> room(std::size_t wish) {
    const std::size_t have = out_.size() - start_;
    if (used_ == have) {
      const std::size_t next = std::max({2 * have, wish, std::size_t{4096}});
      out_.resize(start_ + std::min(next, max_ + 1));
    }
    return std::span(out_).subspan(start_ + used_);
  }
  void wrote(std::size_t size) { used_ += size; }
  std::size_t used() const { return used_; }
  std::size_t left() const { return max_ - used_; }
  bool is_beyond_limit() const { return used_ > max_; }
  void finish() { finished_ = true; }

 private:
  std::vector<std::byte>& out_;
  const std::size_t start_;
  const std::size_t max_;
  std::size_t used_ = 0;
  bool finished_ = false;
};

inline Error bad_block(std::string why) { return Error{Errc::invalid_record, std::move(why)}; }
inline Error beyond_limit(const char* codec) {
  return Error{Errc::message_too_large, std::string(codec) + ": inflates beyond the limit"};
}
inline Error refused(std::string why) { return Error{Errc::unknown_server_error, std::move(why)}; }

/// The first guess at what `size` compressed bytes become.
inline std::size_t inflated_guess(std::size_t size) { return 4 * size; }

Result<void> gzip_compress(int level, Bytes in, std::vector<std::byte>& out);
Result<void> gzip_decompress(Bytes in, std::vector<std::byte>& out, std::size_t max);
Result<void> snappy_compress(Bytes in, std::vector<std::byte>& out);
Result<void> snappy_decompress(Bytes in, std::vector<std::byte>& out, std::size_t max);
Result<void> lz4_compress(int level, Bytes in, std::vector<std::byte>& out);
Result<void> lz4_decompress(Bytes in, std::vector<std::byte>& out, std::size_t max);
Result<void> zstd_compress(int level, Bytes in, std::vector<std::byte>& out);
Result<void> zstd_decompress(Bytes in, std::vector<std::byte>& out, std::size_t max);

}  // namespace leat::record::detail
