#include <gmock/gmock.h>

#include <cstring>

#include "protocol/message.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/produce.h"
#include "protocol/messages/transaction_records.h"
#include "wire_data.h"

namespace leat::protocol {
namespace {

class TextFile final : public ReadableFile {
 public:
  explicit TextFile(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> read_at(std::uint64_t position, std::span<std::byte> out) const override {
    const std::size_t size = std::min(out.size(), text_.size() - static_cast<std::size_t>(position));
    std::memcpy(out.data(), text_.data() + position, size);
    return size;
  }
  int descriptor() const override { return -1; }

 private:
  std::string text_;
};

FetchResponse response_with(Payload records) {
  FetchResponse response;
  response.responses = {{.topic = "t", .partitions = {{.partition_index = 7, .records = std::move(records)}}}};
  return response;
}

TEST(Encode, SmallPayloadsAreCopiedIn) {
  const auto encoded = encode(response_with(Payload::own(std::string(1024, 'x'))), 12);
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->pieces.size(), 1u);
  EXPECT_EQ(encoded->size, encoded->pieces[0].size());
}

TEST(Encode, LargePayloadsArePassedOn) {
  const Payload records = Payload::own(std::string(1025, 'x'));
  const auto encoded = encode(response_with(records), 12);
  ASSERT_TRUE(encoded);
  ASSERT_EQ(encoded->pieces.size(), 3u);
  EXPECT_EQ(encoded->pieces[1].memory().data(), records.memory().data());
  const auto decoded = decode<FetchResponse>(encoded->flatten().value(), 12);
  EXPECT_TRUE(decoded) << decoded.error().to_string();
}

TEST(Encode, FileSlicesArePassedOnWhateverTheirSize) {
  const auto file = std::make_shared<TextFile>("0123456789");
  const auto encoded = encode(response_with(Payload::of({{file, 2, 3}, {file, 8, 2}})), 12);
  ASSERT_TRUE(encoded);
  ASSERT_EQ(encoded->pieces.size(), 3u);
  EXPECT_TRUE(encoded->pieces[1].is_in_files());
  const auto flat = encoded->flatten().value();
  EXPECT_EQ(flat.size(), encoded->size);
  const auto decoded = decode<FetchResponse>(flat, 12);
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(decoded->responses[0].partitions[0].records.memory().text(), "23489");
}

TEST(Encode, ASliceBeyondTheFileFailsToFlatten) {
  const auto file = std::make_shared<TextFile>("0123");
  const auto encoded = encode(response_with(Payload::of({{file, 2, 3}})), 12);
  ASSERT_TRUE(encoded);
  EXPECT_FALSE(encoded->flatten());
}

TEST(Encode, RefusesAFieldThatTheVersionLacks) {
  FetchRequest request;
  request.topics = {{.topic = "t", .partitions = {{.last_fetched_epoch = 3}}}};
  const auto encoded = encode(request, 11);
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code, Errc::unsupported_version);
  EXPECT_EQ(encoded.error().context,
            "FetchRequest.Topics[0].Partitions[0].LastFetchedEpoch: set, but version 11 has no such field");
}

TEST(Encode, DropsAnIgnorableFieldThatTheVersionLacks) {
  FetchRequest request;
  const auto plain = encode_flat(request, 4).value();
  request.session_id = 9;
  request.rack_id = "rack";
  EXPECT_EQ(encode_flat(request, 4).value(), plain);
}

TEST(Encode, RefusesNullWhereTheVersionAllowsNone) {
  MetadataRequest request;
  request.topics.reset();
  EXPECT_TRUE(encode(request, 1));
  const auto encoded = encode(request, 0);
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().to_string(), "INVALID_ARGUMENT: MetadataRequest.Topics: null");
}

TEST(Encode, RefusesStringsThatNoReaderTakes) {
  JoinGroupRequest request;
  request.group_id = std::string(32767, 'g');
  EXPECT_TRUE(encode(request, 0));
  EXPECT_TRUE(encode(request, 9));
  request.group_id += 'g';
  EXPECT_FALSE(encode(request, 0));
  EXPECT_FALSE(encode(request, 9));
}

TEST(Encode, RefusesVersionsThatDoNotExist) {
  EXPECT_EQ(encode(ProduceRequest{}, 2).error().code, Errc::unsupported_version);
  EXPECT_EQ(encode(ProduceRequest{}, 14).error().code, Errc::unsupported_version);
}

TEST(Encode, TaggedFieldsGoInOrderOfTheirTags) {
  TransactionLogValue value;  // declares tag 3 before tag 2
  value.next_producer_epoch = 1;
  value.client_transaction_version = 2;
  EXPECT_THAT(to_hex(encode_flat(value, 1).value()), testing::EndsWith("02" "02020002" "03020001"));
}

TEST(Encode, TaggedFieldsThatEqualTheirDefaultStayAway) {
  FetchRequest request;
  const std::size_t without = encode(request, 15)->size;
  request.replica_state.replica_id = 1;
  EXPECT_EQ(encode(request, 15)->size, without + 1 + 1 + 13);  // tag, size, two numbers and an end of tags
}

TEST(Encode, ATaggedFieldsSizeMayTakeSeveralBytes) {
  FetchResponse response;
  for (int i = 0; i < 40; ++i) response.node_endpoints.push_back({.node_id = i, .host = "a-long-host-name"});
  const auto bytes = encode_flat(response, 16).value();
  const auto decoded = decode<FetchResponse>(bytes, 16);
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  ASSERT_EQ(decoded->node_endpoints.size(), 40u);
  EXPECT_EQ(decoded->node_endpoints[39].node_id, 39);
}

TEST(AnyMessage, GivesBackOnlyWhatItHolds) {
  AnyMessage message(FetchRequest{.max_wait_ms = 5});
  EXPECT_EQ(message.get_if<FetchResponse>(), nullptr);
  ASSERT_NE(message.get_if<FetchRequest>(), nullptr);
  EXPECT_EQ(message.get_if<FetchRequest>()->max_wait_ms, 5);
  EXPECT_EQ(AnyMessage::make(FetchRequest::schema()).get_if<FetchRequest>()->max_bytes, 0x7fffffff);
}

}  // namespace
}  // namespace leat::protocol
