#include "record/validate.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/crc32c.h"
#include "samples.h"
#include "vectors.h"

namespace leat::record {
namespace {

using Batch = std::vector<std::byte>;

void renew_crc(Batch& bytes) {
  store_be(bytes.data() + batch_at::crc, crc32c(Bytes(bytes).subspan(batch_at::attributes)));
}

template <class T>
void poke(Batch& bytes, std::size_t at, T value) {
  store_be(bytes.data() + at, value);
  renew_crc(bytes);
}

ProduceRules rules_now() { return {.now = sample_time + 1000}; }

Errc code_of(const Batch& bytes, const ProduceRules& rules = rules_now()) {
  const auto produced = validate_produced(bytes, rules);
  return produced ? Errc::none : produced.error().code;
}

TEST(ValidateProduced, AcceptsEveryCodec) {
  for (const Codec codec : all_codecs) {
    const auto bytes = sample_batch(codec);
    const auto produced = validate_produced(bytes, rules_now());
    ASSERT_TRUE(produced) << name(codec);
    EXPECT_FALSE(produced->needs_stamp);
    EXPECT_FALSE(produced->needs_rebuild);
    EXPECT_EQ(produced->max_timestamp, sample_time + 5);
    EXPECT_EQ(produced->max_timestamp_offset_delta, 1);
    EXPECT_EQ(produced->batch.bytes().data(), bytes.data());
  }
}

TEST(ValidateProduced, AcceptsWhatKafkasProducersSend) {
  for (const char* name : {"plain_1", "idempotent", "transactional", "gzip_3", "snappy_3", "lz4_3", "zstd_3",
                           "gzip_big", "snappy_big", "lz4_big", "zstd_big"})
    EXPECT_EQ(code_of(vector_of(name)), Errc::none) << name;
}

TEST(ValidateProduced, RefusesByShapeAndHeader) {
  const struct {
    const char* what;
    Errc code;
    std::function<void(Batch&)> spoil;
  } rows[] = {
      {"no bytes", Errc::invalid_record, [](Batch& b) { b.clear(); }},
      {"a few bytes", Errc::invalid_record, [](Batch& b) { b.resize(16); }},
      {"cut in the header", Errc::invalid_record, [](Batch& b) { b.resize(60); }},
      {"cut by one byte", Errc::invalid_record, [](Batch& b) { b.pop_back(); }},
      {"two batches", Errc::invalid_record, [](Batch& b) { const Batch c = b; b.insert(b.end(), c.begin(), c.end()); }},
      {"a byte behind", Errc::invalid_record, [](Batch& b) { b.push_back({}); }},
      {"garbage behind", Errc::corrupt_message, [](Batch& b) { b.resize(b.size() + 30); }},
      {"size 13", Errc::corrupt_message, [](Batch& b) { poke<std::int32_t>(b, 8, 13); }},
      {"size -1", Errc::corrupt_message, [](Batch& b) { poke<std::int32_t>(b, 8, -1); }},
      {"size 48", Errc::corrupt_message, [](Batch& b) { poke<std::int32_t>(b, 8, 48); }},
      {"magic 3", Errc::corrupt_message, [](Batch& b) { poke<std::int8_t>(b, 16, 3); }},
      {"magic -1", Errc::corrupt_message, [](Batch& b) { poke<std::int8_t>(b, 16, -1); }},
      {"magic 1", Errc::invalid_record, [](Batch& b) { b = vector_of("magic1_plain"); }},
      {"magic 0", Errc::invalid_record, [](Batch& b) { b = vector_of("magic0_plain"); }},
      {"crc", Errc::corrupt_message, [](Batch& b) { b[20] ^= std::byte{1}; }},
      {"flipped value", Errc::corrupt_message, [](Batch& b) { b[70] ^= std::byte{1}; }},
      {"codec 5", Errc::unsupported_compression_type, [](Batch& b) { poke<std::int16_t>(b, 21, 5); }},
      {"codec 6", Errc::unsupported_compression_type, [](Batch& b) { poke<std::int16_t>(b, 21, 6); }},
      {"codec 7", Errc::unsupported_compression_type, [](Batch& b) { poke<std::int16_t>(b, 21, 7); }},
      {"base offset 1", Errc::invalid_record, [](Batch& b) { poke<std::int64_t>(b, 0, 1); }},
      {"base offset -1", Errc::invalid_record, [](Batch& b) { poke<std::int64_t>(b, 0, -1); }},
      {"count 0", Errc::invalid_record, [](Batch& b) { poke<std::int32_t>(b, 57, 0); }},
      {"count -1", Errc::invalid_record, [](Batch& b) { poke<std::int32_t>(b, 57, -1); }},
      {"count 2", Errc::invalid_record, [](Batch& b) { poke<std::int32_t>(b, 57, 2); }},
      {"count 4", Errc::invalid_record, [](Batch& b) { poke<std::int32_t>(b, 57, 4); }},
      {"last offset delta -1", Errc::invalid_record, [](Batch& b) { poke<std::int32_t>(b, 23, -1); }},
      {"last offset delta 3", Errc::invalid_record, [](Batch& b) { poke<std::int32_t>(b, 23, 3); }},
      {"both say 4", Errc::invalid_record,
       [](Batch& b) { poke<std::int32_t>(b, 57, 4), poke<std::int32_t>(b, 23, 3); }},
      {"both say 2", Errc::invalid_record,
       [](Batch& b) { poke<std::int32_t>(b, 57, 2), poke<std::int32_t>(b, 23, 1); }},
      {"both huge", Errc::invalid_record,
       [](Batch& b) { poke<std::int32_t>(b, 57, 2147483647), poke<std::int32_t>(b, 23, 2147483646); }},
      {"control", Errc::invalid_record, [](Batch& b) { poke<std::int16_t>(b, 21, 0x20); }},
      {"producer without sequence", Errc::invalid_record, [](Batch& b) { poke<std::int64_t>(b, 43, 5); }},
      {"says gzip, is plain", Errc::invalid_record, [](Batch& b) { poke<std::int16_t>(b, 21, 1); }},
      {"says snappy, is plain", Errc::invalid_record, [](Batch& b) { poke<std::int16_t>(b, 21, 2); }},
      {"says lz4, is plain", Errc::invalid_record, [](Batch& b) { poke<std::int16_t>(b, 21, 3); }},
      {"says zstd, is plain", Errc::invalid_record, [](Batch& b) { poke<std::int16_t>(b, 21, 4); }},
  };
  for (const auto& row : rows) {
    Batch bytes = sample_batch();
    row.spoil(bytes);
    EXPECT_EQ(code_of(bytes), row.code) << row.what;
  }
}

TEST(ValidateProduced, ControlBatchesAreNotForClients) {
  Batch bytes = vector_of("commit_marker");
  set_base_offset(bytes, 0);
  EXPECT_EQ(code_of(bytes), Errc::invalid_record);
}

TEST(ValidateProduced, SizeLimitsCountTheWholeBatchAsSent) {
  const Batch bytes = sample_batch();
  ProduceRules rules = rules_now();
  rules.max_batch_size = bytes.size();
  EXPECT_EQ(code_of(bytes, rules), Errc::none);
  rules.max_batch_size = bytes.size() - 1;
  EXPECT_EQ(code_of(bytes, rules), Errc::message_too_large);
  rules.max_batch_size = bytes.size();
  rules.max_segment_size = bytes.size() - 1;
  EXPECT_EQ(code_of(bytes, rules), Errc::record_list_too_large);
}

TEST(ValidateProduced, ABombIsTooLarge) {
  ProduceRules rules = rules_now();
  rules.max_decompressed = 50000;
  for (const char* name : {"gzip_big", "snappy_big", "lz4_big", "zstd_big"})
    EXPECT_EQ(code_of(vector_of(name), rules), Errc::message_too_large) << name;
}

TEST(ValidateProduced, ZstdNeedsProduceSeven) {
  ProduceRules rules = rules_now();
  rules.is_zstd_allowed = false;
  EXPECT_EQ(code_of(sample_batch(Codec::zstd), rules), Errc::unsupported_compression_type);
  EXPECT_EQ(code_of(sample_batch(Codec::lz4), rules), Errc::none);
}

TEST(ValidateProduced, CompactedTopicsNameTheRecordsWithoutKey) {
  ProduceRules rules = rules_now();
  rules.is_compacted = true;
  for (const Codec codec : all_codecs) {
    const Batch bytes = sample_batch(codec);
    std::vector<RecordError> errors;
    const auto produced = validate_produced(bytes, rules, &errors);
    ASSERT_FALSE(produced);
    EXPECT_EQ(produced.error().code, Errc::invalid_record);
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].index, 1);
  }
}

