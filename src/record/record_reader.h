#pragma once

#include <leat/result.h>

#include <vector>

#include "record/batch_view.h"
#include "record/record_view.h"

namespace leat::record {

/// Iterates the records of one magic 2 batch:
///
///     LEAT_TRY(auto reader, RecordReader::open(batch, scratch));
///     for (RecordView record;;) {
///       LEAT_TRY(const bool more, reader.next(record));
///       if (!more) break;
///       ...
///     }
///
/// An uncompressed batch is read where it lies, without allocation; a compressed one is inflated into
/// `scratch` (replacing what it held), which then must stay as it is while the views are used. Control
/// batches are read like any other; the CRC is not checked.
///
/// Failure: invalid_record when the records do not fill the batch exactly or do not parse,
/// message_too_large when they inflate beyond the limit, unsupported_compression_type for codecs 5-7,
/// unsupported_for_message_format for magic 0 and 1.
class RecordReader {
 public:
  static Result<RecordReader> open(const BatchView& batch, std::vector<std::byte>& scratch,
                                   std::size_t max_decompressed = default_max_decompressed);

  /// Fills `record` and returns true, or false after the last one. Not called again after an error.
  Result<bool> next(RecordView& record);

 private:
  RecordReader(const BatchView& batch, Bytes records) noexcept;

  const std::byte* at_;
  const std::byte* end_;
  std::int32_t left_;
  bool log_append_time_;
  Offset base_offset_;
  TimestampMs base_timestamp_;
  TimestampMs max_timestamp_;
};

/// The records area of `batch`, inflated into `scratch` when it is compressed.
Result<Bytes> plain_records(const BatchView& batch, std::vector<std::byte>& scratch,
                            std::size_t max_decompressed = default_max_decompressed);

}  // namespace leat::record
