#include "raw_link.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/wire.h"

namespace leat::cli {
namespace {

constexpr std::size_t receive_size_min = 256 * 1024;
constexpr std::size_t answer_size_max = std::size_t{1} << 30;

void prepare(int socket, std::chrono::seconds timeout) {
  const timeval wait{.tv_sec = timeout.count(), .tv_usec = 0};
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

Error RawLink::failed(const char* call) const {
  const std::string why = errno == EAGAIN || errno == EINPROGRESS ? "it took too long" : std::strerror(errno);
  return {Errc::disconnected, "broker " + name_ + ": " + call + ": " + why};
}

Result<RawLink> RawLink::connect(const client::NodeAddress& to, std::chrono::seconds timeout) {
  const std::string name = to.host + ":" + std::to_string(to.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &found); error != 0)
    return Error{Errc::disconnected, "broker " + name + ": " + gai_strerror(error)};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  Error last{Errc::disconnected, "broker " + name + ": it has no address"};
  for (const addrinfo* at = found; at; at = at->ai_next) {
    const int socket = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (socket < 0) continue;
    RawLink link(socket, name);
    prepare(socket, timeout);
    if (::connect(socket, at->ai_addr, at->ai_addrlen) == 0) return link;
    last = link.failed("connect");
  }
  return last;
}

RawLink::RawLink(RawLink&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      name_(std::move(other.name_)),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      end_(other.end_) {}

RawLink::~RawLink() {
  if (socket_ >= 0) ::close(socket_);
}

Result<void> RawLink::send(Bytes frame) {
  while (!frame.empty()) {
    const ssize_t sent = ::send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return failed("send");
    frame = frame.subspan(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<void> RawLink::fill(std::size_t size) {
  if (buffer_.size() - begin_ < size) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
              buffer_.begin());
    end_ -= std::exchange(begin_, 0);
    if (buffer_.size() < size) buffer_.resize(std::max(size, receive_size_min));
  }
  while (end_ - begin_ < size) {
    const ssize_t got = ::recv(socket_, buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("recv");
    if (got == 0) return Error{Errc::disconnected, "broker " + name_ + " closed the connection"};
    end_ += static_cast<std::size_t>(got);
  }
  return {};
}

Result<Bytes> RawLink::receive_frame() {
  if (begin_ == end_) begin_ = end_ = 0;
  LEAT_CHECK(fill(sizeof(std::int32_t)));
  const auto announced = load_be<std::int32_t>(buffer_.data() + begin_);
  if (announced < 0 || static_cast<std::size_t>(announced) > answer_size_max)
    return Error{Errc::corrupt_message, "broker " + name_ + " announces an answer of " + std::to_string(announced) + " bytes"};
  const std::size_t size = static_cast<std::size_t>(announced);
  LEAT_CHECK(fill(sizeof(std::int32_t) + size));
  const Bytes frame(buffer_.data() + begin_ + sizeof(std::int32_t), size);
  begin_ += sizeof(std::int32_t) + size;
  return frame;
}

}  // namespace leat::cli
