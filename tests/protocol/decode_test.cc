#include <gmock/gmock.h>

#include "base/wire.h"
#include "protocol/message.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/consumer_group_heartbeat.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/produce.h"
#include "wire_data.h"

namespace leat::protocol {
namespace {

template <Message T>
std::string failure(std::int16_t version, std::string_view hex) {
  const auto bytes = from_hex(hex);
  const auto message = decode<T>(bytes, version);
  return message ? "decoded" : message.error().context;
}

TEST(Decode, ErrorsNameTheFieldsPath) {
  struct Row {
    const char* hex;
    const char* context;
  };
  const Row rows[] = {
      {"", "MetadataRequest.Topics: cut"},
      {"0000", "MetadataRequest.Topics: cut"},
      {"00000002", "MetadataRequest.Topics: cut: 2 elements do not fit"},
      {"00000002 0001 61 0005", "MetadataRequest.Topics[1].Name: cut"},
      {"00000002 0001 61 ffff", "MetadataRequest.Topics[1].Name: null"},
      {"00000001 ff", "MetadataRequest.Topics: cut: 1 elements do not fit"},
      {"00000001 fffe 00", "MetadataRequest.Topics[0].Name: negative length"},
      {"fffffffe 00", "MetadataRequest.Topics: negative length"},
      {"7fffffff 0001 61", "MetadataRequest.Topics: cut: 2147483647 elements do not fit"},
      {"00000000", "MetadataRequest.AllowAutoTopicCreation: cut"},
      {"00000000 01 00", "MetadataRequest: 1 bytes left over"},
  };
  for (const Row& row : rows) EXPECT_EQ(failure<MetadataRequest>(4, row.hex), row.context) << row.hex;
}

TEST(Decode, CompactLengthsAreChecked) {
  struct Row {
    const char* hex;
    const char* context;
  };
  const Row rows[] = {
      {"", "ApiVersionsRequest.ClientSoftwareName: cut"},
      {"80", "ApiVersionsRequest.ClientSoftwareName: cut"},
      {"00 02 61 00", "ApiVersionsRequest.ClientSoftwareName: null"},
      {"808080808000", "ApiVersionsRequest.ClientSoftwareName: varint too long"},
      {"ffffffff7f", "ApiVersionsRequest.ClientSoftwareName: varint too large"},
      {"ffffffff0f", "ApiVersionsRequest.ClientSoftwareName: string too long"},
      {"02 61 0a 62", "ApiVersionsRequest.ClientSoftwareVersion: cut"},
      {"02 61 02 62", "ApiVersionsRequest: cut"},
      {"02 61 02 62 01", "ApiVersionsRequest: cut"},
      {"02 61 02 62 01 05 02 00", "ApiVersionsRequest: cut"},
      {"02 61 02 62 ffffffff0f", "ApiVersionsRequest: cut"},
  };
  for (const Row& row : rows) EXPECT_EQ(failure<ApiVersionsRequest>(3, row.hex), row.context) << row.hex;
}

TEST(Decode, MemoryIsBoundedByTheInputsSize) {
  // Three million names of length 0: two bytes each on the wire, a whole string each in memory.
  std::vector<std::byte> bytes(4 + 6'000'000 + 4);
  store_be<std::int32_t>(bytes.data(), 3'000'000);
  const auto message = decode<DeleteTopicsRequest>(bytes, 1);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().context, "DeleteTopicsRequest.TopicNames: too much memory for a message of its size");
}

TEST(Decode, LargeMessagesOfRealClientsStayBelowTheBound) {
  FetchRequest request;
  FetchResponse response;
  MetadataResponse metadata;
  for (int i = 0; i < 2000; ++i) {
    auto& wanted = request.topics.emplace_back();
    auto& topic = response.responses.emplace_back();
    auto& described = metadata.topics.emplace_back();
    wanted.topic = topic.topic = "topic-" + std::to_string(i);
    described.name = wanted.topic;
    for (int p = 0; p < 10; ++p) {
      wanted.partitions.push_back({.partition = p});
      topic.partitions.push_back({.partition_index = p});
      described.partitions.push_back({.partition_index = p, .replica_nodes = {1}, .isr_nodes = {1}});
    }
  }
  EXPECT_TRUE(decode<FetchRequest>(encode_flat(request, 12).value(), 12));
  EXPECT_TRUE(decode<FetchResponse>(encode_flat(response, 12).value(), 12));
  EXPECT_TRUE(decode<MetadataResponse>(encode_flat(metadata, 12).value(), 12));
}

TEST(Decode, RefusesVersionsThatDoNotExist) {
  for (const std::int16_t version : {-1, 3, 19}) {
    const auto message = decode<FetchRequest>(Bytes("x"), version);
    ASSERT_FALSE(message);
    EXPECT_EQ(message.error().code, Errc::unsupported_version);
  }
}

TEST(Decode, SkipsUnknownTaggedFields) {
  const auto bytes = from_hex("02 61 02 62 02 05 03 010203 8001 00");
  const auto message = decode<ApiVersionsRequest>(bytes, 3);
  ASSERT_TRUE(message) << message.error().to_string();
  EXPECT_EQ(message->client_software_version, "b");
}

TEST(Decode, ATaggedFieldMustFillItsSize) {
  // Tag 1 is the finalized features epoch, 8 bytes.
  const std::string head = "0000 01 00000000 01 01 ";
  EXPECT_EQ(failure<ApiVersionsResponse>(3, head + "08 0000000000000005"), "decoded");
  EXPECT_EQ(failure<ApiVersionsResponse>(3, head + "07 00000000000005"),
            "ApiVersionsResponse.FinalizedFeaturesEpoch: cut");
  EXPECT_EQ(failure<ApiVersionsResponse>(3, head + "09 000000000000000500"),
            "ApiVersionsResponse.FinalizedFeaturesEpoch: shorter than its tagged size");
}

TEST(Decode, AnyNonZeroByteIsTrue) {
  const auto bytes = from_hex("00000000 02");
  const auto message = decode<MetadataRequest>(bytes, 4);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->allow_auto_topic_creation);
}

