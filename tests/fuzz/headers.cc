#include "input.h"
#include "protocol/headers.h"
#include "protocol/schema_index.h"

using namespace leat;

/// Request headers, and the response headers that a client reads.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto frame = input.rest();
  std::size_t body_at = 0;
  auto header = protocol::decode_request_header(frame, body_at);
  if (header) fuzz::require(body_at <= frame.size(), "the body begins inside the frame");
  if (frame.size() < 4) return 0;
  const auto* schema = protocol::response_schema(static_cast<protocol::ApiKey>(load_be<std::int16_t>(frame.data())));
  if (!schema) return 0;
  auto response = protocol::decode_response_header(*schema, load_be<std::int16_t>(frame.data() + 2),
                                                   Bytes(frame).subspan(4), body_at = 0);
  if (response) fuzz::require(body_at <= frame.size() - 4, "the body begins inside the frame");
  return 0;
}