TEST(ValidateProduced, CreateTimesMustLieInTheWindow) {
  const struct {
    TimestampMs at;
    Errc code;
  } rows[] = {{sample_time, Errc::none},
              {sample_time - 1000, Errc::none},
              {sample_time - 1001, Errc::invalid_timestamp},
              {sample_time + 2000, Errc::none},
              {sample_time + 2001, Errc::invalid_timestamp},
              {-1, Errc::none},
              {-2, Errc::invalid_timestamp},
              {0, Errc::invalid_timestamp},
              {std::numeric_limits<TimestampMs>::max(), Errc::invalid_timestamp},
              {std::numeric_limits<TimestampMs>::min(), Errc::invalid_timestamp}};
  for (const auto& row : rows) {
    ProduceRules rules{.now = sample_time, .timestamp_before_max_ms = 1000, .timestamp_after_max_ms = 2000};
    BatchBuilder builder;
    builder.append(sample_time, "k", "v");
    builder.append(row.at, "k", "v");
    const Batch bytes = builder.build().value();
    std::vector<RecordError> errors;
    const auto produced = validate_produced(bytes, rules, &errors);
    EXPECT_EQ(produced ? Errc::none : produced.error().code, row.code) << row.at;
    EXPECT_EQ(errors.size(), row.code == Errc::none ? 0u : 1u) << row.at;
    EXPECT_TRUE(errors.empty() || errors[0].index == 1) << row.at;
    rules.timestamp_type = TimestampType::log_append_time;
    EXPECT_EQ(code_of(bytes, rules), Errc::none) << row.at;
  }
}

