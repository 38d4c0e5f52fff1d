#include "net/tcp_link.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "base/errors.h"
#include "base/wire.h"
#include "protocol/headers.h"
#include "protocol/messages/produce.h"
#include "protocol/schema_index.h"

namespace leat::net {

using tcp = asio::ip::tcp;

struct TcpLink::Wire {
  Wire(std::shared_ptr<const void> t, asio::io_context& context, std::size_t frame_size_max)
      : token(std::move(t)),
        socket(context),
        timer(context),
        resolver(context),
        frames(BufferPool::make(), std::make_shared<MemoryBudget>(std::numeric_limits<std::size_t>::max()),
               frame_size_max) {}
  const std::shared_ptr<const void> token;  // first, so that it goes last
  tcp::socket socket;
  asio::steady_timer timer;
  tcp::resolver resolver;
  FrameAssembler frames;
  OutgoingQueue out;
};

TcpLink::TcpLink(std::shared_ptr<IoThreads> threads, std::shared_ptr<const void> token, TcpConnectorOptions options,
                 std::string host, std::uint16_t port)
    : threads_(std::move(threads)),
      options_(options),
      host_(std::move(host)),
      port_(port),
      wire_(std::make_shared<Wire>(std::move(token), threads_->context(0), options.response_size_max)) {}

namespace {

// A request may view memory of the caller's, and a socket of ours takes no files: both are read now.
Result<void> make_ours(protocol::Encoded& frame) {
  for (Payload& piece : frame.pieces) {
    if (piece.is_in_files()) {
      LEAT_TRY(piece, piece.in_memory());
    } else if (!piece.owner()) {
      piece = Payload::own(std::vector<std::byte>(piece.memory().begin(), piece.memory().end()));
    }
  }
  return {};
}

}  // namespace

Error TcpLink::disconnected(const std::string& why) const {
  return {Errc::disconnected, "broker " + host_ + ":" + std::to_string(port_) + ": " + why};
}

void TcpLink::open() {
  asio::co_spawn(threads_->context(0), [self = shared_from_this(), wire = wire_] { return self->run(wire); },
                 [self = shared_from_this()](std::exception_ptr failure) {
                   self->end(failure ? "memory is exhausted" : "the connection was closed");
                 });
}

void TcpLink::send(protocol::Request request, protocol::ResponseDone done) {
  const protocol::MessageSchema& schema = request.message.schema();
  Waiting waiting{.response = protocol::response_schema(static_cast<protocol::ApiKey>(schema.id)),
                  .version = request.version,
                  .done = std::move(done)};
  if (const auto* produce = request.message.get_if<protocol::ProduceRequest>(); produce && produce->acks == 0)
    waiting.response = nullptr;

  std::unique_lock lock(mutex_);
  waiting.correlation_id = next_correlation_id_;
  Result<protocol::Encoded> frame =
      over_.empty() ? protocol::encode_request_frame(schema, request.message.raw(), request.version,
                                                     waiting.correlation_id, std::move(request.client_id))
                    : disconnected(over_);
  if (frame)
    if (auto read = make_ours(*frame); !read) frame = std::move(read).error();
  if (!frame) {
    const bool inside = orphan_;
    lock.unlock();
    if (inside) return waiting.done(std::move(frame).error());
    asio::post(threads_->context(0), [done = std::move(waiting.done), error = std::move(frame).error()]() mutable {
      done(std::move(error));
    });
    return;
  }
  next_correlation_id_ = next_correlation_id_ == std::numeric_limits<std::int32_t>::max() ? 0 : next_correlation_id_ + 1;
  queued_.push_back({std::move(frame).value(), std::move(waiting)});
  if (std::exchange(flush_posted_, true)) return;
  lock.unlock();
  asio::post(threads_->context(0), [self = shared_from_this()] { self->flush(); });
}

void TcpLink::close(std::string why) {
  {
    std::lock_guard lock(mutex_);
    if (orphan_) return;
  }
  asio::post(threads_->context(0), [self = shared_from_this(), why = std::move(why)] { self->end(why); });
}

void TcpLink::orphan() {
  std::lock_guard lock(mutex_);
  orphan_ = true;
}

void TcpLink::end(const std::string& why) {
  auto wire = std::exchange(wire_, nullptr);
  if (!wire) return;
  asio::error_code ignored;
  wire->timer.cancel();
  wire->resolver.cancel();
  wire->socket.close(ignored);
  std::vector<Queued> queued;
  {
    std::lock_guard lock(mutex_);
    over_ = why;
    queued.swap(queued_);
  }
  auto waiting = std::exchange(waiting_, {});
  for (auto& one : waiting) one.done(disconnected(why));
  for (auto& one : queued) one.waiting.done(disconnected(why));
}

asio::awaitable<asio::error_code> TcpLink::connect(Wire& wire) {
  asio::error_code error;
  wire.timer.expires_after(options_.connect_timeout);
  wire.timer.async_wait([weak = weak_from_this()](asio::error_code cancelled) {
    if (cancelled) return;
    if (auto self = weak.lock(); self && !self->connected_) self->end("connecting took too long");
  });
  const auto address = asio::ip::make_address(host_, error);
  if (!error) {
    co_await wire.socket.async_connect(tcp::endpoint(address, port_), asio::redirect_error(asio::use_awaitable, error));
  } else {
    const auto found = co_await wire.resolver.async_resolve(host_, std::to_string(port_),
                                                            asio::redirect_error(asio::use_awaitable, error));
    if (!error && wire_)
      co_await asio::async_connect(wire.socket, found, asio::redirect_error(asio::use_awaitable, error));
  }
  wire.timer.cancel();
  if (!error) {
    wire.socket.non_blocking(true, error);
    wire.socket.set_option(tcp::no_delay(true), error);
  }
  co_return error;
}

asio::awaitable<void> TcpLink::run(std::shared_ptr<Wire> wire) {
  const asio::error_code failed = co_await connect(*wire);
  if (!wire_) co_return;
  if (failed) {
    end("cannot connect: " + failed.message());
    co_return;
  }
  connected_ = true;
  flush();
  while (wire_) {
    const auto space = wire->frames.space();
    asio::error_code error;
    const std::size_t count = co_await wire->socket.async_read_some(
        asio::buffer(space.data(), space.size()), asio::redirect_error(asio::use_awaitable, error));
    if (!wire_) co_return;
    if (error) {
      end(error == asio::error::eof ? "it closed the connection" : error.message());
      co_return;
    }
    wire->frames.received(count);
    Frame frame;
    FrameAssembler::Next next;
    while ((next = wire->frames.next(frame)) == FrameAssembler::Next::frame)
      if (!answer(*wire, std::move(frame))) co_return;
    if (next != FrameAssembler::Next::need_bytes) {
      end("it announced a response that is too large; is it a Kafka broker?");
      co_return;
    }
    wire->frames.rest();
  }
}

// False: the link is over.
bool TcpLink::answer(Wire&, Frame frame) {
  std::size_t body_at = 0;
  if (waiting_.empty() || frame.bytes.size() < 4 ||
      load_be<std::int32_t>(frame.bytes.data()) != waiting_.front().correlation_id) {
    end("it sent a response that nobody waits for");
    return false;
  }
  Waiting waiting = std::move(waiting_.front());
  waiting_.pop_front();
  const Bytes bytes(frame.bytes);
  auto header = protocol::decode_response_header(*waiting.response, waiting.version, bytes, body_at);
  if (!header) {
    waiting.done(wrap(std::move(header).error(), "reading a response's header"));
  } else {
    const Bytes body = bytes.subspan(body_at);
    std::int16_t version = waiting.version;
    // A broker that does not know our version of ApiVersions says so in version 0.
    if (waiting.response->id == static_cast<std::int16_t>(protocol::ApiKey::api_versions) && body.size() >= 2 &&
        load_be<std::int16_t>(body.data()) == static_cast<std::int16_t>(Errc::unsupported_version))
      version = 0;
    auto message = protocol::AnyMessage::make(*waiting.response);
    auto decoded = protocol::decode(*waiting.response, message.raw(), version, body, std::move(frame.owner));
    if (decoded)
      waiting.done(std::move(message));
    else
      waiting.done(wrap(std::move(decoded).error(), "reading a response"));
  }
  answer_what_needs_none();
  return wire_ != nullptr;
}

void TcpLink::answer_what_needs_none() {
  while (!waiting_.empty() && !waiting_.front().response) {
    Waiting taken = std::move(waiting_.front());
    waiting_.pop_front();
    taken.done(protocol::AnyMessage(protocol::ProduceResponse{}));
  }
}

void TcpLink::flush() {
  auto wire = wire_;
  {
    std::lock_guard lock(mutex_);
    flush_posted_ = false;
    if (!wire || !connected_) return;
    for (auto& one : queued_) {
      wire->out.push({.frame = std::move(one.frame)});
      waiting_.push_back(std::move(one.waiting));
    }
    queued_.clear();
  }
  while (!write_pending_ && wire->out.head() == OutgoingQueue::Head::memory) {
    iovec pieces[64];
    bool file_follows = false;
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = wire->out.gather(pieces, file_follows);
    const ssize_t sent = ::sendmsg(wire->socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      wire->out.consume(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      write_pending_ = true;
      wire->socket.async_wait(tcp::socket::wait_write, [self = shared_from_this(), wire](asio::error_code error) {
        self->write_pending_ = false;
        if (!error) self->flush();
      });
    } else if (errno != EINTR) {
      return end(std::string("sending: ") + std::strerror(errno));
    }
  }
  answer_what_needs_none();
}

}  // namespace leat::net
