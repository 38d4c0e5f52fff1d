#include "net/tcp_connection.h"

#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace leat::net {

namespace {

// After so many bytes in one go another connection of the thread has its turn.
constexpr std::size_t turn_bytes = 4 * 1024 * 1024;
constexpr std::size_t gathered_max = 64;

// Whose frames this thread is handing to the broker: answers that come from inside need no wake-up.
thread_local const void* delivering = nullptr;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

TcpConnection::TcpConnection(std::shared_ptr<const void> token, asio::ip::tcp::socket socket,
                             ConnectionTools tools, ConnectionLimits limits)
    : token_(std::move(token)),
      socket_(std::move(socket)),
      tools_(std::move(tools)),
      limits_(limits),
      frames_(tools_.buffers, tools_.budget, limits.frame_size_max),
      wake_reader_(socket_.get_executor()) {}

TcpConnection::~TcpConnection() { close(); }

void TcpConnection::say(LogLevel level, const std::string& text) const {
  tools_.diagnostics.say(level, "connection from " + info_.peer + ": " + text);
}

void TcpConnection::start(broker::ConnectionInfo info, const Connect& connect) {
  info_ = std::move(info);
  std::weak_ptr<TcpConnection> weak = weak_from_this();
  connection_ = connect(info_, [weak](broker::Outgoing outgoing) {
    if (auto self = weak.lock()) self->push(std::move(outgoing));
  });
  if (!connection_) return close();
  connection_->on_resume([weak] {
    if (auto self = weak.lock())
      asio::post(self->socket_.get_executor(), [self] { self->wake_reader_.cancel(); });
  });
  asio::co_spawn(socket_.get_executor(), [self = shared_from_this()] { return self->read(); },
                 [self = shared_from_this()](std::exception_ptr failure) {
                   if (failure) self->say(LogLevel::error, "closed: memory is exhausted");
                   self->close();
                 });
}

void TcpConnection::close() {
  if (std::exchange(closed_, true)) return;
  asio::error_code ignored;
  wake_reader_.cancel();
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  if (auto connection = std::exchange(connection_, nullptr)) connection->closed();
}

void TcpConnection::check_time(Clock::time_point now) {
  if (closed_) return;
  if (limits_.idle_max.count() >= 0 && now - active_at_ >= limits_.idle_max) {
    say(LogLevel::debug, "closed: idle for " + std::to_string(limits_.idle_max.count()) + " ms");
    return close();
  }
  if (frame_began_ == Clock::time_point{}) return;
  const auto allowed = limits_.partial_frame_max +
                       std::chrono::milliseconds(frames_.arrived() / limits_.frame_bytes_per_ms_min);
  if (now - frame_began_ >= allowed) {
    say(LogLevel::warning, "closed: a request did not arrive completely in " + std::to_string(allowed.count()) + " ms");
    close();
  }
}

// ---- reading

bool TcpConnection::may_read() {
  throttled_ |= unsent_bytes_.load(std::memory_order_relaxed) > limits_.unsent_bytes_max ||
                unsent_answers_.load(std::memory_order_relaxed) >= limits_.unsent_answers_max;
  return !throttled_ && connection_->may_read();
}

asio::awaitable<bool> TcpConnection::wait_until_readable() {
  flush();
  // A resume that comes between the question and the wait is posted to this thread, so it comes after the wait began.
  while (!closed_ && !may_read()) {
    asio::error_code cancelled;
    wake_reader_.expires_at(Clock::time_point::max());
    co_await wake_reader_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
  co_return !closed_;
}

asio::awaitable<bool> TcpConnection::wait_for_memory() {
  flush();
  if (closed_) co_return false;
  // The budget only counts, and many besides us give back to it: asking again is simpler than being told, and
  // happens only when it is used up.
  asio::error_code cancelled;
  wake_reader_.expires_after(std::chrono::milliseconds(2));
  co_await wake_reader_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  co_return !closed_;
}

void TcpConnection::hand_over(Frame frame) {
  struct Delivering {
    explicit Delivering(const void* connection) { delivering = connection; }
    ~Delivering() { delivering = nullptr; }
  } scope(this);
  connection_->receive(frame.bytes, std::move(frame.owner));
}

asio::awaitable<bool> TcpConnection::deliver() {
  for (;;) {
    if (!may_read()) {
      const bool readable = co_await wait_until_readable();
      if (!readable) co_return false;
    }
    Frame frame;
    switch (frames_.next(frame)) {
      case FrameAssembler::Next::frame:
        frame_began_ = {};
        hand_over(std::move(frame));
        break;
      case FrameAssembler::Next::need_memory: {
        const bool open = co_await wait_for_memory();
        if (!open) co_return false;
        break;
      }
      case FrameAssembler::Next::bad_size:
        say(LogLevel::warning, "closed: it announced a request of a negative size or above socket.request.max.bytes (" +
                                   std::to_string(limits_.frame_size_max) + ")");
        co_return false;
      case FrameAssembler::Next::need_bytes:
        co_return true;
    }
  }
}

asio::awaitable<void> TcpConnection::read() {
  while (!closed_) {
    const bool wants_more = co_await deliver();
    flush();  // refused or not, what was answered before is sent
    if (!wants_more || closed_) co_return;
    if (!frames_.in_frame()) {
      frame_began_ = {};
      frames_.rest();
    } else if (frame_began_ == Clock::time_point{}) {
      frame_began_ = Clock::now();
    }
    // Less than was asked for came last time, so the socket is empty: waiting first, without a buffer, costs no more
    // than being refused.
    asio::error_code error;
    co_await socket_.async_wait(asio::ip::tcp::socket::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    if (error || closed_) co_return;
    for (std::size_t turn = 0; turn < turn_bytes;) {
      const auto space = frames_.space();
      const ssize_t count = ::recv(socket_.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
      if (count == 0) co_return;
      if (count < 0) {
        if (errno == EINTR) continue;
        if (!would_block(errno)) co_return;
        break;
      }
      active_at_ = Clock::now();
      frames_.received(static_cast<std::size_t>(count));
      turn += static_cast<std::size_t>(count);
      if (static_cast<std::size_t>(count) < space.size()) break;
      const bool wants_more = co_await deliver();
      if (!wants_more) co_return flush();
    }
  }
}

// ---- writing

void TcpConnection::push(broker::Outgoing outgoing) {
  std::size_t size = 0;
  for (const Payload& piece : outgoing.frame.pieces) size += piece.size();
  if (size == 0 && !outgoing.close) return;
  if (size > 0) {
    unsent_bytes_.fetch_add(size, std::memory_order_relaxed);
    unsent_answers_.fetch_add(1, std::memory_order_relaxed);
  }
  {
    std::lock_guard lock(mutex_);
    incoming_.push_back(std::move(outgoing));
    if (delivering == this || std::exchange(flush_posted_, true)) return;
  }
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->flush(); });
}

void TcpConnection::flush() {
  if (closed_) return;
  try {
    take_incoming();
    while (!write_pending_ && !closed_ && out_.head() != OutgoingQueue::Head::nothing) {
      switch (out_.head()) {
        case OutgoingQueue::Head::memory: write_memory(); break;
        case OutgoingQueue::Head::file: write_file(); break;
        default: close();
      }
    }
  } catch (const std::exception& failure) {
    say(LogLevel::error, std::string("closed: ") + failure.what());
    close();
  }
  if (throttled_ && unsent_bytes_.load(std::memory_order_relaxed) <= limits_.unsent_bytes_max / 2 &&
      unsent_answers_.load(std::memory_order_relaxed) <= limits_.unsent_answers_max / 2) {
    throttled_ = false;
    wake_reader_.cancel();
  }
}

void TcpConnection::take_incoming() {
  {
    std::lock_guard lock(mutex_);
    taken_.swap(incoming_);
    flush_posted_ = false;
  }
  for (auto& outgoing : taken_) out_.push(std::move(outgoing));
  taken_.clear();
}

void TcpConnection::write_memory() {
  iovec pieces[gathered_max];
  bool file_follows = false;
  const std::size_t count = out_.gather(pieces, file_follows);
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += pieces[i].iov_len;
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  // The header waits in the kernel for the first bytes of the file, so that they share a packet.
  const ssize_t result = ::sendmsg(socket_.native_handle(), &message,
                                   MSG_NOSIGNAL | MSG_DONTWAIT | (file_follows ? MSG_MORE : 0));
  if (result < 0) return write_refused(errno);
  sent(static_cast<std::size_t>(result));
  if (static_cast<std::size_t>(result) < size) wait_writable();
}

void TcpConnection::write_file() {
  FileSlice slice = out_.slice();
  const int file = slice.file->descriptor();
  if (file < 0) return read_first(std::move(slice), true);
  if (warm_file_ != slice.file || slice.position < warm_begin_ || slice.position >= warm_end_) {
    if (!slice.file->is_resident(slice.position, slice.length)) return read_first(std::move(slice), false);
    is_warm(slice);
  }
  auto position = static_cast<off_t>(slice.position);
  const std::size_t size = std::min<std::size_t>(slice.length, warm_end_ - slice.position);
  // On a thread of ours SIGPIPE is blocked, and a blocked SIGPIPE is how sendfile is told not to kill.
  const ssize_t result = ::sendfile(socket_.native_handle(), file, &position, size);
  if (result < 0) {
    if (errno == EINVAL || errno == ENOSYS) return read_first(std::move(slice), true);  // a file system without it
    return write_refused(errno);
  }
  if (result == 0) {
    say(LogLevel::error, "closed: a file is shorter than the answer that it is part of");
    return close();
  }
  sent(static_cast<std::size_t>(result));
}

void TcpConnection::write_refused(int error) {
  if (error == EINTR) return;
  if (would_block(error)) return wait_writable();
  if (error != EPIPE && error != ECONNRESET)
    say(LogLevel::warning, std::string("closed: sending: ") + std::strerror(error));
  close();
}

void TcpConnection::wait_writable() {
  write_pending_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](asio::error_code error) {
    self->write_pending_ = false;
    if (!error) self->flush();
  });
}

