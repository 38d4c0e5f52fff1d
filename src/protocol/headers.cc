#include "protocol/headers.h"

#include "base/errors.h"
#include "base/wire.h"
#include "protocol/decoder.h"
#include "protocol/encoder.h"
#include "protocol/schema_index.h"

namespace leat::protocol {

namespace {

bool flexible_from(const MessageSchema& schema, std::int16_t version) {
  return !schema.flexible.empty() && version >= schema.flexible.low;
}

template <Message Header>
Result<Header> decode_header(std::int16_t version, Bytes frame, std::size_t& body_at) {
  Header header;
  Decoder decoder(frame, {});
  LEAT_CHECK(decoder.message(Header::schema(), &header, version));
  body_at = decoder.consumed();
  return header;
}

template <Message Header>
Result<Encoded> encode_frame(const Header& header, std::int16_t header_version, const MessageSchema& schema,
                             const void* message, std::int16_t version) {
  Encoder encoder;
  encoder.begin_frame();
  LEAT_CHECK(encoder.message(Header::schema(), &header, header_version));
  LEAT_CHECK(encoder.message(schema, message, version));
  return std::move(encoder).finish_frame();
}

}  // namespace

std::int16_t request_header_version(const MessageSchema& request, std::int16_t version) {
  return flexible_from(request, version) ? 2 : 1;
}

std::int16_t response_header_version(const MessageSchema& response, std::int16_t version) {
  // The client cannot know yet what the broker speaks, so this one stays readable to all.
  if (response.id == static_cast<std::int16_t>(ApiKey::api_versions)) return 0;
  return flexible_from(response, version) ? 1 : 0;
}

Result<RequestHeader> decode_request_header(Bytes frame, std::size_t& body_at) {
  if (frame.size() < 4) return Error{Errc::corrupt, "RequestHeader: cut"};
  const auto key = load_be<std::int16_t>(frame.data());
  const auto version = load_be<std::int16_t>(frame.data() + 2);
  const MessageSchema* request = request_schema(static_cast<ApiKey>(key));
  if (!request) return Error{Errc::unsupported_version, "no api key " + std::to_string(key)};
  return decode_header<RequestHeader>(request_header_version(*request, version), frame, body_at);
}

Result<ResponseHeader> decode_response_header(const MessageSchema& response, std::int16_t version, Bytes frame,
                                              std::size_t& body_at) {
  return decode_header<ResponseHeader>(response_header_version(response, version), frame, body_at);
}

Result<Encoded> encode_request_frame(const MessageSchema& request, const void* message, std::int16_t version,
                                     std::int32_t correlation_id, std::optional<std::string> client_id) {
  const RequestHeader header{request.id, version, correlation_id, std::move(client_id)};
  return encode_frame(header, request_header_version(request, version), request, message, version);
}

Result<Encoded> encode_response_frame(const MessageSchema& response, const void* message, std::int16_t version,
                                      std::int32_t correlation_id) {
  const ResponseHeader header{correlation_id};
  return encode_frame(header, response_header_version(response, version), response, message, version);
}

}  // namespace leat::protocol