TEST(ValidateProduced, AnUnboundedWindowBoundsNothing) {
  BatchBuilder builder;
  builder.append(0, "k", "v");
  EXPECT_EQ(code_of(builder.build().value(), {.now = sample_time}), Errc::none);
  builder.append(sample_time * 2, "k", "v");
  EXPECT_EQ(code_of(builder.build().value(),
                    {.now = sample_time, .timestamp_after_max_ms = std::numeric_limits<std::int64_t>::max()}),
            Errc::none);
}

TEST(ValidateProduced, OneBadTimestampDecidesTheCode) {
  ProduceRules rules{.is_compacted = true, .now = sample_time};
  BatchBuilder builder;
  builder.append(sample_time, Bytes(), "v");
  builder.append(sample_time * 2, "k", "v");
  std::vector<RecordError> errors;
  const auto bytes = builder.build().value();
  EXPECT_EQ(validate_produced(bytes, rules, &errors).error().code, Errc::invalid_timestamp);
  EXPECT_EQ(errors.size(), 2u);
}

TEST(ValidateProduced, LogAppendTimeFromAClient) {
  const auto sent = [](TimestampMs at) {
    BatchBuilder builder({.log_append_time = at});
    builder.append(at, "k", "v");
    return builder.build().value();
  };
  ProduceRules rules = rules_now();
  EXPECT_EQ(code_of(sent(-1), rules), Errc::invalid_timestamp);
  EXPECT_EQ(code_of(sent(sample_time * 2), rules), Errc::invalid_timestamp);
  const Batch bytes = sent(sample_time);
  const auto produced = validate_produced(bytes, rules).value();
  EXPECT_TRUE(produced.needs_stamp);
  EXPECT_EQ(produced.timestamp_type, TimestampType::create_time);
  rules.timestamp_type = TimestampType::log_append_time;
  EXPECT_EQ(code_of(bytes, rules), Errc::invalid_timestamp);
}

