#include "serdes/framing.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/struct.pb.h>

#include "shop.pb.h"

namespace leat::protobuf {
namespace {

using testing::HasSubstr;

template <std::size_t size>
std::string bytes(const char (&text)[size]) {
  return std::string(text, size - 1);
}

std::string framed(const Frame& frame) {
  std::string out;
  append_frame(frame, out);
  return out;
}

TEST(MessageIndexes, LeadFromTheFileToTheMessage) {
  const struct {
    const google::protobuf::Descriptor* type;
    MessageIndexes indexes;
  } rows[] = {
      {shop::Order::descriptor(), {0}},
      {shop::Refund::descriptor(), {1}},
      {shop::Order::Line::descriptor(), {0, 0}},
      {shop::Refund::Reason::descriptor(), {1, 0}},
      {google::protobuf::DescriptorProto::ReservedRange::descriptor(), {2, 1}},
  };
  for (const auto& row : rows) EXPECT_EQ(message_indexes(*row.type), row.indexes) << row.type->full_name();
}

TEST(MessageIndexes, CountTheEntriesOfMapFields) {
  const auto* entry = google::protobuf::Struct::descriptor()->FindNestedTypeByName("FieldsEntry");
  EXPECT_EQ(message_indexes(*entry), (MessageIndexes{0, 0}));
}

/// As the serializers of Java, Python and Go write them.
TEST(Frame, BytesAreThoseOfTheRegistrysSerializers) {
  const struct {
    Frame frame;
    std::string bytes;
  } rows[] = {
      {{1, {0}}, bytes("\0\0\0\0\1\0")},
      {{1, {1}}, bytes("\0\0\0\0\1\2\2")},
      {{1, {0, 0}}, bytes("\0\0\0\0\1\4\0\0")},
      {{258, {1, 0}}, bytes("\0\0\0\1\2\4\2\0")},
      {{0x7fffffff, {2, 1, 63}}, bytes("\0\x7f\xff\xff\xff\6\4\2\x7e")},
      {{0, {64}}, bytes("\0\0\0\0\0\2\x80\1")},
      {{0, {0x7fffffff}}, bytes("\0\0\0\0\0\2\xfe\xff\xff\xff\x0f")},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(framed(row.frame), row.bytes);
    const std::string value = row.bytes + "rest";
    const auto payload = unframe(value).value();
    EXPECT_EQ(payload.frame, row.frame);
    EXPECT_EQ(payload.message.text(), "rest");
  }
}

TEST(Frame, TheFirstMessageIsReadInItsLongFormToo) {
  const std::string value = bytes("\0\0\0\0\1\2\0rest");
  const auto payload = unframe(value).value();
  EXPECT_EQ(payload.frame, (Frame{1, {0}}));
  EXPECT_EQ(payload.message.text(), "rest");
}

TEST(Frame, AMessageMayBeEmpty) {
  const std::string value = bytes("\0\0\0\0\1\0");
  const auto payload = unframe(value).value();
  EXPECT_TRUE(payload.message.empty());
  EXPECT_FALSE(payload.message.is_null());
}

TEST(Frame, WhatDoesNotBeginWithZeroIsPlain) {
  for (const std::string& value : {std::string(), bytes("\x0a\5alice"), bytes("\1"), bytes("\xff\0\0\0\1\0")}) {
    const auto payload = unframe(value).value();
    EXPECT_FALSE(payload.frame);
    EXPECT_EQ(payload.message.text(), value);
  }
  EXPECT_TRUE(unframe(Bytes()).value().message.is_null());
}

TEST(Frame, WhatIsNoneIsAnError) {
  const struct {
    std::string bytes;
    const char* why;
  } rows[] = {
      {bytes("\0"), "cut in its schema id"},
      {bytes("\0\0\0\0"), "cut in its schema id"},
      {bytes("\0\xff\xff\xff\xfb\0"), "schema id -5"},
      {bytes("\0\0\0\0\1"), "cut in its message indexes"},
      {bytes("\0\0\0\0\1\x80"), "cut in its message indexes"},
      {bytes("\0\0\0\0\1\x80\x80\x80\x80\x80\1"), "more than 32 bits"},
      {bytes("\0\0\0\0\1\xff\xff\xff\xff\x7f"), "more than 32 bits"},
      {bytes("\0\0\0\0\1\1"), "-1 message indexes"},
      {bytes("\0\0\0\0\1\2"), "1 message indexes, but 0 bytes follow"},
      {bytes("\0\0\0\0\1\x8\2\2\2"), "4 message indexes, but 3 bytes follow"},
      {bytes("\0\0\0\0\1\xfe\xff\xff\xff\x0f\2\2"), "2147483647 message indexes, but 2 bytes follow"},
      {bytes("\0\0\0\0\1\4\2\x80"), "cut in its message indexes"},
      {bytes("\0\0\0\0\1\2\1"), "message index -1"},
      {bytes("\0\0\0\0\1\2\xff\xff\xff\xff\x0f"), "message index -2147483648"},
      {bytes("\0\0\0\0\1\2\x80\x80\x80\x80\x10"), "more than 32 bits"},
  };
  for (const auto& row : rows) {
    const auto payload = unframe(row.bytes);
    ASSERT_FALSE(payload) << row.why;
    EXPECT_EQ(payload.error().code, Errc::corrupt);
    EXPECT_THAT(payload.error().context, HasSubstr(row.why));
  }
}

TEST(Frame, CutAnywhereIsAnError) {
  const std::string whole = framed({70'000, {3, 200, 0}});
  for (std::size_t size = 1; size < whole.size(); ++size) EXPECT_FALSE(unframe(whole.substr(0, size))) << size;
}

}  // namespace
}  // namespace leat::protobuf
