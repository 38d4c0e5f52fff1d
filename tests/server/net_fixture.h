#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/wire.h"
#include "io/thread_pool.h"
#include "net/tcp_server.h"

namespace leat::net {

/// A client's side of a connection to 127.0.0.1, blocking.
class Client {
 public:
  explicit Client(std::uint16_t port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << std::strerror(errno);
  }
  Client(Client&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  Client(const Client&) = delete;
  ~Client() {
    if (socket_ >= 0) ::close(socket_);
  }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// As much as goes without waiting.
  std::size_t write_what_fits(std::string_view bytes) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  /// Exactly so many, fewer when the other side closed.
  std::string read(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const ssize_t got = ::recv(socket_, bytes.data() + have, size - have, 0);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  }
  std::string read_frame() {
    const std::string prefix = read(4);
    if (prefix.size() < 4) return "closed";
    return read(load_be<std::uint32_t>(reinterpret_cast<const std::byte*>(prefix.data())));
  }
  /// Waits for the other side to close.
  bool is_closed() {
    char byte;
    return ::recv(socket_, &byte, 1, 0) <= 0;
  }

 private:
  int socket_;
};

inline std::string prefix(std::int32_t size) {
  std::string bytes(4, '\0');
  store_be(reinterpret_cast<std::byte*>(bytes.data()), size);
  return bytes;
}
inline std::string frame(std::string_view body) {
  return prefix(static_cast<std::int32_t>(body.size())) + std::string(body);
}

/// A broker's side of a connection that answers as the test wants; an echo by default.
class FakeConnection : public broker::Connection {
 public:
  using Answer = std::function<void(FakeConnection&, std::span<std::byte>, std::shared_ptr<const void>)>;
  FakeConnection(Sink sink, Answer answer) : sink(std::move(sink)), answer_(std::move(answer)) {}

  void receive(std::span<std::byte> bytes, std::shared_ptr<const void> owner) override {
    received.fetch_add(1);
    answer_(*this, bytes, std::move(owner));
  }
  bool may_read() const override { return readable; }
  void on_resume(std::function<void()> resume) override { resume_ = std::move(resume); }
  void closed() override { is_closed.store(true); }

  void resume() {
    readable = true;
    resume_();
  }
  void send(std::string body) {
    Outgoing_ out;
    out.frame.pieces.push_back(Payload::own(frame(body)));
    out.frame.size = body.size() + 4;
    sink(std::move(out));
  }
  using Outgoing_ = broker::Outgoing;

  Sink sink;
  std::atomic<int> received = 0;
  std::atomic<bool> readable = true;
  std::atomic<bool> is_closed = false;

 private:
  Answer answer_;
  std::function<void()> resume_;
};

inline void echo(FakeConnection& connection, std::span<std::byte> bytes, std::shared_ptr<const void> owner) {
  broker::Outgoing out;
  out.frame.pieces.push_back(Payload::own(prefix(static_cast<std::int32_t>(bytes.size()))));
  out.frame.pieces.push_back(Payload(Bytes(std::span<const std::byte>(bytes)), std::move(owner)));
  out.frame.size = 4 + bytes.size();
  connection.sink(std::move(out));
}

/// A server on a free port of 127.0.0.1 in front of fake connections.
class NetTest : public ::testing::Test {
 protected:
  void start(FakeConnection::Answer answer = echo) {
    auto sockets = open_listeners(std::vector<config::Listener>{{"PLAINTEXT", "127.0.0.1", 0}}, 512).value();
    port = sockets[0].listener().port;
    server = std::make_unique<TcpServer>(
        options, budget, blocking, Diagnostics{},
        [this, answer = std::move(answer)](broker::ConnectionInfo, broker::Connection::Sink sink) {
          auto made = std::make_shared<FakeConnection>(std::move(sink), answer);
          std::lock_guard lock(mutex);
          connections.push_back(made);
          changed.notify_all();
          return made;
        });
    server->serve(std::move(sockets));
  }
  std::shared_ptr<FakeConnection> connection(std::size_t index) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return connections.size() > index; });
    return connections[index];
  }
  void TearDown() override {
    server.reset();
    for (auto& connection : connections) EXPECT_TRUE(connection->is_closed);
    connections.clear();
    EXPECT_EQ(budget->used(), 0u);
  }

  TcpServerOptions options{.threads = 2};
  std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>(64 * 1024 * 1024);
  io::ThreadPool blocking{1};
  std::uint16_t port = 0;
  std::unique_ptr<TcpServer> server;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<FakeConnection>> connections;
};

/// Asks again until it holds or ten seconds are over; for what another thread is about to do.
inline bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace leat::net