void TcpConnection::is_warm(const FileSlice& slice) {
  warm_file_ = slice.file;
  warm_begin_ = slice.position;
  warm_end_ = slice.position + slice.length;
}

void TcpConnection::read_first(FileSlice slice, bool into_memory) {
  write_pending_ = true;
  tools_.blocking->post([weak = weak_from_this(), slice = std::move(slice), into_memory] {
    Result<Payload> read = Payload();
    if (into_memory) {
      read = Payload::of({slice}).in_memory();
    } else {
      slice.file->read_ahead(slice.position, slice.length);
    }
    if (auto self = weak.lock())
      asio::post(self->socket_.get_executor(), [self, slice, into_memory, read = std::move(read)]() mutable {
        self->write_pending_ = false;
        if (self->closed_) return;
        if (!into_memory) {
          self->is_warm(slice);
        } else if (read && read->size() == slice.length) {
          self->out_.replace_slice(std::move(read).value());
        } else {
          self->say(LogLevel::error, "closed: " + (read ? "a file is shorter than the answer that it is part of"
                                                        : read.error().to_string()));
          return self->close();
        }
        self->flush();
      });
  });
}

void TcpConnection::sent(std::size_t bytes) {
  active_at_ = Clock::now();
  const std::size_t answers = out_.answers();
  out_.consume(bytes);
  unsent_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  unsent_answers_.fetch_sub(answers - out_.answers(), std::memory_order_relaxed);
  if (out_.head() != OutgoingQueue::Head::file) warm_file_.reset();  // no descriptor is held for an idle client
}

}  // namespace leat::net
