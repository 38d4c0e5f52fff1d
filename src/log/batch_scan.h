#pragma once

#include <leat/result.h>

#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "io/volume.h"
#include "record/batch_view.h"

namespace leat::log {

/// Walks the batches of a segment file by their headers, from `position` (the start of a batch) to `end`,
/// with few and small reads: one header each while batches are large, several at once when they are small.
class HeaderScan {
 public:
  /// `window_max` bounds a single read; larger for scans of much of a file.
  HeaderScan(const io::File& file, std::uint64_t position, std::uint64_t end, std::size_t window_max = 1024)
      : file_(file), next_(position), end_(end), window_max_(window_max) {}

  /// The next whole batch, header only, valid until the next call. Nothing at the end, or where the
  /// bytes up to `end` hold no whole batch. Error: corrupt, with the position.
  Result<std::optional<record::BatchView>> next();
  /// Of the batch that next() returned last.
  std::uint64_t position() const { return position_; }
  /// Behind it: where the scan stands.
  std::uint64_t next_position() const { return next_; }

 private:
  Result<Bytes> header_at(std::uint64_t position);

  const io::File& file_;
  std::uint64_t position_ = 0;
  std::uint64_t next_;
  const std::uint64_t end_;
  const std::size_t window_max_;
  std::size_t window_ = record::batch_header_size;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_at_ = 0;
};

/// Reads the whole batch at `position` into `buffer`.
Result<record::BatchView> read_batch(const io::File& file, std::uint64_t position, std::size_t size,
                                     std::vector<std::byte>& buffer);

/// Reads whole batches one after the other in large pieces; for recovery. A batch that is cut, or whose
/// size field makes no sense, ends the scan.
class BatchScan {
 public:
  BatchScan(const io::File& file, std::uint64_t position, std::uint64_t end)
      : file_(file), next_(position), end_(end) {}
  /// The next batch, valid until the next call; nothing where no whole batch follows. Errors are I/O's.
  Result<std::optional<record::BatchView>> next();
  std::uint64_t position() const { return position_; }
  std::uint64_t next_position() const { return next_; }

 private:
  Result<Bytes> bytes_at(std::uint64_t position, std::size_t size);

  const io::File& file_;
  std::uint64_t position_ = 0;
  std::uint64_t next_;
  const std::uint64_t end_;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_at_ = 0;
};

/// Why a batch read from disk may not stand where `next` is the first offset allowed; nothing when it may.
std::optional<std::string> what_is_wrong(const record::BatchView& batch, Offset next, Offset segment_base);

}  // namespace leat::log
