#include "record/validate.h"

#include <algorithm>

#include "base/assert.h"
#include "base/errors.h"
#include "record/batch_builder.h"
#include "record/record_parse.h"
#include "record/record_reader.h"
#include "record/scratch.h"

namespace leat::record {
namespace {

/// A batch of a million bad records gets this many explanations.
constexpr std::size_t record_errors_max = 1000;

Error invalid(std::string why) { return Error{Errc::invalid_record, std::move(why)}; }

Result<void> check_size_and_crc(const BatchView& batch, const ProduceRules& rules) {
  if (batch.base_offset() != 0) return invalid("base offset of a produced batch is not 0");
  if (batch.size() > rules.max_batch_size)
    return Error{Errc::message_too_large, "batch of " + std::to_string(batch.size()) + " bytes, limit " +
                                              std::to_string(rules.max_batch_size)};
  if (batch.size() > rules.max_segment_size)
    return Error{Errc::record_list_too_large, "batch of " + std::to_string(batch.size()) +
                                                  " bytes does not fit a segment"};
  if (!batch.check_crc()) return Error{Errc::corrupt_message, "batch CRC mismatch"};
  return {};
}

Result<void> check_header_rules(const BatchView& batch) {
  if (!batch.codec())
    return Error{Errc::unsupported_compression_type, "codec " + std::to_string(batch.codec_id())};
  if (batch.record_count() <= 0) return invalid("batch without records");
  if (batch.record_count() - 1 != batch.last_offset_delta())
    return invalid("record count does not match the last offset delta");
  if (batch.has_producer_id() && batch.base_sequence() < 0) return invalid("producer id without a sequence");
  if (batch.is_control()) return invalid("control batch from a client");
  return {};
}

/// Looks at each record once, collecting what the log needs to know and what is wrong.
class RecordWalk {
 public:
  RecordWalk(const BatchView& batch, const ProduceRules& rules, std::vector<RecordError>* errors)
      : batch_(batch),
        rules_(rules),
        errors_(errors),
        oldest_(rules.now < std::numeric_limits<TimestampMs>::min() + rules.timestamp_before_max_ms
                    ? std::numeric_limits<TimestampMs>::min()
                    : rules.now - rules.timestamp_before_max_ms),
        newest_(rules.now > std::numeric_limits<TimestampMs>::max() - rules.timestamp_after_max_ms
                    ? std::numeric_limits<TimestampMs>::max()
                    : rules.now + rules.timestamp_after_max_ms),
        bit_is_set_(batch.timestamp_type() == TimestampType::log_append_time) {}

  Result<void> run(Bytes records) {
    const std::byte* at = records.begin();
    const std::byte* const end = records.end();
    const TimestampMs base = batch_.base_timestamp();
    const std::int32_t count = batch_.record_count();
    for (std::int32_t index = 0; index < count; ++index) {
      detail::RawRecord record;
      if (const char* wrong = detail::parse_record(at, end, record)) [[unlikely]]
        return invalid("record " + std::to_string(index) + ": " + wrong);
      is_sequential_ &= record.offset_delta == index;
      check(index, record, detail::add_wrapping(base, record.timestamp_delta));
    }
    if (at != end) return invalid("bytes left over behind the last record");
    if (first_error_ != Errc::none) return Error{first_error_, std::move(first_message_)};
    return {};
  }

  bool is_sequential() const { return is_sequential_; }
  TimestampMs max_timestamp() const { return max_timestamp_; }
  std::int32_t max_index() const { return max_index_; }

 private:
  void check(std::int32_t index, const detail::RawRecord& record, TimestampMs timestamp) {
    if (index == 0 || timestamp > max_timestamp_) {
      max_timestamp_ = timestamp;
      max_index_ = index;
    }
    if (rules_.is_compacted && record.key.is_null()) [[unlikely]]
      return fail(index, Errc::invalid_record, "record without key in a compacted topic");
    if (rules_.timestamp_type == TimestampType::create_time && timestamp != no_timestamp) {
      if (timestamp < oldest_ || timestamp > newest_) [[unlikely]]
        fail(index, Errc::invalid_timestamp, "timestamp " + std::to_string(timestamp) + " out of range [" +
                                                 std::to_string(oldest_) + ", " + std::to_string(newest_) + "]");
    } else if (bit_is_set_) [[unlikely]] {
      fail(index, Errc::invalid_timestamp, "producers must not use LogAppendTime");
    }
  }

  // One bad timestamp decides the code of the whole batch, as in Kafka.
  void fail(std::int32_t index, Errc code, std::string message) {
    if (first_error_ == Errc::none || (first_error_ != code && code == Errc::invalid_timestamp)) {
      first_error_ = code;
      first_message_ = "record " + std::to_string(index) + ": " + message;
    }
    if (errors_ && errors_->size() < record_errors_max) errors_->push_back({index, std::move(message)});
  }

