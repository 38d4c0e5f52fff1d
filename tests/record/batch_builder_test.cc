#include "record/batch_builder.h"

#include <gtest/gtest.h>

#include "samples.h"
#include "vectors.h"

namespace leat::record {
namespace {

TEST(BatchBuilder, RoundTripsThroughEveryCodec) {
  for (const Codec codec : all_codecs) {
    const auto bytes = sample_batch(codec, {.base_offset = 42});
    const auto batch = BatchView::parse(bytes).value();
    EXPECT_EQ(batch.codec(), codec);
    EXPECT_TRUE(batch.check_crc());
    EXPECT_EQ(batch.size(), bytes.size());
    EXPECT_EQ(batch.max_timestamp(), sample_time + 5);
    EXPECT_EQ(read_all(bytes).value(), sample_records(42)) << name(codec);
  }
}

TEST(BatchBuilder, SizeIsKnownBeforeAppending) {
  std::mt19937_64 random(3);
  BatchBuilder builder;
  EXPECT_EQ(builder.estimated_size(), batch_header_size);
  for (int i = 0; i < 200; ++i) {
    const auto key = random_bytes(random, random() % 100), value = random_bytes(random, random() % 20000);
    const HeaderView headers[] = {{"name", Bytes(key)}, {"", Bytes()}};
    const TimestampMs at = sample_time + static_cast<TimestampMs>(random() % 100000) - 50000;
    const std::size_t size = builder.size_with(at, Bytes(key), Bytes(value), headers);
    builder.append(at, Bytes(key), Bytes(value), headers);
    ASSERT_EQ(builder.estimated_size(), size);
  }
  const std::size_t size = builder.estimated_size();
  EXPECT_EQ(builder.build().value().size(), size);
}

TEST(BatchBuilder, IsEmptyAndReadyAfterBuild) {
  BatchBuilder builder;
  for (const Codec codec : all_codecs) {
    append_samples(builder);
    EXPECT_EQ(builder.record_count(), 3);
    EXPECT_EQ(read_all(builder.build(codec).value()).value(), sample_records());
    EXPECT_TRUE(builder.empty());
    EXPECT_EQ(builder.estimated_size(), batch_header_size);
  }
}

TEST(BatchBuilder, BuildsBehindWhatIsThere) {
  BatchBuilder builder;
  std::vector<std::byte> out;
  for (const Codec codec : all_codecs) {
    append_samples(builder);
    ASSERT_TRUE(builder.build_into(out, codec));
  }
  BatchCursor cursor{out};
  for (const Codec codec : all_codecs) {
    const auto batch = cursor.next().value();
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->codec(), codec);
    EXPECT_TRUE(batch->check_crc());
  }
  EXPECT_TRUE(cursor.rest().empty());
}

TEST(BatchBuilder, CompactionKeepsGapsAndTheLastOffset) {
  BatchBuilder builder({.base_offset = 100, .producer_id = 7, .producer_epoch = 1, .base_sequence = 50});
  builder.append_at(103, sample_time, "a", "1");
  builder.append_at(107, sample_time, "b", "2");
  builder.set_last_offset(109);
  const auto bytes = builder.build().value();
  const auto batch = BatchView::parse(bytes).value();
  EXPECT_EQ(batch.base_offset(), 100);
  EXPECT_EQ(batch.last_offset(), 109);
  EXPECT_EQ(batch.record_count(), 2);
  EXPECT_EQ(batch.last_sequence(), 59);
  const auto records = read_all(bytes).value();
  EXPECT_EQ(records[0].offset, 103);
  EXPECT_EQ(records[1].offset, 107);
}

TEST(BatchBuilder, DeleteHorizonTakesThePlaceOfTheBaseTimestamp) {
  BatchBuilder builder({.delete_horizon = sample_time + 86'400'000});
  append_samples(builder);
  const auto bytes = builder.build(Codec::zstd).value();
  const auto batch = BatchView::parse(bytes).value();
  EXPECT_TRUE(batch.has_delete_horizon());
  EXPECT_EQ(batch.base_timestamp(), sample_time + 86'400'000);
  EXPECT_EQ(batch.max_timestamp(), sample_time + 5);
  EXPECT_EQ(read_all(bytes).value(), sample_records());
}

TEST(BatchBuilder, AnEmptyBatchIsKafkasEmptyBatch) {
  BatchBuilder builder({.base_offset = 2, .leader_epoch = 0, .producer_id = 1000, .producer_epoch = 0, .base_sequence = 2});
  builder.set_last_offset(2);
  auto bytes = builder.build(Codec::gzip).value();
  set_timestamp_type_and_max(bytes, TimestampType::create_time, 0x000001a20302cfdb);
  EXPECT_EQ(bytes, from_hex("0000000000000002000000310000000002" "2ac922b3" "0000" "00000000" "ffffffffffffffff"
                            "000001a20302cfdb" "00000000000003e8" "0000" "00000002" "00000000"));
}

TEST(BatchBuilder, CopiesRecordsThatWereRead) {
  const auto bytes = sample_batch(Codec::lz4);
  std::vector<std::byte> scratch;
  auto reader = RecordReader::open(BatchView::parse(bytes).value(), scratch).value();
  BatchBuilder copy;
  for (RecordView record; reader.next(record).value();) copy.append_at(record.offset, record);
  EXPECT_EQ(copy.build().value(), sample_batch());
}

TEST(BatchBuilder, KraftControlBatchesHoldSeveralRecords) {
  BatchBuilder builder({.leader_epoch = 0, .is_control = true});
  builder.append_control(ControlType::snapshot_header, sample_time, "h");
  builder.append_control(ControlType::kraft_version, sample_time, "v");
  const auto bytes = builder.build().value();
  EXPECT_TRUE(BatchView::parse(bytes).value().is_control());
  const auto records = read_all(bytes).value();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(control_type(records[1].key).value(), ControlType::kraft_version);
}

TEST(ControlRecord, HigherVersionsAreReadAsVersionZero) {
  const auto key = from_hex("00090001"), value = from_hex("00070000002aff");
  const auto marker = parse_marker(key, value).value();
  EXPECT_TRUE(marker.commit);
  EXPECT_EQ(marker.coordinator_epoch, 42);
}

TEST(ControlRecord, RefusesShortAndForeignParts) {
  EXPECT_FALSE(control_type(from_hex("000000")));
  EXPECT_FALSE(control_type(Bytes()));
  EXPECT_FALSE(control_type(from_hex("ffff0000")));
  EXPECT_FALSE(parse_marker(from_hex("00000002"), from_hex("000000000000")));
  EXPECT_FALSE(parse_marker(from_hex("00000001"), from_hex("0000000000")));
  EXPECT_FALSE(parse_marker(from_hex("00000001"), from_hex("ffff00000000")));
}

}  // namespace
}  // namespace leat::record
