#include <gmock/gmock.h>

#include <limits>

#include "protocol/base64.h"
#include "protocol/json_value.h"
#include "protocol/message.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/describe_client_quotas.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/sasl_authenticate.h"

namespace leat::protocol {
namespace {

TEST(ToJson, PrintsTheFieldsOfTheVersionOnly) {
  HeartbeatRequest request{.group_id = "g", .generation_id = 2, .member_id = "m", .group_instance_id = "i"};
  EXPECT_EQ(to_json(request, 2), R"({"groupId":"g","generationId":2,"memberId":"m"})");
  EXPECT_EQ(to_json(request, 3), R"({"groupId":"g","generationId":2,"memberId":"m","groupInstanceId":"i"})");
}

TEST(ToJson, EscapesWhatAStringMayNotHold) {
  HeartbeatRequest request;
  request.group_id = "\"\\\n\x01 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80";
  EXPECT_THAT(to_json(request, 0), testing::HasSubstr(R"("\"\\\u000a\u0001 é € 😀")"));
}

TEST(ToJson, ReplacesWhatIsNotUtf8) {
  for (const char* bad : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80"}) {
    HeartbeatRequest request;
    request.group_id = bad;
    EXPECT_THAT(to_json(request, 0), testing::StartsWith(R"({"groupId":"\ufffd)")) << bad;
  }
}

TEST(ToJson, PrintsDoublesShortAndExact) {
  DescribeClientQuotasResponse response;
  for (const double value : {0.1, 1024.0, 1e300, std::numeric_limits<double>::infinity()}) {
    response.entries = {{{.values = {{.key = "k", .value = value}}}}};
    const auto back = from_json<DescribeClientQuotasResponse>(to_json(response, 0), 0);
    ASSERT_TRUE(back) << back.error().to_string();
    EXPECT_EQ((*back->entries)[0].values[0].value, value);
  }
}

TEST(FromJson, FieldsThatAreNotThereKeepTheirDefaults) {
  const auto request = from_json<FetchRequest>(R"({"maxWaitMs": 5})", 12);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->max_wait_ms, 5);
  EXPECT_EQ(request->replica_id, -1);
}

TEST(FromJson, ErrorsNameTheFieldsPath) {
  struct Row {
    const char* json;
    const char* context;
  };
  const Row rows[] = {
      {"", "not JSON at byte 0"},
      {"{", "not JSON at byte 1"},
      {"{} x", "not JSON at byte 3"},
      {"[]", "FetchRequest: not an object"},
      {R"({"maxWait": 1})", "FetchRequest: version 12 has no field maxWait"},
      {R"({"replicaState": {}})", "FetchRequest: version 12 has no field replicaState"},
      {R"({"maxWaitMs": "1"})", "FetchRequest.MaxWaitMs: not an integer that fits"},
      {R"({"maxWaitMs": 1.5})", "FetchRequest.MaxWaitMs: not an integer that fits"},
      {R"({"maxWaitMs": 2147483648})", "FetchRequest.MaxWaitMs: not an integer that fits"},
      {R"({"maxWaitMs": null})", "FetchRequest.MaxWaitMs: null"},
      {R"({"topics": {}})", "FetchRequest.Topics: not an array"},
      {R"({"topics": [{}, {"topic": 1}]})", "FetchRequest.Topics[1].Topic: not a string"},
  };
  for (const Row& row : rows) {
    const auto request = from_json<FetchRequest>(row.json, 12);
    ASSERT_FALSE(request) << row.json;
    EXPECT_EQ(request.error().context, row.context);
  }
  EXPECT_FALSE(from_json<MetadataRequest>(R"({"topics":[{"topicId":"short"}]})", 12));
  EXPECT_FALSE(from_json<SaslAuthenticateRequest>(R"({"authBytes":"*"})", 0));
}

TEST(JsonValue, TakesJsonAndNothingElse) {
  for (const char* good : {"null", " true ", "[]", "[1,-2e3]", "{\"a\":{\"b\":[]}}", "\"\\u00e9\\ud83d\\ude00\\n\""})
    EXPECT_TRUE(JsonValue::parse(good)) << good;
  for (const char* bad : {"", "nul", "[1,]", "[1 2]", "{\"a\"}", "{a:1}", "\"\\x\"", "\"\\u12\"", "\"\\ud83d\"", "\"", "]"})
    EXPECT_FALSE(JsonValue::parse(bad)) << bad;
  EXPECT_TRUE(JsonValue::parse(std::string(60, '[') + std::string(60, ']')));
  EXPECT_FALSE(JsonValue::parse(std::string(100000, '[')));
  EXPECT_EQ(JsonValue::parse("\"\\u00e9\\ud83d\\ude00\\t\"")->text, "é😀\t");
}

TEST(Base64, IsTheStandardOne) {
  struct Row {
    const char* bytes;
    const char* text;
  };
  const Row rows[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xef", "/+8="}};
  for (const Row& row : rows) {
    EXPECT_EQ(to_base64(Bytes(row.bytes)), row.text);
    EXPECT_EQ(Bytes(*from_base64(row.text)), Bytes(row.bytes));
  }
  EXPECT_FALSE(from_base64("Z"));
  EXPECT_FALSE(from_base64("Z*8="));
}

}  // namespace
}  // namespace leat::protocol