TEST(ValidateProduced, AWrongMaxTimestampIsCorrected) {
  Batch bytes = sample_batch();
  poke<std::int64_t>(bytes, batch_at::max_timestamp, 12345);
  const auto produced = validate_produced(bytes, rules_now()).value();
  EXPECT_TRUE(produced.needs_stamp);
  stamp(bytes, produced);
  EXPECT_EQ(bytes, sample_batch());
}

TEST(ValidateProduced, LogAppendTimeTopicsAreStampedWithNow) {
  Batch bytes = sample_batch(Codec::gzip);
  ProduceRules rules = rules_now();
  rules.timestamp_type = TimestampType::log_append_time;
  const auto produced = validate_produced(bytes, rules).value();
  EXPECT_EQ(produced.max_timestamp_offset_delta, 0);
  stamp(bytes, produced);
  const auto batch = BatchView::parse(bytes).value();
  EXPECT_TRUE(batch.check_crc());
  EXPECT_EQ(batch.timestamp_type(), TimestampType::log_append_time);
  EXPECT_EQ(batch.max_timestamp(), rules.now);
}

TEST(ValidateProduced, AnotherCodecOrGapsAskForARebuild) {
  Batch gaps = sample_batch();
  gaps[batch_header_size + 3] = std::byte{8};  // offset delta of the first record
  renew_crc(gaps);
  ProduceRules rules = rules_now();
  auto produced = validate_produced(gaps, rules).value();
  EXPECT_TRUE(produced.needs_rebuild);
  EXPECT_EQ(rebuild(produced, rules).value(), sample_batch());

  const Batch plain = sample_batch();
  for (const Codec codec : all_codecs) {
    rules.codec = codec;
    produced = validate_produced(plain, rules).value();
    EXPECT_EQ(produced.needs_rebuild, codec != Codec::none);
    EXPECT_EQ(rebuild(produced, rules).value(), sample_batch(codec)) << name(codec);
  }
}

TEST(Rebuild, KeepsTheProducerAndStampsTheType) {
  const BatchOptions options{
      .producer_id = 9, .producer_epoch = 2, .base_sequence = 30, .is_transactional = true};
  const Batch bytes = sample_batch(Codec::lz4, options);
  ProduceRules rules = rules_now();
  rules.codec = Codec::none;
  EXPECT_EQ(rebuild(validate_produced(bytes, rules).value(), rules).value(), sample_batch(Codec::none, options));
  rules.timestamp_type = TimestampType::log_append_time;
  const Batch fresh = rebuild(validate_produced(bytes, rules).value(), rules).value();
  const auto batch = BatchView::parse(fresh).value();
  EXPECT_EQ(batch.timestamp_type(), TimestampType::log_append_time);
  EXPECT_EQ(batch.max_timestamp(), rules.now);
  EXPECT_EQ(batch.last_sequence(), 32);
}

TEST(Rebuild, IsRefusedWhenItOutgrowsTheLimit) {
  const Batch bytes = vector_of("zstd_big");
  ProduceRules rules = rules_now();
  rules.codec = Codec::none;
  rules.max_batch_size = 50000;
  EXPECT_EQ(rebuild(validate_produced(bytes, rules).value(), rules).error().code, Errc::message_too_large);
}

TEST(ValidateProduced, ExplanationsAreBounded) {
  BatchBuilder builder;
  for (int i = 0; i < 5000; ++i) builder.append(sample_time, Bytes(), Bytes());
  ProduceRules rules = rules_now();
  rules.is_compacted = true;
  std::vector<RecordError> errors;
  const auto bytes = builder.build().value();
  EXPECT_FALSE(validate_produced(bytes, rules, &errors));
  EXPECT_EQ(errors.size(), 1000u);
}

}  // namespace
}  // namespace leat::record