TEST(Decode, NullIsNotEmpty) {
  const auto null = from_hex("ffffffff 01");
  const auto empty = from_hex("00000000 01");
  EXPECT_FALSE(decode<MetadataRequest>(null, 4)->topics.has_value());
  EXPECT_TRUE(decode<MetadataRequest>(empty, 4)->topics.has_value());
}

TEST(Decode, AbsentNullableStructIsOneByte) {
  ConsumerGroupHeartbeatResponse response;
  response.assignment.emplace();
  const auto with = encode_flat(response, 0).value();
  response.assignment.reset();
  const auto without = encode_flat(response, 0).value();
  EXPECT_THAT(to_hex(without), testing::EndsWith("ff00"));
  EXPECT_TRUE(decode<ConsumerGroupHeartbeatResponse>(with, 0)->assignment.has_value());
  EXPECT_FALSE(decode<ConsumerGroupHeartbeatResponse>(without, 0)->assignment.has_value());
}

TEST(Decode, FieldsThatTheVersionLacksKeepTheirDefaults) {
  FetchRequest request;
  const auto bytes = encode_flat(request, 4).value();
  const auto decoded = decode<FetchRequest>(bytes, 4);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->session_epoch, -1);
  EXPECT_EQ(decoded->max_bytes, 0x7fffffff);
  EXPECT_EQ(decoded->rack_id, "");
}

TEST(Decode, PayloadsViewTheInputAndKeepItAlive) {
  ProduceRequest request;
  request.topic_data = {{.name = "t", .partition_data = {{.index = 0, .records = Payload::own("records")}}}};
  auto owner = std::make_shared<const std::vector<std::byte>>(encode_flat(request, 9).value());
  const std::byte* const first = owner->data();
  const auto decoded = decode<ProduceRequest>(Bytes(*owner), 9, owner);
  ASSERT_TRUE(decoded);
  const Payload& records = decoded->topic_data[0].partition_data[0].records;
  EXPECT_EQ(records.memory().text(), "records");
  EXPECT_GE(records.memory().data(), first);
  EXPECT_LT(records.memory().data(), first + owner->size());
  EXPECT_EQ(records.owner(), owner);
}

}  // namespace
}  // namespace leat::protocol
