#include "record/record_reader.h"

#include <string>

#include "base/errors.h"
#include "record/record_parse.h"

namespace leat::record {
namespace {

Error invalid(std::string why) { return Error{Errc::invalid_record, "records of a batch: " + std::move(why)}; }

}  // namespace

Result<Bytes> plain_records(const BatchView& batch, std::vector<std::byte>& scratch, std::size_t max_decompressed) {
  if (batch.magic() != current_magic)
    return Error{Errc::unsupported_for_message_format, "records of magic " + std::to_string(batch.magic())};
  const auto codec = batch.codec();
  if (!codec) return Error{Errc::unsupported_compression_type, "codec " + std::to_string(batch.codec_id())};
  if (*codec == Codec::none) return batch.records();
  scratch.clear();
  // Compaction leaves batches without records, and then without a compressed block.
  if (batch.record_count() == 0 && batch.records().empty()) return Bytes(scratch);
  LEAT_CHECK(decompress(*codec, batch.records(), scratch, max_decompressed));
  return Bytes(scratch);
}

RecordReader::RecordReader(const BatchView& batch, Bytes records) noexcept
    : at_(records.begin()),
      end_(records.end()),
      left_(batch.record_count()),
      log_append_time_(batch.timestamp_type() == TimestampType::log_append_time),
      base_offset_(batch.base_offset()),
      base_timestamp_(batch.base_timestamp()),
      max_timestamp_(batch.max_timestamp()) {}

Result<RecordReader> RecordReader::open(const BatchView& batch, std::vector<std::byte>& scratch,
                                        std::size_t max_decompressed) {
  LEAT_TRY(const Bytes records, plain_records(batch, scratch, max_decompressed));
  if (batch.record_count() < 0) return invalid("negative record count");
  return RecordReader(batch, records);
}

Result<bool> RecordReader::next(RecordView& record) {
  if (left_ == 0) {
    if (at_ != end_) return invalid("bytes left over behind the last record");
    return false;
  }
  detail::RawRecord raw;
  if (const char* wrong = detail::parse_record(at_, end_, raw)) return invalid(wrong);
  --left_;
  record.offset = detail::add_wrapping(base_offset_, raw.offset_delta);
  record.timestamp =
      log_append_time_ ? max_timestamp_ : detail::add_wrapping(base_timestamp_, raw.timestamp_delta);
  record.key = raw.key;
  record.value = raw.value;
  record.headers = raw.headers;
  return true;
}

}  // namespace leat::record
