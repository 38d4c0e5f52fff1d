#include <leat/protobuf.h>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/util/message_differencer.h>

#include "shop.pb.h"

namespace leat::protobuf {
namespace {

using google::protobuf::UninterpretedOption;
using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;

shop::Order an_order() {
  shop::Order order;
  order.set_customer("alice");
  order.set_total_cents(-250);
  auto* line = order.add_lines();
  line->set_item("book");
  line->set_count(2);
  return order;
}

/// What protoc's own program writes for an_order().
const std::string an_orders_bytes = "\n\005alice\022\010\n\004book\020\002\030\363\003";

template <class M>
std::string why_not(const std::string& value, const ParseOptions& options = {}) {
  M message;
  const auto frame = parse(Bytes(value), message, options);
  EXPECT_FALSE(frame);
  if (frame) return {};
  EXPECT_EQ(frame.error().code, Errc::corrupt);
  return frame.error().context;
}

TEST(Message, PlainIsTheMessageAndNothingElse) {
  EXPECT_EQ(serialize(an_order()).value(), an_orders_bytes);
  EXPECT_EQ(serialize(shop::Order()).value(), "");
}

TEST(Message, WithASchemaIdTheFrameComesFirst) {
  EXPECT_EQ(serialize(an_order(), 7).value(), std::string("\0\0\0\0\7\0", 6) + an_orders_bytes);
  shop::Refund::Reason reason;
  EXPECT_EQ(serialize(reason, 7).value(), std::string("\0\0\0\0\7\4\2\0", 8));
}

TEST(Message, BothFramingsAreReadWithoutBeingTold) {
  for (const std::optional<std::int32_t> id : {std::optional<std::int32_t>(), {0}, {7}}) {
    shop::Order read;
    read.set_customer("somebody else");
    const std::string value = serialize(an_order(), id).value();
    const auto frame = parse(Bytes(value), read).value();
    EXPECT_EQ(frame, id ? std::optional(Frame{*id, {0}}) : std::nullopt);
    EXPECT_TRUE(MessageDifferencer::Equals(read, an_order()));
  }
}

TEST(Message, WithoutARequiredFieldIsNotWritten) {
  UninterpretedOption::NamePart part;
  part.set_name_part("half");
  const auto value = serialize(part);
  EXPECT_EQ(value.error().code, Errc::invalid_argument);
  EXPECT_THAT(value.error().context, HasSubstr("NamePart lacks required fields: is_extension"));
}

TEST(Message, WithoutARequiredFieldIsNotRead) {
  EXPECT_THAT(why_not<UninterpretedOption::NamePart>("\n\4half"), HasSubstr("lacks required fields: is_extension"));
}

TEST(Message, ANegativeSchemaIdIsRefused) {
  EXPECT_EQ(serialize(an_order(), -1).error().code, Errc::invalid_argument);
}

TEST(Message, ANullValueIsNoEmptyMessage) {
  shop::Order order;
  EXPECT_THAT(parse(Bytes(), order).error().context, HasSubstr("null"));
  EXPECT_TRUE(parse(Bytes(""), order));
}

TEST(Message, AFrameOfAnotherMessageIsAnError) {
  shop::Refund refund;
  refund.set_customer("bob");
  EXPECT_EQ(why_not<shop::Order>(serialize(refund, 7).value()),
            "the frame's message indexes [1] lead to shop.Refund, and not to shop.Order at [0]");
  EXPECT_THAT(why_not<shop::Order::Line>(serialize(shop::Refund::Reason(), 7).value()),
              HasSubstr("[1,0] lead to shop.Refund.Reason, and not to shop.Order.Line at [0,0]"));
  EXPECT_THAT(why_not<shop::Refund>(std::string("\0\0\0\0\7\2\4", 7)), HasSubstr("[2] lead to no message of shop.proto"));
  EXPECT_THAT(why_not<shop::Refund>(std::string("\0\0\0\0\7\4\2\2", 8)), HasSubstr("[1,1] lead to no message"));
}

TEST(Message, WhoWantsItIsGivenAFrameOfAnotherMessage) {
  shop::Refund refund;
  refund.set_customer("bob");
  shop::Order order;
  const std::string value = serialize(refund, 7).value();
  EXPECT_EQ(parse(Bytes(value), order, {.check_message_indexes = false}).value(), (Frame{7, {1}}));
  EXPECT_EQ(order.customer(), "bob");
}

TEST(Message, WhatDoesNotParseIsExplained) {
  const struct {
    std::string bytes;
    const char* why;
  } rows[] = {
      {"not protobuf", "12 bytes are no shop.Order: byte 0: field 13 is cut, or of wire type 6"},
      {"\n\5ali", "byte 0: field customer has a length of 5, but 3 bytes follow"},
      {"\n", "byte 0: the length of field customer is cut"},
      {"\n\xff\xff\xff\xff\x0f", "field customer has a length of 4294967295, but 0 bytes follow"},
      {"\x18\xf3", "byte 0: field total_cents is cut"},
      {an_orders_bytes + "\x80", "byte 20: a field's number is cut"},
      {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", "byte 0: a field's number is cut or too large"},
      {"\x82\x80\x80\x80\x80\1", "byte 0: a field's number is cut or too large"},
      {"\x18\2\1\1", "byte 2: a field has the number 0"},
      {"\x18\2\x0c", "byte 2: field customer ends a group"},
      {"\n\1\xff", "byte 0: field customer is not UTF-8"},
      {"\n\1a\x12\7\n\5book", "byte 3: field lines has a length of 7, but 6 bytes follow"},
      {"\n\1a\x12\6\n\5book", "byte 3: field lines: byte 0: field item has a length of 5, but 4 bytes follow"},
      {"\n\1a\x12\3\n\1\xff", "byte 3: field lines: byte 0: field item is not UTF-8"},
      {"\x7b", "byte 0: field 15 is cut"},
  };
  for (const auto& row : rows) EXPECT_THAT(why_not<shop::Order>(row.bytes), HasSubstr(row.why));
}

TEST(Message, EveryCutIsReadOrExplained) {
  for (std::size_t size = 0; size < an_orders_bytes.size(); ++size) {
    shop::Order order;
    const auto frame = parse(Bytes(an_orders_bytes.substr(0, size)), order);
    if (frame) continue;
    EXPECT_THAT(frame.error().context, testing::Not(HasSubstr("not of its type"))) << size;
  }
}

TEST(Message, TheErrorOfARecordBeginsWithItsPosition) {
  const leat::Record record{.topic = "orders", .partition = 3, .offset = 17, .value = "\n\5ali"};
  const auto read_ = read<shop::Order>(record);
  EXPECT_FALSE(read_.message);
  ASSERT_TRUE(read_.error);
  EXPECT_THAT(read_.error->context, testing::StartsWith("orders-3, offset 17: 5 bytes are no shop.Order: byte 0: "));
  EXPECT_EQ(read_.offset, 17);
  EXPECT_EQ(read_.value.text(), "\n\5ali");
}

TEST(Message, ATombstoneHasNeitherMessageNorError) {
  const auto record = read<shop::Order>({.topic = "orders", .offset = 1, .key = "alice"});
  EXPECT_FALSE(record.message);
  EXPECT_FALSE(record.error);
  EXPECT_EQ(record.key.text(), "alice");
}

}  // namespace
}  // namespace leat::protobuf
