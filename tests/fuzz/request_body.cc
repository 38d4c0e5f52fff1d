#include "input.h"
#include "protocol/message.h"
#include "protocol/schema_index.h"

using namespace leat;

/// The body of any request, at the key and version that the input names.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto key = input.number<std::int16_t>();
  const auto version = input.number<std::int16_t>();
  const auto* schema = protocol::request_schema(static_cast<protocol::ApiKey>(key));
  if (!schema) return 0;
  const auto body = input.rest();
  auto message = protocol::AnyMessage::make(*schema);
  if (!protocol::decode(*schema, message.raw(), version, body)) return 0;
  auto encoded = protocol::encode(*schema, message.raw(), version);
  fuzz::require(encoded.has_value(), "what was decoded can be encoded");
  const auto bytes = encoded->flatten().value();
  auto again = protocol::AnyMessage::make(*schema);
  fuzz::require(protocol::decode(*schema, again.raw(), version, bytes).has_value(), "what was encoded can be decoded");
  fuzz::require(protocol::to_json(*schema, message.raw(), version) == protocol::to_json(*schema, again.raw(), version),
                "a message is the same after a round trip");
  return 0;
}
