#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>

#include "protocol/message.h"
#include "protocol/schema_index.h"
#include "wire_data.h"

namespace leat::protocol {
namespace {

Result<AnyMessage> decode_any(const MessageSchema& schema, std::int16_t version, Bytes body) {
  AnyMessage message = AnyMessage::make(schema);
  if (auto done = decode(schema, message.raw(), version, body); !done) return std::move(done).error();
  return message;
}

std::string encoded_hex(const AnyMessage& message, std::int16_t version) {
  auto encoded = encode(message.schema(), message.raw(), version);
  return encoded ? to_hex(encoded->flatten().value()) : encoded.error().to_string();
}

TEST(Vectors, CoverEveryVersionOfEveryMessage) {
  std::size_t versions = 0;
  for (const MessageSchema* schema : all_schemas()) versions += schema->versions.high - schema->versions.low + 1;
  EXPECT_EQ(vectors().size(), 2 * versions);
  EXPECT_EQ(vectors().size(), 1456u);
}

TEST(Vectors, BytesDecodeToTheirJson) {
  for (const Vector& vector : vectors()) {
    const MessageSchema* schema = find_schema(vector.message);
    ASSERT_TRUE(schema) << vector.message;
    const auto message = decode_any(*schema, vector.version, vector.body);
    ASSERT_TRUE(message) << vector.name() << ": " << message.error().to_string();
    const std::string json = to_json(*schema, message->raw(), vector.version);
    EXPECT_EQ(nlohmann::json::parse(json), nlohmann::json::parse(vector.json)) << vector.name();
  }
}

TEST(Vectors, DecodedMessagesEncodeToTheSameBytes) {
  for (const Vector& vector : vectors()) {
    const auto message = decode_any(*find_schema(vector.message), vector.version, vector.body);
    ASSERT_TRUE(message) << vector.name();
    EXPECT_EQ(encoded_hex(*message, vector.version), to_hex(vector.body)) << vector.name();
  }
}

TEST(Vectors, JsonEncodesToItsBytes) {
  for (const Vector& vector : vectors()) {
    AnyMessage message = AnyMessage::make(*find_schema(vector.message));
    const auto read = from_json(message.schema(), message.raw(), vector.version, vector.json);
    ASSERT_TRUE(read) << vector.name() << ": " << read.error().to_string();
    EXPECT_EQ(encoded_hex(message, vector.version), to_hex(vector.body)) << vector.name();
  }
}

TEST(Vectors, EveryCutIsAnError) {
  for (const Vector& vector : vectors()) {
    for (std::size_t size = 0; size < vector.body.size(); ++size) {
      // A copy of its own, so that a sanitizer sees a read past the end.
      const std::vector<std::byte> cut(vector.body.begin(), vector.body.begin() + static_cast<std::ptrdiff_t>(size));
      const auto message = decode_any(*find_schema(vector.message), vector.version, cut);
      ASSERT_FALSE(message) << vector.name() << " cut to " << size;
      EXPECT_EQ(message.error().code, Errc::corrupt);
      EXPECT_THAT(message.error().context, testing::StartsWith(vector.message));
    }
  }
}

TEST(Vectors, AByteTooManyIsAnError) {
  for (const Vector& vector : vectors()) {
    std::vector<std::byte> body = vector.body;
    body.push_back(std::byte{0});
    const auto message = decode_any(*find_schema(vector.message), vector.version, body);
    ASSERT_FALSE(message) << vector.name();
    EXPECT_EQ(message.error().context, vector.message + ": 1 bytes left over");
  }
}

/// Whatever decodes can be printed and encoded, and then decodes to the same again.
TEST(Vectors, MutatedBytesGiveAMessageOrAnError) {
  std::mt19937_64 random(20241122);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  std::size_t decoded = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Vector& vector = vectors()[below(vectors().size())];
    std::vector<std::byte> body = vector.body;
    for (std::size_t changes = 1 + below(4); changes > 0 && !body.empty(); --changes) {
      const auto at = body.begin() + static_cast<std::ptrdiff_t>(below(body.size()));
      switch (below(4)) {
        case 0: *at = static_cast<std::byte>(random()); break;
        case 1: *at ^= static_cast<std::byte>(1u << below(8)); break;
        case 2: body.erase(at); break;
        default: body.insert(at, below(2) ? std::byte{0xff} : static_cast<std::byte>(random()));
      }
    }
    const MessageSchema& schema = *find_schema(vector.message);
    const auto message = decode_any(schema, vector.version, body);
    if (!message) continue;
    ++decoded;
    const std::string hex = encoded_hex(*message, vector.version);
    const std::string json = to_json(schema, message->raw(), vector.version);
    EXPECT_TRUE(nlohmann::json::accept(json)) << vector.name() << ": " << json;
    const std::vector<std::byte> bytes = from_hex(hex);
    const auto again = decode_any(schema, vector.version, bytes);
    ASSERT_TRUE(again) << vector.name() << ": " << again.error().to_string() << "\n" << to_hex(body) << "\n" << hex;
    EXPECT_EQ(to_json(schema, again->raw(), vector.version), json) << vector.name();
  }
  EXPECT_GT(decoded, 1000u);  // or the mutations are too rough to test anything but the first check
}

}  // namespace
}  // namespace leat::protocol
