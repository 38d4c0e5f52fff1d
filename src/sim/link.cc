#include "sim/link.h"

#include "protocol/headers.h"
#include "protocol/messages/produce.h"
#include "protocol/schema_index.h"

namespace leat::sim {
namespace {

constexpr std::size_t size_prefix = 4;
/// How soon what waits at a cut tries again.
constexpr Duration cut_retry = std::chrono::milliseconds(10);

class SteadyPath final : public Path {
 public:
  SteadyPath(std::uint64_t seed, Duration delay_max) : entropy_(seed), delay_max_(delay_max) {}
  Duration delay(Direction) override {
    return Duration(entropy_.below(static_cast<std::uint64_t>(delay_max_.count()) + 1));
  }
  bool is_cut(Direction) const override { return false; }
  bool breaks() override { return false; }
  Duration echo() override { return Duration(-1); }

 private:
  SeededEntropy entropy_;
  const Duration delay_max_;
};

}  // namespace

Link::Link(Ends ends, Scheduler& network, std::shared_ptr<Path> path)
    : broker_(std::move(ends.broker)),
      listener_(std::move(ends.listener)),
      network_(network),
      path_(std::move(path)),
      requests_{Path::Direction::request, ends.server},
      responses_{Path::Direction::response, ends.client} {}

std::shared_ptr<Link> Link::connect(std::shared_ptr<broker::Broker> broker, Scheduler& scheduler, Options options) {
  return connect({std::move(broker), options.listener, scheduler, scheduler}, scheduler,
                 std::make_shared<SteadyPath>(options.seed, options.delay_max));
}

std::shared_ptr<Link> Link::connect(Ends ends, Scheduler& network, std::shared_ptr<Path> path) {
  std::shared_ptr<Link> link(new Link(std::move(ends), network, std::move(path)));
  link->connection_ = link->open_connection([weak = std::weak_ptr(link)](broker::Outgoing outgoing) {
    if (auto self = weak.lock()) self->deliver(std::move(outgoing));
  });
  return link;
}

std::shared_ptr<broker::Connection> Link::open_connection(broker::Connection::Sink sink) {
  return broker_->connect({.listener = listener_, .peer = "simulated"}, std::move(sink));
}

void Link::travel(Direction& direction, std::function<void()> arrive) {
  if (path_->breaks()) {
    // Later, since this may be in the middle of what the connection does.
    network_.post([self = shared_from_this()] { self->close(); });
    return;
  }
  direction.last = std::max(direction.last, network_.now() + path_->delay(direction.way));
  direction.under_way.push_back(std::move(arrive));
  arrive_at(direction.last, direction);
}

void Link::arrive_at(Instant when, Direction& direction) {
  network_.at(when, [self = shared_from_this(), &direction] {
    if (self->closed_) return;
    if (self->path_->is_cut(direction.way)) return self->arrive_at(self->network_.now() + cut_retry, direction);
    direction.to.post([self, &direction] {
      if (self->closed_) return;
      auto next = std::move(direction.under_way.front());
      direction.under_way.pop_front();
      next();
    });
  });
}

void Link::echo(std::shared_ptr<std::vector<std::byte>> frame) {
  const Duration after = path_->echo();
  if (after < Duration::zero()) return;
  // A copy: the broker writes into the frame that it gets.
  auto copy = std::make_shared<std::vector<std::byte>>(*frame);
  network_.at(network_.now() + after, [weak = weak_from_this(), copy] {
    auto self = weak.lock();
    if (!self || self->closed_ || self->path_->is_cut(Path::Direction::request)) return;
    self->requests_.to.post([self, copy] {
      if (self->closed_) return;
      self->echoes_.push_back(self->open_connection([](broker::Outgoing) {}));
      self->echoes_.back()->receive(std::span(*copy).subspan(size_prefix), copy);
    });
  });
}

void Link::fail(protocol::ResponseDone done, std::string why) {
  responses_.to.post([done = std::move(done), why = std::move(why)] { done(Error{Errc::disconnected, why}); });
}

void Link::send(protocol::Request request, protocol::ResponseDone done) {
  if (closed_) return fail(std::move(done), "the connection is closed");
  const auto& schema = request.message.schema();
  const std::int32_t id = next_correlation_id_++;
  auto encoded = protocol::encode_request_frame(schema, request.message.raw(), request.version, id,
                                                request.client_id);
  auto frame = encoded ? encoded->flatten() : Result<std::vector<std::byte>>(encoded.error());
  if (!frame) {
    responses_.to.post([done = std::move(done), error = frame.error()] { done(error); });
    return;
  }
  const auto* produce = request.message.get_if<protocol::ProduceRequest>();
  if (produce && produce->acks == 0) {
    responses_.to.post([done = std::move(done)] { done(protocol::AnyMessage()); });
  } else {
    waiting_.push_back({id, request.version, protocol::response_schema(static_cast<protocol::ApiKey>(schema.id)),
                        std::move(done)});
  }
  auto bytes = std::make_shared<std::vector<std::byte>>(std::move(*frame));
  echo(bytes);
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
  for (const auto& echo : echoes_) echo->closed();
  echoes_.clear();
  connection_.reset();
  broker_.reset();
  for (Waiting& waiting : std::exchange(waiting_, {})) fail(std::move(waiting.done), "the connection was closed");
}

}  // namespace leat::sim
