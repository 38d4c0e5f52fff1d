#include "quorum/control_batches.h"

#include <gtest/gtest.h>

#include "quorum/snapshot_file.h"
#include "record/batch_view.h"
#include "record/record_reader.h"

namespace leat::quorum {
namespace {

constexpr TimestampMs time = 1'700'000'000'000;

std::string hex(Bytes bytes) {
  std::string out;
  for (std::byte b : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(b));
    out += digits;
  }
  return out;
}

Voter example_voter() {
  // 32f0f1cd599c46c693cf7ddb52e454e8
  return {.id = 1, .directory_id = Uuid::parse("MvDxzVmcRsaTz33bUuRU6A").value(), .endpoints = {{"CONTROLLER", "localhost", 9093}}};
}

TEST(ControlBatches, SnapshotHeaderIsByteEqualWithKafkas) {
  EXPECT_EQ(hex(snapshot_header_batch({.timestamp = time}, 0, std::nullopt).value()),
            "0000000000000000" "00000047" "00000000" "02" "695d7860" "0020" "00000000" "0000018bcfe56800"
            "0000018bcfe56800" "ffffffffffffffff" "ffff" "ffffffff" "00000001"
            "2a00000008" "00000003" "16" "0000" "0000000000000000" "00" "00");
}

TEST(ControlBatches, SnapshotFooterIsByteEqualWithKafkas) {
  EXPECT_EQ(hex(snapshot_footer_batch({.base_offset = 7, .timestamp = time}).value()),
            "0000000000000007" "0000003f" "00000000" "02" "8f6608e6" "0020" "00000000" "0000018bcfe56800"
            "0000018bcfe56800" "ffffffffffffffff" "ffff" "ffffffff" "00000001"
            "1a00000008" "00000004" "06" "0000" "00" "00");
}

TEST(ControlBatches, VotersAreByteEqualWithKafkas) {
  const auto bytes = encode_voters({example_voter()}).value();
  EXPECT_EQ(hex(bytes), "0000" "02" "00000001" "32f0f1cd599c46c693cf7ddb52e454e8" "02" "0b434f4e54524f4c4c4552"
                        "0a6c6f63616c686f7374" "2385" "00" "0000" "0001" "00" "00" "00");
  EXPECT_EQ(decode_voters(Bytes(bytes)).value(), VoterSet{example_voter()});
}

TEST(ControlBatches, DamagedVotersAreAnError) {
  const auto bytes = encode_voters({example_voter()}).value();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_voters(Bytes(bytes.data(), size))) << size;
}

TEST(ControlBatches, FoundingSnapshotHasThreeRecordsAndAFooter) {
  const auto batches = founding_snapshot({example_voter()}, time).value();
  ASSERT_EQ(batches.size(), 2u);
  const auto header = record::BatchView::parse(Bytes(batches[0])).value();
  EXPECT_TRUE(header.is_control());
  EXPECT_EQ(header.record_count(), 3);
  const auto footer = record::BatchView::parse(Bytes(batches[1])).value();
  EXPECT_EQ(footer.base_offset(), 3);
  EXPECT_TRUE(footer.check_crc());
}

TEST(ControlBatches, LeaderRepeatsVotersOnlyWhenTold) {
  const auto records = [](const std::optional<VoterSet>& voters) {
    const auto batch = leader_change_batch({.base_offset = 5, .epoch = 2, .timestamp = time}, 1, {1}, voters).value();
    return record::BatchView::parse(Bytes(batch)).value().record_count();
  };
  EXPECT_EQ(records(std::nullopt), 1);
  EXPECT_EQ(records(VoterSet{example_voter()}), 3);
}

}  // namespace
}  // namespace leat::quorum
