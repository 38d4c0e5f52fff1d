#include "protocol/headers.h"

#include <gmock/gmock.h>

#include "protocol/messages/api_versions.h"
#include "protocol/messages/controller_registration.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/produce.h"
#include "protocol/messages/sasl_handshake.h"
#include "wire_data.h"

namespace leat::protocol {
namespace {

std::string frame_of(std::string_view name) {
  for (const auto& row : read_table("frames.tsv"))
    if (row[0] == name) return row[2];
  return "no such row";
}

template <Message T>
std::string request_hex(const T& request, std::int16_t version, std::int32_t correlation,
                        std::optional<std::string> client) {
  return to_hex(encode_request_frame(request, version, correlation, client).value().flatten().value());
}

TEST(Frames, AreThoseThatKafkaMakes) {
  const ApiVersionsRequest versions{.client_software_name = "librdkafka", .client_software_version = "2.4.0"};
  const MetadataRequest all{.topics = std::nullopt, .allow_auto_topic_creation = true};
  EXPECT_EQ(request_hex(versions, 3, 7, "cli"), frame_of("frame_apiversions_v3"));
  EXPECT_EQ(request_hex(versions, 0, 7, "cli"), frame_of("frame_apiversions_v0"));
  EXPECT_EQ(request_hex(all, 1, 1, std::nullopt), frame_of("frame_metadata_v1_all"));
  EXPECT_EQ(request_hex(all, 12, 2, "cli"), frame_of("frame_metadata_v12_all"));
}

TEST(Frames, HeadersAndBodiesDecode) {
  for (const auto& row : read_table("frames.tsv")) {
    const auto frame = from_hex(row[2]);
    std::size_t body_at = 0;
    const auto header = decode_request_header(Bytes(frame).subspan(4), body_at);
    ASSERT_TRUE(header) << row[0] << header.error().to_string();
    const Bytes body = Bytes(frame).subspan(4 + body_at);
    if (header->request_api_key == 3)
      EXPECT_TRUE(decode<MetadataRequest>(body, header->request_api_version)) << row[0];
    else
      EXPECT_TRUE(decode<ApiVersionsRequest>(body, header->request_api_version)) << row[0];
  }
}

TEST(Frames, TheSizeCountsPayloadsThatArePassedOn) {
  ProduceRequest request;
  request.topic_data = {{.name = "t", .partition_data = {{.records = Payload::own(std::string(5000, 'r'))}}}};
  const auto frame = encode_request_frame(request, 9, 1, "c").value();
  const auto flat = frame.flatten().value();
  EXPECT_EQ(flat.size(), frame.size);
  EXPECT_EQ(to_hex(Bytes(flat).subspan(0, 4)), "000013a8");
  EXPECT_EQ(frame.size, 4 + 0x13a8u);
}

TEST(RequestHeader, VersionFollowsTheBodysFlexibility) {
  EXPECT_EQ(request_header_version(FetchRequest::schema(), 11), 1);
  EXPECT_EQ(request_header_version(FetchRequest::schema(), 12), 2);
  EXPECT_EQ(request_header_version(SaslHandshakeRequest::schema(), 1), 1);
  EXPECT_EQ(request_header_version(ControllerRegistrationRequest::schema(), 0), 2);
}

TEST(ResponseHeader, VersionFollowsTheBodysFlexibilityExceptForApiVersions) {
  EXPECT_EQ(response_header_version(FetchResponse::schema(), 11), 0);
  EXPECT_EQ(response_header_version(FetchResponse::schema(), 12), 1);
  EXPECT_EQ(response_header_version(SaslHandshakeResponse::schema(), 1), 0);
  for (std::int16_t version = 0; version <= 4; ++version)
    EXPECT_EQ(response_header_version(ApiVersionsResponse::schema(), version), 0);
}

TEST(RequestHeader, ClientIdIsNeverCompact) {
  std::size_t body_at = 0;
  const auto frame = from_hex("0012 0003 00000007 0003 636c69 00 ff");
  const auto header = decode_request_header(frame, body_at);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->client_id, "cli");
  EXPECT_EQ(header->correlation_id, 7);
  EXPECT_EQ(body_at, frame.size() - 1);
}

TEST(RequestHeader, OfAVersionFromTheFutureIsReadable) {
  std::size_t body_at = 0;
  const auto frame = from_hex("0012 0063 00000007 ffff 00");
  const auto header = decode_request_header(frame, body_at);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->request_api_version, 99);
  EXPECT_EQ(header->client_id, std::nullopt);
  EXPECT_EQ(body_at, frame.size());
}

TEST(RequestHeader, GarbledOnesAreErrors) {
  std::size_t body_at = 0;
  for (const char* hex : {"", "0012", "00120003", "0012000300000007", "0012000300000007000363",
                          "0012000300000007ffff", "0012000300000007ffff01"})
    EXPECT_EQ(decode_request_header(from_hex(hex), body_at).error().code, Errc::corrupt) << hex;
  for (const char* hex : {"ffff 0000 00000001 ffff", "0004 0000 00000001 ffff", "7fff 0000 00000001 ffff"})
    EXPECT_EQ(decode_request_header(from_hex(hex), body_at).error().code, Errc::unsupported_version) << hex;
}

TEST(ResponseFrames, RoundTrip) {
  FetchResponse response;
  response.throttle_time_ms = 3;
  const auto frame = encode_response_frame(response, 12, 41).value().flatten().value();
  std::size_t body_at = 0;
  const auto header = decode_response_header(FetchResponse::schema(), 12, Bytes(frame).subspan(4), body_at);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->correlation_id, 41);
  EXPECT_EQ(body_at, 5u);
  const auto body = decode<FetchResponse>(Bytes(frame).subspan(4 + body_at), 12);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->throttle_time_ms, 3);
}

}  // namespace
}  // namespace leat::protocol
