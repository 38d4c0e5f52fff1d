#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <optional>
#include <string>

#include "protocol/message.h"
#include "protocol/messages/headers.h"
#include "protocol/schema.h"

namespace leat::protocol {

/// A frame is an int32 that counts the bytes behind it, a header, and a body. Functions that read take it
/// without the int32; functions that write put it in front.

/// Header version of a request or response whose body has that version. Also told for versions that we do
/// not know, so that an ApiVersions request from the future can be answered.
std::int16_t request_header_version(const MessageSchema& request, std::int16_t version);
std::int16_t response_header_version(const MessageSchema& response, std::int16_t version);

/// Whether the version is known is not asked. An api key that is not known is UNSUPPORTED_VERSION, and only
/// the start of `frame` is understood then.
Result<RequestHeader> decode_request_header(Bytes frame, std::size_t& body_at);
/// `response` and `version` are those of the request that it answers.
Result<ResponseHeader> decode_response_header(const MessageSchema& response, std::int16_t version, Bytes frame,
                                              std::size_t& body_at);

/// Whole frames. Errors are those of encode(), and MESSAGE_TOO_LARGE for what an int32 cannot count.
Result<Encoded> encode_request_frame(const MessageSchema& request, const void* message, std::int16_t version,
                                     std::int32_t correlation_id, std::optional<std::string> client_id);
Result<Encoded> encode_response_frame(const MessageSchema& response, const void* message, std::int16_t version,
                                      std::int32_t correlation_id);

template <Message T>
Result<Encoded> encode_request_frame(const T& message, std::int16_t version, std::int32_t correlation_id,
                                     std::optional<std::string> client_id) {
  return encode_request_frame(T::schema(), &message, version, correlation_id, std::move(client_id));
}
template <Message T>
Result<Encoded> encode_response_frame(const T& message, std::int16_t version, std::int32_t correlation_id) {
  return encode_response_frame(T::schema(), &message, version, correlation_id);
}

}  // namespace leat::protocol
