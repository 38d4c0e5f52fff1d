#include "vectors.h"

#include <gtest/gtest.h>

#include "record/control_record.h"
#include "samples.h"

namespace leat::record {
namespace {

TEST(BatchVectors, FileIsThere) { EXPECT_GE(vectors().size(), 24u); }

TEST(BatchVectors, PlainRecordsReadAsTheirDescriptionSays) {
  EXPECT_EQ(read_all(vector_of("plain_3")).value(), sample_records(42));
  EXPECT_EQ(read_all(vector_of("idempotent")).value(), sample_records());
}

TEST(BatchVectors, LogAppendTimeIsTheTimestampOfEveryRecord) {
  const std::vector<Plain> expected = {{0, sample_time + 1000, "k1", "v1", {}},
                                       {1, sample_time + 1000, "k3", "<null>", {}}};
  EXPECT_EQ(read_all(vector_of("log_append_time")).value(), expected);
}

TEST(BatchVectors, CompressedRecordsAreTheSameInEveryCodec) {
  for (const char* name : {"gzip_3", "snappy_3", "lz4_3", "zstd_3"})
    EXPECT_EQ(read_all(vector_of(name)).value(), sample_records()) << name;
}

TEST(BatchVectors, CompressedRecordsMaySpanSeveralBlocks) {
  std::string value;
  for (int i = 0; i < 10000; ++i) value += "0123456789";
  for (const char* name : {"gzip_big", "snappy_big", "lz4_big", "zstd_big"}) {
    const auto records = read_all(vector_of(name)).value();
    ASSERT_EQ(records.size(), 1u) << name;
    EXPECT_EQ(records[0].key, "<null>") << name;
    EXPECT_TRUE(records[0].value == value) << name;
  }
}

TEST(BatchVectors, BuilderMakesKafkasBytes) {
  struct Row {
    const char* name;
    BatchOptions options;
  };
  for (const Row& row : {Row{"plain_3", {.base_offset = 42, .leader_epoch = 7}},
                         Row{"idempotent", {.producer_id = 1000, .producer_epoch = 5, .base_sequence = 10}}})
    EXPECT_EQ(sample_batch(Codec::none, row.options), vector_of(row.name)) << row.name;

  BatchBuilder one;
  one.append(sample_time, "k1", "v1");
  EXPECT_EQ(one.build().value(), vector_of("plain_1"));

  one.reset({.producer_id = 1000, .producer_epoch = 5, .base_sequence = 0, .is_transactional = true});
  one.append(sample_time, "k1", "v1");
  EXPECT_EQ(one.build().value(), vector_of("transactional"));

  one.reset({.leader_epoch = 0, .log_append_time = sample_time + 1000});
  one.append(sample_time, "k1", "v1");
  one.append(sample_time - 3, "k3", Bytes());
  EXPECT_EQ(one.build().value(), vector_of("log_append_time"));
}

TEST(BatchVectors, MarkersAreKafkasBytes) {
  for (const bool commit : {true, false}) {
    auto bytes = marker_batch({.commit = commit, .coordinator_epoch = 9}, 1000, 5, sample_time);
    set_base_offset(bytes, 50);
    set_leader_epoch(bytes, 3);
    EXPECT_EQ(bytes, vector_of(commit ? "commit_marker" : "abort_marker"));
  }
}

TEST(BatchVectors, KraftControlBatchesAreKafkasBytes) {
  struct Row {
    const char* name;
    ControlType type;
    Offset base_offset;
    LeaderEpoch leader_epoch;
  };
  for (const Row& row :
       {Row{"leader_change", ControlType::leader_change, 10, 4},
        Row{"snapshot_header", ControlType::snapshot_header, 0, 4},
        Row{"snapshot_footer", ControlType::snapshot_footer, 1, 4}}) {
    const auto expected = vector_of(row.name);
    const auto records = read_all(expected).value();
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(control_type(records[0].key).value(), row.type);
    BatchBuilder builder({.base_offset = row.base_offset, .leader_epoch = row.leader_epoch, .is_control = true});
    builder.append_control(row.type, sample_time, Bytes(records[0].value));
    EXPECT_EQ(builder.build().value(), expected) << row.name;
  }
}

TEST(BatchVectors, OldMessagesAreNotReadAsRecords) {
  for (const char* name : {"magic0_plain", "magic1_plain"})
    EXPECT_EQ(read_all(vector_of(name)).error().code, Errc::unsupported_for_message_format) << name;
}

}  // namespace
}  // namespace leat::record
