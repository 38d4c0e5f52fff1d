#include "sim/link.h"

#include "protocol/headers.h"
#include "protocol/messages/produce.h"
#include "protocol/schema_index.h"

namespace leat::sim {
namespace {
constexpr std::size_t size_prefix = 4;
}

Link::Link(std::shared_ptr<broker::Broker> broker, Scheduler& scheduler, const Options& options)
    : broker_(std::move(broker)),
      scheduler_(scheduler),
      entropy_(options.seed),
      delay_max_(options.delay_max),
      listener_(options.listener) {}

std::shared_ptr<Link> Link::connect(std::shared_ptr<broker::Broker> broker, Scheduler& scheduler,
                                    Options options) {
  std::shared_ptr<Link> link(new Link(std::move(broker), scheduler, options));
  link->connection_ = link->broker_->connect(
      {.listener = link->listener_, .peer = "simulated"}, [weak = std::weak_ptr(link)](broker::Outgoing outgoing) {
        if (auto self = weak.lock()) self->deliver(std::move(outgoing));
      });
  return link;
}

void Link::travel(Direction& direction, std::function<void()> arrive) {
  const auto delay = Duration(entropy_.below(static_cast<std::uint64_t>(delay_max_.count()) + 1));
  direction.last = std::max(direction.last, scheduler_.now() + delay);
  direction.under_way.push_back(std::move(arrive));
  scheduler_.at(direction.last, [self = shared_from_this(), &direction] {
    auto next = std::move(direction.under_way.front());
    direction.under_way.pop_front();
    if (!self->closed_) next();
  });
}

void Link::fail(protocol::ResponseDone done, std::string why) {
  scheduler_.post([done = std::move(done), why = std::move(why)] { done(Error{Errc::disconnected, why}); });
}

void Link::send(protocol::Request request, protocol::ResponseDone done) {
  if (closed_) return fail(std::move(done), "the connection is closed");
  const auto& schema = request.message.schema();
  const std::int32_t id = next_correlation_id_++;
  auto encoded = protocol::encode_request_frame(schema, request.message.raw(), request.version, id,
                                                request.client_id);
  auto frame = encoded ? encoded->flatten() : Result<std::vector<std::byte>>(encoded.error());
  if (!frame) {
    scheduler_.post([done = std::move(done), error = frame.error()] { done(error); });
    return;
  }
  const auto* produce = request.message.get_if<protocol::ProduceRequest>();
  if (produce && produce->acks == 0) {
    scheduler_.post([done = std::move(done)] { done(protocol::AnyMessage()); });
  } else {
    waiting_.push_back({id, request.version, protocol::response_schema(static_cast<protocol::ApiKey>(schema.id)),
                        std::move(done)});
  }
  auto bytes = std::make_shared<std::vector<std::byte>>(std::move(*frame));
  travel(requests_, [this, bytes] { connection_->receive(std::span(*bytes).subspan(size_prefix), bytes); });
}

void Link::deliver(broker::Outgoing outgoing) {
  if (closed_) return;
  auto frame = std::make_shared<Result<std::vector<std::byte>>>(outgoing.frame.flatten());
  travel(responses_, [this, frame, closes = outgoing.close] {
    if (!*frame || closes) return close();
    if (!frame->value().empty()) receive(std::move(**frame));
  });
}

void Link::receive(std::vector<std::byte> frame) {
  if (waiting_.empty()) return close();
  Waiting waiting = std::move(waiting_.front());
  waiting_.pop_front();
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(frame));
  const Bytes bytes = Bytes(*owner).subspan(size_prefix);
  std::size_t body_at = 0;
  auto header = protocol::decode_response_header(*waiting.response, waiting.version, bytes, body_at);
  if (!header || header->correlation_id != waiting.correlation_id) {
    waiting.done(Error{Errc::corrupt, "a response header that does not belong to the request"});
    return close();
  }
  auto message = protocol::AnyMessage::make(*waiting.response);
  if (auto parsed = protocol::decode(*waiting.response, message.raw(), waiting.version, bytes.subspan(body_at), owner);
      !parsed) {
    waiting.done(parsed.error());
    return close();
  }
  waiting.done(std::move(message));
}

void Link::close() {
  if (std::exchange(closed_, true)) return;
  connection_->closed();
  for (Waiting& waiting : std::exchange(waiting_, {})) fail(std::move(waiting.done), "the connection was closed");
}

}  // namespace leat::sim
