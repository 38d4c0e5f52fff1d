#include "record/batch_view.h"

#include <gtest/gtest.h>

#include <limits>

#include "samples.h"
#include "vectors.h"

namespace leat::record {
namespace {

TEST(BatchView, ReadsEveryHeaderField) {
  const auto bytes = vector_of("commit_marker");
  const auto batch = BatchView::parse(bytes).value();
  EXPECT_EQ(batch.base_offset(), 50);
  EXPECT_EQ(batch.last_offset(), 50);
  EXPECT_EQ(batch.next_offset(), 51);
  EXPECT_EQ(batch.size(), bytes.size());
  EXPECT_EQ(batch.batch_length(), static_cast<std::int32_t>(bytes.size() - 12));
  EXPECT_EQ(batch.leader_epoch(), 3);
  EXPECT_EQ(batch.magic(), 2);
  EXPECT_EQ(batch.crc(), 0xb40e8663u);
  EXPECT_TRUE(batch.is_control());
  EXPECT_TRUE(batch.is_transactional());
  EXPECT_FALSE(batch.has_delete_horizon());
  EXPECT_EQ(batch.codec(), Codec::none);
  EXPECT_EQ(batch.timestamp_type(), TimestampType::create_time);
  EXPECT_EQ(batch.base_timestamp(), sample_time);
  EXPECT_EQ(batch.max_timestamp(), sample_time);
  EXPECT_EQ(batch.producer_id(), 1000);
  EXPECT_EQ(batch.producer_epoch(), 5);
  EXPECT_EQ(batch.base_sequence(), -1);
  EXPECT_EQ(batch.last_sequence(), -1);
  EXPECT_EQ(batch.record_count(), 1);
  EXPECT_TRUE(batch.check_crc());
}

TEST(BatchView, SequencesCountOverTheBatchAndWrap) {
  const auto bytes = vector_of("idempotent");
  EXPECT_EQ(BatchView::parse(bytes).value().last_sequence(), 12);
  EXPECT_EQ(advance_sequence(2147483647, 1), 0);
  EXPECT_EQ(advance_sequence(2147483646, 3), 1);
}

TEST(BatchView, KnowsSizeMagicAndTimeOfOldMessages) {
  const auto v1 = vector_of("magic1_plain"), v0 = vector_of("magic0_plain");
  const auto one = BatchView::parse(v1).value(), zero = BatchView::parse(v0).value();
  EXPECT_EQ(one.magic(), 1);
  EXPECT_EQ(one.size(), v1.size());
  EXPECT_EQ(one.max_timestamp(), sample_time);
  EXPECT_TRUE(one.check_crc());
  EXPECT_EQ(zero.magic(), 0);
  EXPECT_EQ(zero.max_timestamp(), no_timestamp);
  EXPECT_EQ(zero.next_offset(), 1);
  EXPECT_EQ(zero.producer_id(), -1);
  EXPECT_EQ(zero.leader_epoch(), -1);
  EXPECT_TRUE(zero.check_crc());
}

TEST(BatchView, EveryVectorHasItsCrcAndLosesItWithAnyBit) {
  for (const auto& [name, bytes] : vectors()) {
    if (name.starts_with("frame_")) continue;
    const auto batch = BatchView::parse(bytes);
    ASSERT_TRUE(batch) << name;
    EXPECT_TRUE(batch->check_crc()) << name;
    auto broken = bytes;
    broken.at(bytes.size() - 1) ^= std::byte{1};
    EXPECT_FALSE(BatchView::parse(broken).value().check_crc()) << name;
  }
}

TEST(BatchView, HeaderAloneIsEnoughForEverythingButTheBody) {
  const auto bytes = vector_of("plain_3");
  const auto batch = BatchView::parse_header(Bytes(bytes).subspan(0, batch_header_size)).value();
  EXPECT_EQ(batch.size(), bytes.size());
  EXPECT_EQ(batch.last_offset(), 44);
  EXPECT_FALSE(BatchView::parse_header(Bytes(bytes).subspan(0, batch_header_size - 1)));
}

TEST(BatchView, RefusesWhatIsNoBatch) {
  struct Row {
    const char* what;
    std::size_t at;
    std::int32_t value;
    std::size_t width;
  };
  const auto good = vector_of("plain_1");
  for (const Row& row : {Row{"size 13", batch_at::batch_length, 13, 4}, Row{"size 0", batch_at::batch_length, 0, 4},
                         Row{"size -1", batch_at::batch_length, -1, 4},
                         Row{"size below the header", batch_at::batch_length, 48, 4},
                         Row{"size above the bytes", batch_at::batch_length, 61, 4},
                         Row{"huge size", batch_at::batch_length, 2147483647, 4},
                         Row{"magic 3", batch_at::magic, 3, 1}, Row{"magic -1", batch_at::magic, -1, 1}}) {
    auto bad = good;
    if (row.width == 4) store_be<std::int32_t>(bad.data() + row.at, row.value);
    if (row.width == 1) store_be<std::int8_t>(bad.data() + row.at, static_cast<std::int8_t>(row.value));
    const auto batch = BatchView::parse(bad);
    ASSERT_FALSE(batch) << row.what;
    EXPECT_EQ(batch.error().code, Errc::corrupt_message) << row.what;
  }
}

TEST(BatchView, RefusesEveryCut) {
  const auto good = vector_of("plain_3");
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(BatchView::parse(Bytes(good).subspan(0, size))) << size;
}

TEST(BatchCursor, WalksMixedMagicsAndLeavesACutTail) {
  auto bytes = vector_of("magic0_plain");
  for (const char* name : {"magic1_plain", "plain_3", "zstd_3"}) {
    const auto more = vector_of(name);
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  const auto cut = vector_of("plain_1");
  bytes.insert(bytes.end(), cut.begin(), cut.end() - 1);
  BatchCursor cursor{bytes};
  std::vector<int> magics;
  for (;;) {
    const auto batch = cursor.next().value();
    if (!batch) break;
    magics.push_back(batch->magic());
  }
  EXPECT_EQ(magics, (std::vector<int>{0, 1, 2, 2}));
  EXPECT_EQ(cursor.rest().size(), cut.size() - 1);
}

TEST(BatchCursor, ZerosAreCorruptAndNotAnEnd) {
  const std::vector<std::byte> zeros(100);
  BatchCursor cursor{zeros};
  EXPECT_EQ(cursor.next().error().code, Errc::corrupt_message);
}

TEST(BatchStamps, OffsetAndEpochStayOutsideTheCrc) {
  auto bytes = vector_of("plain_1");
  set_base_offset(bytes, 1234567890123);
  set_leader_epoch(bytes, 77);
  const auto batch = BatchView::parse(bytes).value();
  EXPECT_EQ(batch.base_offset(), 1234567890123);
  EXPECT_EQ(batch.leader_epoch(), 77);
  EXPECT_TRUE(batch.check_crc());
}

TEST(BatchStamps, TimestampTypeAndMaxRenewTheCrc) {
  auto bytes = vector_of("plain_1");
  set_timestamp_type_and_max(bytes, TimestampType::log_append_time, 99);
  auto batch = BatchView::parse(bytes).value();
  EXPECT_EQ(batch.timestamp_type(), TimestampType::log_append_time);
  EXPECT_EQ(batch.max_timestamp(), 99);
  EXPECT_TRUE(batch.check_crc());
  set_timestamp_type_and_max(bytes, TimestampType::create_time, sample_time);
  EXPECT_EQ(bytes, vector_of("plain_1"));
}

TEST(BatchStamps, ProducerFieldsRenewTheCrc) {
  auto bytes = sample_batch();
  set_producer(bytes, 1000, 5, 10);
  EXPECT_EQ(bytes, vector_of("idempotent"));
}

TEST(BatchView, OffsetsAtTheEndOfTheirRangeDoNotOverflow) {
  auto bytes = vector_of("plain_1");
  set_base_offset(bytes, std::numeric_limits<Offset>::max());
  EXPECT_EQ(BatchView::parse(bytes).value().next_offset(), std::numeric_limits<Offset>::min());
}

}  // namespace
}  // namespace leat::record