  const BatchView& batch_;
  const ProduceRules& rules_;
  std::vector<RecordError>* const errors_;
  const TimestampMs oldest_;
  const TimestampMs newest_;
  const bool bit_is_set_;
  bool is_sequential_ = true;
  TimestampMs max_timestamp_ = no_timestamp;
  std::int32_t max_index_ = 0;
  Errc first_error_ = Errc::none;
  std::string first_message_;
};

Result<void> walk(const BatchView& batch, const ProduceRules& rules, RecordWalk& walk) {
  if (!batch.is_compressed()) return walk.run(batch.records());
  Scratch scratch;
  LEAT_TRY(const Bytes records, plain_records(batch, scratch.buffer(), rules.max_decompressed));
  return walk.run(records);
}

ProducedBatch decide(const BatchView& batch, const ProduceRules& rules, const RecordWalk& walk) {
  ProducedBatch produced{.batch = batch, .timestamp_type = rules.timestamp_type};
  if (rules.timestamp_type == TimestampType::log_append_time) {
    produced.max_timestamp = rules.now;
  } else {
    produced.max_timestamp = walk.max_timestamp();
    produced.max_timestamp_offset_delta = walk.max_index();
  }
  produced.needs_stamp =
      batch.max_timestamp() != produced.max_timestamp || batch.timestamp_type() != produced.timestamp_type;
  produced.needs_rebuild = !walk.is_sequential() || (rules.codec && *rules.codec != *batch.codec());
  return produced;
}

}  // namespace

Result<BatchView> check_shape(Bytes records) {
  if (records.size() < batch_magic_end) return invalid("no record batch");
  auto batch = BatchView::parse(records);
  if (!batch) {
    const auto whole = batch_size_at(records);
    if (whole && *whole > records.size()) return invalid("cut record batch");
    return std::move(batch).error();
  }
  if (batch->magic() != current_magic) return invalid("batch of magic " + std::to_string(batch->magic()));
  const Bytes rest = records.subspan(batch->size());
  if (rest.empty()) return *batch;
  if (rest.size() >= batch_magic_end) {
    const auto magic = load_be<std::int8_t>(rest.data() + batch_at::magic);
    if (!batch_size_at(rest) || magic < 0 || magic > current_magic)
      return Error{Errc::corrupt_message, "garbage behind the record batch"};
  }
  return invalid("more than one record batch");
}

Result<ProducedBatch> validate_produced(Bytes records, const ProduceRules& rules,
                                        std::vector<RecordError>* record_errors) {
  LEAT_TRY(const BatchView batch, check_shape(records));
  if (batch.codec() == Codec::zstd && !rules.is_zstd_allowed)
    return Error{Errc::unsupported_compression_type, "zstd needs Produce v7"};
  LEAT_CHECK(check_size_and_crc(batch, rules));
  LEAT_CHECK(check_header_rules(batch));
  RecordWalk records_walk(batch, rules, record_errors);
  LEAT_CHECK(walk(batch, rules, records_walk));
  return decide(batch, rules, records_walk);
}

void stamp(std::span<std::byte> batch, const ProducedBatch& produced) noexcept {
  LEAT_ASSERT(batch.data() == produced.batch.bytes().data() && batch.size() == produced.batch.size(),
              "not the validated batch");
  if (produced.needs_stamp) set_timestamp_type_and_max(batch, produced.timestamp_type, produced.max_timestamp);
}

Result<std::vector<std::byte>> rebuild(const ProducedBatch& produced, const ProduceRules& rules) {
  const BatchView& old = produced.batch;
  BatchOptions options{.producer_id = old.producer_id(),
                       .producer_epoch = old.producer_epoch(),
                       .base_sequence = old.base_sequence(),
                       .is_transactional = old.is_transactional()};
  if (produced.timestamp_type == TimestampType::log_append_time) options.log_append_time = produced.max_timestamp;
  BatchBuilder builder(options);
  Scratch scratch;
  LEAT_TRY(const Bytes records, plain_records(old, scratch.buffer(), rules.max_decompressed));
  const std::byte* at = records.begin();
  for (Offset offset = 0; offset < old.record_count(); ++offset) {
    detail::RawRecord raw;
    if (const char* wrong = detail::parse_record(at, records.end(), raw)) return invalid(wrong);
    builder.append_at(offset, {.offset = offset,
                               .timestamp = detail::add_wrapping(old.base_timestamp(), raw.timestamp_delta),
                               .key = raw.key,
                               .value = raw.value,
                               .headers = raw.headers});
  }
  LEAT_TRY(auto batch, builder.build(rules.codec.value_or(old.codec().value_or(Codec::none)), rules.level));
  if (batch.size() > rules.max_batch_size)
    return Error{Errc::message_too_large, "batch of " + std::to_string(batch.size()) + " bytes after recompression"};
  return batch;
}

}  // namespace leat::record
