#include "record/record_reader.h"

#include <gtest/gtest.h>

#include "samples.h"
#include "vectors.h"

namespace leat::record {
namespace {

/// plain_1 with its records area replaced; the CRC is not the reader's business.
std::vector<std::byte> with_records(const std::string& hex, std::int32_t count) {
  auto bytes = vector_of("plain_1");
  bytes.resize(batch_header_size);
  const auto records = from_hex(hex);
  bytes.insert(bytes.end(), records.begin(), records.end());
  store_be(bytes.data() + batch_at::batch_length, static_cast<std::int32_t>(bytes.size() - batch_prefix_size));
  store_be(bytes.data() + batch_at::record_count, count);
  store_be(bytes.data() + batch_at::last_offset_delta, count - 1);
  return bytes;
}

TEST(RecordReader, RefusesRecordsThatDoNotParse) {
  const struct {
    const char* what;
    const char* hex;
    std::int32_t count;
  } rows[] = {
      {"no bytes", "", 1},
      {"zero length", "00", 1},
      {"negative length", "01", 1},
      {"length beyond the batch", "16000000046b3104763100", 1},
      {"length shorter than the record", "12000000046b3104763100", 1},
      {"length varint of six bytes", "808080808000", 1},
      {"cut length varint", "80", 1},
      {"cut after the attributes", "0200", 1},
      {"timestamp varint of eleven bytes", "220080808080808080808080000004000000000000", 1},
      {"key beyond the record", "14000000206b3104763100", 1},
      {"key length -2", "0a00000003010000", 1},
      {"value beyond the record", "14000000046b3120763100", 1},
      {"value length -2", "0a0000000103000000", 1},
      {"no header count", "12000000046b31047631", 1},
      {"header count -1", "14000000046b3104763101", 1},
      {"header count without headers", "14000000046b3104763102", 1},
      {"huge header count", "1c000000046b31047631feffffff0f", 1},
      {"header key null", "18000000046b31047631020101", 1},
      {"header key beyond the record", "18000000046b31047631022001", 1},
      {"header value beyond the record", "18000000046b31047631020020", 1},
      {"header value length -2", "18000000046b31047631020003", 1},
      {"byte left over in the record", "16000000046b310476310000", 1},
      {"byte left over behind the record", "14000000046b310476310000", 1},
      {"fewer records than counted", "14000000046b3104763100", 2},
      {"more records than counted", "14000000046b310476310014000002046b3104763100", 1},
      {"negative count", "14000000046b3104763100", -1},
  };
  for (const auto& row : rows) {
    const auto records = read_all(with_records(row.hex, row.count));
    ASSERT_FALSE(records) << row.what;
    EXPECT_EQ(records.error().code, Errc::invalid_record) << row.what;
  }
}

TEST(RecordReader, AcceptsTheRecordThatTheInvalidOnesAreMadeFrom) {
  EXPECT_TRUE(read_all(with_records("14000000046b3104763100", 1)));
}

TEST(RecordReader, UnknownCodecsAreUnsupported) {
  for (int codec = 5; codec < 8; ++codec) {
    auto bytes = vector_of("plain_1");
    store_be(bytes.data() + batch_at::attributes, static_cast<std::int16_t>(codec));
    EXPECT_EQ(read_all(bytes).error().code, Errc::unsupported_compression_type) << codec;
  }
}

TEST(RecordReader, StopsInflatingAtTheLimit) {
  for (const char* name : {"gzip_big", "snappy_big", "lz4_big", "zstd_big"}) {
    EXPECT_EQ(read_all(vector_of(name), 50000).error().code, Errc::message_too_large) << name;
    EXPECT_TRUE(read_all(vector_of(name), 200000)) << name;
  }
}

TEST(RecordReader, EmptyBatchesOfCompactionHaveNoRecords) {
  const auto bytes = from_hex(
      "0000000000000002000000310000000002" "2ac922b3" "0000" "00000000" "ffffffffffffffff" "000001a20302cfdb"
      "00000000000003e8" "0000" "00000002" "00000000");
  const auto batch = BatchView::parse(bytes).value();
  EXPECT_TRUE(batch.check_crc());
  EXPECT_EQ(batch.next_offset(), 3);
  EXPECT_TRUE(read_all(bytes).value().empty());
}

TEST(RecordReader, HeadersCanBeIteratedTwice) {
  const auto bytes = sample_batch();
  std::vector<std::byte> scratch;
  auto reader = RecordReader::open(BatchView::parse(bytes).value(), scratch).value();
  RecordView record;
  ASSERT_TRUE(reader.next(record).value());
  EXPECT_TRUE(record.headers.empty());
  ASSERT_TRUE(reader.next(record).value());
  for (int round = 0; round < 2; ++round) {
    std::vector<std::string> keys;
    for (const HeaderView& header : record.headers) keys.emplace_back(header.key);
    EXPECT_EQ(keys, (std::vector<std::string>{"h1", "h2", ""}));
  }
}

TEST(RecordReader, UncompressedRecordsAreViewsIntoTheBatch) {
  const auto bytes = sample_batch();
  std::vector<std::byte> scratch;
  auto reader = RecordReader::open(BatchView::parse(bytes).value(), scratch).value();
  RecordView record;
  ASSERT_TRUE(reader.next(record).value());
  EXPECT_GE(record.key.data(), bytes.data());
  EXPECT_LT(record.key.data(), bytes.data() + bytes.size());
  EXPECT_EQ(scratch.capacity(), 0u);
}

}  // namespace
}  // namespace leat::record
