#include "metadata/bootstrap.h"

#include <gtest/gtest.h>

#include "controller_fixture.h"
#include "quorum/snapshot_file.h"
#include "record/batch_view.h"

namespace leat::metadata {
namespace {

constexpr TimestampMs time = 1'700'000'000'000;

const std::map<std::string, std::int16_t> kafka_defaults{
    {"metadata.version", 30}, {"eligible.leader.replicas.version", 1}, {"group.version", 1},
    {"share.version", 1},     {"streams.version", 1},                  {"transaction.version", 2},
};

std::string hex(Bytes bytes) {
  std::string out;
  for (std::byte b : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(b));
    out += digits;
  }
  return out;
}

TEST(Bootstrap, IsByteEqualWithKafkas) {
  const auto batches = bootstrap_batches(feature_records(kafka_defaults), time).value();
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[0].size() + batches[1].size() + batches[2].size(), 411u);
  EXPECT_EQ(hex(Bytes(batches[1]).subspan(0, 61 + 30)),
            "0000000000000001" "000000f1" "00000000" "02" "b698cfaa" "0000" "00000005" "0000018bcfe56800"
            "0000018bcfe56800" "ffffffffffffffff" "ffff" "ffffffff" "00000006"
            "3a000000012e" "010c00" "116d657461646174612e76657273696f6e" "001e" "00" "00");
  const auto data = record::BatchView::parse(Bytes(batches[1])).value();
  EXPECT_TRUE(data.check_crc());
  EXPECT_EQ(data.crc(), 0xb698cfaau);
}

TEST(Bootstrap, LeavesOutFeaturesAtLevelZero) {
  EXPECT_EQ(feature_records({{"metadata.version", 30}, {"group.version", 0}}).size(), 1u);
}

TEST_F(ControllerTest, BootstrapIsReadBack) {
  ASSERT_TRUE(Controller::format(disk, scheduler, options()));
  const auto records = read_bootstrap(disk, directory).value();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(describe(records[0]), R"(FeatureLevelRecord v0 {"name":"metadata.version","featureLevel":30})");
  EXPECT_EQ(describe(records[1]),
            R"(FeatureLevelRecord v0 {"name":"eligible.leader.replicas.version","featureLevel":1})");
}

TEST_F(ControllerTest, WithoutABootstrapFileMetadataVersionAloneIsFinalised) {
  ASSERT_TRUE(Controller::format(disk, scheduler, options()));
  ASSERT_TRUE(disk.remove("data/bootstrap.checkpoint"));
  ASSERT_TRUE(io::replace_text(disk, "data/__cluster_metadata-0/quorum-state",
                               R"({"leaderId":-1,"leaderEpoch":0,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})"));
  open();
  EXPECT_EQ(images.current()->features, (std::map<std::string, std::int16_t>{{"metadata.version", 30}}));
}

}  // namespace
}  // namespace leat::metadata
