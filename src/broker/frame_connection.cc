#include "broker/frame_connection.h"

#include "base/errors.h"
#include "protocol/decoder.h"
#include "protocol/messages/api_versions.h"
#include "protocol/schema_index.h"

namespace leat::broker {
namespace {

/// Requests of one connection that may be in work or wait for their turn.
constexpr std::size_t in_flight_max = 64;
/// Bytes of a log directory that may wait for a sync; above it nothing more is read.
constexpr std::size_t unsynced_bytes_max = 64 << 20;

}  // namespace

FrameConnection::FrameConnection(std::shared_ptr<const void> keep_alive, Services& services,
                                 ConnectionInfo info, Sink sink)
    : keep_alive_(std::move(keep_alive)),
      services_(services),
      info_(std::move(info)),
      door_(services.door(info_.listener)),
      conversation_(std::make_shared<Conversation>(services)),
      sink_(std::make_shared<const Sink>(std::move(sink))) {}

void FrameConnection::receive(std::span<std::byte> frame, std::shared_ptr<const void> owner) {
  if (closing_) return;
  if (services_.is_closed) return give_up("the broker is closed");
  std::size_t body_at = 0;
  auto header = protocol::decode_request_header(frame, body_at);
  if (!header) return give_up("its request header does not parse: " + header.error().to_string());
  handle(std::move(*header), frame, body_at, std::move(owner));
}

void FrameConnection::handle(protocol::RequestHeader header, std::span<std::byte> frame, std::size_t body_at,
                             std::shared_ptr<const void> owner) {
  const Api* api = find_api(header.request_api_key, door_);
  const std::int16_t version = header.request_api_version;
  if (!api || version < api->min_version || version > api->max_version) {
    if (api && api->key == protocol::ApiKey::api_versions) return refuse_api_versions(header.correlation_id);
    return give_up("it asked for api " + std::to_string(header.request_api_key) + " version " +
                   std::to_string(version) + ", which is not served");
  }
  auto request = protocol::AnyMessage::make(*protocol::request_schema(api->key));
  // Bytes behind the message are ignored, as Kafka does: librdkafka 2.15 leaves three when it asks Metadata 9+ for all.
  protocol::Decoder decoder(Bytes(frame).subspan(body_at), std::move(owner));
  auto parsed = decoder.message(request.schema(), request.raw(), version);
  if (!parsed) return give_up(parsed.error().to_string());

  RequestContext context{.version = version,
                         .client_id = header.client_id.value_or(""),
                         .listener = info_.listener,
                         .door = door_,
                         .client_host = "/" + info_.peer.substr(0, info_.peer.rfind(':'))};
  conversation_->submit(*api, std::move(context), std::move(request),
                        [self = shared_from_this(), schema = protocol::response_schema(api->key), version,
                         id = header.correlation_id](Answer answer) {
                          self->respond(*schema, version, id, std::move(answer));
                        });
}

/// A version from the future gets the oldest answer, with the range to come back with (A3).
void FrameConnection::refuse_api_versions(std::int32_t correlation_id) {
  const Api& api = *find_api(static_cast<std::int16_t>(protocol::ApiKey::api_versions), door_);
  protocol::ApiVersionsResponse response;
  response.error_code = wire_code(Errc::unsupported_version);
  response.api_keys.push_back({static_cast<std::int16_t>(api.key), api.advertised_min, api.max_version});
  conversation_->submit_answer({.message = std::move(response)},
                               [self = shared_from_this(), correlation_id](Answer answer) {
                                 self->respond(protocol::ApiVersionsResponse::schema(), 0, correlation_id,
                                               std::move(answer));
                               });
}

void FrameConnection::respond(const protocol::MessageSchema& schema, std::int16_t version,
                              std::int32_t correlation_id, Answer answer) {
  if (closing_) return;
  if (answer.close) return give_up(answer.failed ? "a request failed" : "an acks=0 request failed");
  if (!answer.message.empty()) {
    auto frame = protocol::encode_response_frame(schema, answer.message.raw(), version, correlation_id);
    if (!frame) return give_up("the response does not encode: " + frame.error().to_string());
    send({.frame = std::move(*frame)});
  }
  reconsider();
}

void FrameConnection::give_up(std::string reason) {
  if (closing_.exchange(true)) return;
  conversation_->close();
  services_.environment.diagnostics.say(LogLevel::info, "closing the connection of " + info_.peer + ": " + reason);
  send({.close = true});
}

void FrameConnection::send(Outgoing outgoing) {
  std::shared_ptr<const Sink> sink;
  {
    std::lock_guard lock(mutex_);
    sink = sink_;
  }
  if (sink) (*sink)(std::move(outgoing));
}

bool FrameConnection::may_read() const {
  const auto full = [this] {
    return conversation_->outstanding() >= in_flight_max ||
           services_.partitions.unsynced_bytes() >= unsynced_bytes_max;
  };
  if (!full()) return true;
  paused_ = true;
  // What was in the way may have gone before we said that we wait for it.
  return !full() && paused_.exchange(false);
}

void FrameConnection::on_resume(std::function<void()> resume) {
  std::lock_guard lock(mutex_);
  resume_ = std::move(resume);
}

void FrameConnection::reconsider() {
  if (!paused_ || conversation_->outstanding() >= in_flight_max ||
      services_.partitions.unsynced_bytes() >= unsynced_bytes_max || !paused_.exchange(false))
    return;
  std::function<void()> resume;
  {
    std::lock_guard lock(mutex_);
    resume = resume_;
  }
  if (resume) resume();
}

void FrameConnection::closed() {
  closing_ = true;
  conversation_->close();
  std::shared_ptr<const Sink> sink;  // these go under no lock: nobody knows what they hold
  std::function<void()> resume;
  std::lock_guard lock(mutex_);
  sink.swap(sink_);
  resume.swap(resume_);
}

}  // namespace leat::broker
