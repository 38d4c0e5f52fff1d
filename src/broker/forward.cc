#include "broker/forward.h"

#include <arpa/inet.h>

#include <optional>
#include <string>
#include <vector>

#include "base/errors.h"
#include "broker/handlers.h"
#include "protocol/headers.h"
#include "protocol/messages/principal.h"
#include "protocol/schema_index.h"

namespace leat::broker {
namespace {

/// Of the int32 in front of a frame, which an envelope's content has not.
constexpr std::size_t frame_prefix = 4;

Result<Payload> without_prefix(const Result<protocol::Encoded>& frame) {
  if (!frame) return frame.error();
  LEAT_TRY(auto bytes, frame->flatten());
  bytes.erase(bytes.begin(), bytes.begin() + frame_prefix);
  return Payload::own(std::move(bytes));
}

/// Everybody, until clients are asked who they are.
Payload anonymous_principal() {
  protocol::DefaultPrincipalData anonymous;
  anonymous.type = "User";
  anonymous.name = "ANONYMOUS";
  std::vector<std::byte> bytes(sizeof(std::int16_t));  // its version, 0
  if (const auto data = protocol::encode_flat(anonymous, 0)) bytes.insert(bytes.end(), data->begin(), data->end());
  return Payload::own(std::move(bytes));
}

/// As java.net.InetAddress has it: 4 or 16 bytes. Clients in this process are its own machine.
Payload address_bytes(std::string_view client_host) {
  const std::string text(client_host.substr(client_host.starts_with('/') ? 1 : 0));
  std::vector<std::byte> bytes(sizeof(in6_addr));
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return Payload::own(std::move(bytes));
  bytes.resize(sizeof(in_addr));
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) != 1) inet_pton(AF_INET, "127.0.0.1", bytes.data());
  return Payload::own(std::move(bytes));
}

std::optional<std::string> host_of(Bytes address) {
  char text[INET6_ADDRSTRLEN] = {};
  const bool is_known = address.size() == sizeof(in_addr) || address.size() == sizeof(in6_addr);
  const int family = address.size() == sizeof(in_addr) ? AF_INET : AF_INET6;
  if (!is_known || !inet_ntop(family, address.data(), text, sizeof text)) return std::nullopt;
  return std::string("/") + text;
}

/// The answer in an envelope's answer.
Result<protocol::AnyMessage> open(const Api& api, std::int16_t version, const protocol::EnvelopeResponse& envelope) {
  if (envelope.error_code != 0)
    return Error{static_cast<Errc>(envelope.error_code), "the controller refuses a forwarded request"};
  const protocol::MessageSchema& schema = *protocol::response_schema(api.key);
  std::size_t body_at = 0;
  const Bytes frame = envelope.response_data.memory();
  LEAT_TRY(const auto header, protocol::decode_response_header(schema, version, frame, body_at));
  (void)header;
  auto message = protocol::AnyMessage::make(schema);
  LEAT_CHECK(protocol::decode(schema, message.raw(), version, frame.subspan(body_at), envelope.response_data.owner()));
  return message;
}

protocol::EnvelopeResponse refused(Errc error) {
  protocol::EnvelopeResponse response;
  response.error_code = wire_code(error);
  return response;
}

}  // namespace

void forward(Services& services, const Api& api, const RequestContext& context, protocol::AnyMessage& request,
             Respond respond) {
  if (services.controller) return api.handle(services, context, request, std::move(respond));
  auto content = without_prefix(
      protocol::encode_request_frame(request.schema(), request.raw(), context.version, 0, context.client_id));
  if (!content) return respond({.close = true, .failed = true});
  protocol::EnvelopeRequest envelope;
  envelope.request_data = std::move(*content);
  envelope.request_principal = anonymous_principal();
  envelope.client_host_address = address_bytes(context.client_host);
  services.membership.forwarding().ask<protocol::EnvelopeResponse>(
      std::move(envelope),
      [&api, version = context.version, diagnostics = services.environment.diagnostics,
       respond = std::move(respond)](Result<protocol::EnvelopeResponse> response) {
        auto answer = response ? open(api, version, *response) : Result<protocol::AnyMessage>(response.error());
        if (answer) return respond({.message = std::move(*answer)});
        if (answer.error().code != Errc::closed)
          diagnostics.say(LogLevel::warning, "a request that was forwarded to the controller failed: " + answer.error().to_string());
        respond({.close = true, .failed = true});
      });
}

void handle_envelope(Services& services, const RequestContext& context, protocol::EnvelopeRequest& request,
                     Respond respond) {
  const Bytes frame = request.request_data.memory();
  std::size_t body_at = 0;
  const auto header = protocol::decode_request_header(frame, body_at);
  const auto host = host_of(request.client_host_address.memory());
  if (!header || !host) return respond({.message = refused(Errc::invalid_request)});
  const Api* api = find_api(header->request_api_key, Door::controller);
  if (!api || !api->forwarded) return respond({.message = refused(Errc::invalid_request)});
  const std::int16_t version = header->request_api_version;
  if (version < api->min_version || version > api->max_version)
    return respond({.message = refused(Errc::unsupported_version)});
  auto inner = protocol::AnyMessage::make(*protocol::request_schema(api->key));
  if (!protocol::decode(inner.schema(), inner.raw(), version, frame.subspan(body_at), request.request_data.owner()))
    return respond({.message = refused(Errc::invalid_request)});

  RequestContext client = context;
  client.version = version;
  client.client_id = header->client_id.value_or("");
  client.client_host = *host;
  api->handle(services, client, inner,
              [api, version, id = header->correlation_id, respond = std::move(respond)](Answer answer) {
                if (answer.message.empty()) return respond(std::move(answer));
                auto content = without_prefix(protocol::encode_response_frame(
                    *protocol::response_schema(api->key), answer.message.raw(), version, id));
                if (!content) return respond({.message = refused(Errc::unknown_server_error)});
                protocol::EnvelopeResponse response;
                response.response_data = std::move(*content);
                respond({.message = std::move(response)});
              });
}

}  // namespace leat::broker
