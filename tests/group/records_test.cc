#include "group/records.h"

#include <gmock/gmock.h>

#include "base/types.h"

namespace leat::group {
namespace {

Bytes view(const std::vector<std::byte>& bytes) { return Bytes(bytes); }

TEST(GroupRecords, AnOffsetComesBackAsItWasWritten) {
  OffsetRecord record;
  record.key.group = "g";
  record.key.topic = "t";
  record.key.partition = 7;
  record.value.emplace();
  record.value->offset = 42;
  record.value->leader_epoch = 3;
  record.value->metadata = "here";
  record.value->commit_timestamp = 1000;
  const auto encoded = encode(record).value();
  const auto decoded = decode(view(encoded.key), view(*encoded.value)).value();
  const auto& back = std::get<OffsetRecord>(*decoded);
  EXPECT_EQ(back.key.group, "g");
  EXPECT_EQ(back.key.partition, 7);
  EXPECT_EQ(back.value->offset, 42);
  EXPECT_EQ(back.value->leader_epoch, 3);
  EXPECT_EQ(back.value->metadata, "here");
  EXPECT_EQ(back.value->expire_timestamp, no_timestamp);
}

TEST(GroupRecords, AnOffsetWithItsOwnExpiryIsWrittenAtTheVersionThatHasAPlaceForIt) {
  OffsetRecord record;
  record.value.emplace();
  record.value->expire_timestamp = 5000;
  const auto encoded = encode(record).value();
  EXPECT_EQ((*encoded.value)[1], std::byte{1});
  const auto decoded = decode(view(encoded.key), view(*encoded.value)).value();
  EXPECT_EQ(std::get<OffsetRecord>(*decoded).value->expire_timestamp, 5000);
}

TEST(GroupRecords, ANullValueIsATombstone) {
  GroupRecord record;
  record.key.group = "g";
  const auto encoded = encode(record).value();
  EXPECT_FALSE(encoded.value);
  const auto decoded = decode(view(encoded.key), Bytes()).value();
  EXPECT_FALSE(std::get<GroupRecord>(*decoded).value);
}

TEST(GroupRecords, OtherKindsAreSkippedAndDamagedOnesAreErrors) {
  const std::vector<std::byte> share_group{std::byte{0}, std::byte{11}, std::byte{0}, std::byte{0}};
  EXPECT_FALSE(decode(view(share_group), Bytes()).value());
  const std::vector<std::byte> cut{std::byte{0}, std::byte{1}, std::byte{0}};
  EXPECT_EQ(decode(view(cut), Bytes()).error().code, Errc::corrupt_message);
  EXPECT_EQ(decode(Bytes(), Bytes()).error().code, Errc::corrupt_message);
}

}  // namespace
}  // namespace leat::group
