#include "net/tcp_server.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "net/admission.h"
#include "net/io_threads.h"

namespace leat::net {

namespace {

using tcp = asio::ip::tcp;
using Clock = TcpConnection::Clock;

constexpr std::chrono::milliseconds accept_pause{100};

bool is_exhaustion(const asio::error_code& error) {
  return error == asio::error::no_descriptors || error.value() == ENFILE || error == asio::error::no_buffer_space ||
         error == asio::error::no_memory;
}

}  // namespace

class TcpServer::Implementation {
 public:
  Implementation(TcpServerOptions options, std::shared_ptr<MemoryBudget> budget, Executor& blocking, Diagnostics diagnostics,
                 TcpConnection::Connect connect)
      : options_(options),
        budget_(std::move(budget)),
        blocking_(blocking),
        diagnostics_(std::move(diagnostics)),
        connect_(std::move(connect)),
        admission_(std::make_shared<Admission>(options.connections_max, options.connections_per_ip_max)),
        acceptors_alive_(std::make_shared<Admission>(std::size_t(-1), std::size_t(-1))),
        sweep_every_(sweep_period(options.limits)),
        threads_(options.threads) {
    for (std::size_t i = 0; i < threads_.size(); ++i) shards_.push_back(std::make_unique<Shard>(threads_.context(i)));
  }
  ~Implementation() { close(); }

  void serve(std::vector<ListeningSocket> sockets) {
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      Shard& shard = *shards_[i % shards_.size()];
      const char* limit = nullptr;
      auto alive = acceptors_alive_->enter({}, limit);
      const tcp protocol = sockets[i].is_v6() ? tcp::v6() : tcp::v4();
      auto acceptor = std::make_shared<tcp::acceptor>(shard.context, protocol, sockets[i].release());
      asio::post(shard.context, [this, &shard, acceptor, alive = std::move(alive), name = sockets[i].listener().name] {
        shard.acceptors.push_back(acceptor);
        asio::co_spawn(
            shard.context, [this, acceptor, name]() mutable { return accept(std::move(acceptor), std::move(name)); },
            [this, alive](std::exception_ptr failure) {
              if (failure) diagnostics_.say(LogLevel::error, "a listener stopped accepting: memory is exhausted");
            });
      });
    }
  }

  std::size_t connections() const { return admission_->total(); }

  void close() {
    if (closing_.exchange(true)) return;
    for (auto& shard : shards_)
      asio::post(shard->context, [&shard = *shard] {
        shard.closing = true;
        for (auto& acceptor : shard.acceptors) {
          asio::error_code ignored;
          acceptor->close(ignored);
        }
        shard.timer.cancel();
        shard.accept_pause.cancel();
        for (auto& weak : shard.connections)
          if (auto connection = weak.lock()) connection->close();
        shard.connections.clear();
      });
    acceptors_alive_->wait_until_empty();
    admission_->wait_until_empty();
    threads_.stop();
  }

 private:
  // What belongs to one I/O thread, and is touched on it only.
  struct Shard {
    explicit Shard(asio::io_context& io) : context(io), timer(io), accept_pause(io) {}
    asio::io_context& context;
    std::shared_ptr<BufferPool> buffers = BufferPool::make();
    std::vector<std::shared_ptr<tcp::acceptor>> acceptors;
    std::vector<std::weak_ptr<TcpConnection>> connections;
    asio::steady_timer timer;
    asio::steady_timer accept_pause;
    bool sweeping = false;
    bool closing = false;
  };

  // One look at all connections instead of two timers for each: deadlines are kept to within a quarter.
  static std::chrono::milliseconds sweep_period(const ConnectionLimits& limits) {
    auto shortest = limits.partial_frame_max;
    if (limits.idle_max.count() >= 0) shortest = std::min(shortest, limits.idle_max);
    return std::clamp(shortest / 4, std::chrono::milliseconds(1), std::chrono::milliseconds(1000));
  }

  void sweep(Shard& shard) {
    if (shard.sweeping || shard.closing || shard.connections.empty()) return;
    shard.sweeping = true;
    shard.timer.expires_after(sweep_every_);
    shard.timer.async_wait([this, &shard](asio::error_code error) {
      shard.sweeping = false;
      if (error) return;
      const auto now = Clock::now();
      std::erase_if(shard.connections, [&](const std::weak_ptr<TcpConnection>& weak) {
        auto connection = weak.lock();
        if (connection) connection->check_time(now);
        return connection == nullptr;
      });
      sweep(shard);
    });
  }

  asio::awaitable<void> accept(std::shared_ptr<tcp::acceptor> acceptor, std::string listener) {
    Shard& home = shard_of(acceptor->get_executor());
    bool told = false;
    while (acceptor->is_open()) {
      Shard& shard = *shards_[threads_.next()];
      asio::error_code error;
      tcp::socket socket(shard.context);
      co_await acceptor->async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || home.closing) co_return;
      if (error && is_exhaustion(error)) {
        if (!std::exchange(told, true))
          diagnostics_.say(LogLevel::error, "cannot accept connections for now: " + error.message());
        asio::error_code ignored;
        home.accept_pause.expires_after(accept_pause);
        co_await home.accept_pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        continue;
      }
      if (error) continue;  // the client has gone already
      told = false;
      admit(shard, std::move(socket), listener);
    }
  }

  Shard& shard_of(const asio::any_io_executor& executor) {
    for (auto& shard : shards_)
      if (executor == asio::any_io_executor(shard->context.get_executor())) return *shard;
    return *shards_.front();
  }

  void admit(Shard& shard, tcp::socket socket, const std::string& listener) {
    asio::error_code error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) return;
    const std::string address = peer.address().to_string();
    const char* limit = nullptr;
    auto place = admission_->enter(address, limit);
    if (!place) {
      // Refusals come in floods; one line a second tells enough.
      const auto now = Clock::now().time_since_epoch().count();
      auto last = refused_at_.load(std::memory_order_relaxed);
      if (now - last >= Clock::duration(std::chrono::seconds(1)).count() &&
          refused_at_.compare_exchange_strong(last, now, std::memory_order_relaxed))
        diagnostics_.say(LogLevel::warning, "a connection from " + address + " was closed: " + limit + " is reached");
      return;
    }
    socket.non_blocking(true, error);
    socket.set_option(tcp::no_delay(true), error);
    socket.set_option(asio::socket_base::keep_alive(true), error);
    if (options_.send_buffer_bytes > 0)
      socket.set_option(asio::socket_base::send_buffer_size(options_.send_buffer_bytes), error);
    if (options_.receive_buffer_bytes > 0)
      socket.set_option(asio::socket_base::receive_buffer_size(options_.receive_buffer_bytes), error);
    auto connection = std::make_shared<TcpConnection>(
        std::move(place), std::move(socket),
        ConnectionTools{.buffers = shard.buffers, .budget = budget_, .blocking = &blocking_, .diagnostics = diagnostics_},
        options_.limits);
    broker::ConnectionInfo info{.listener = listener, .peer = address + ":" + std::to_string(peer.port())};
    asio::post(shard.context, [this, &shard, connection = std::move(connection), info = std::move(info)]() mutable {
      if (shard.closing) return connection->close();
      try {
        shard.connections.push_back(connection);
        connection->start(std::move(info), connect_);
        sweep(shard);
      } catch (const std::exception& failure) {
        diagnostics_.say(LogLevel::error, std::string("a connection was closed: ") + failure.what());
        connection->close();
      }
    });
  }

  const TcpServerOptions options_;
  const std::shared_ptr<MemoryBudget> budget_;
  Executor& blocking_;
  const Diagnostics diagnostics_;
  const TcpConnection::Connect connect_;
  const std::shared_ptr<Admission> admission_;
  const std::shared_ptr<Admission> acceptors_alive_;
  const std::chrono::milliseconds sweep_every_;
  std::atomic<Clock::rep> refused_at_ = 0;
  std::atomic<bool> closing_ = false;
  IoThreads threads_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

TcpServer::TcpServer(TcpServerOptions options, std::shared_ptr<MemoryBudget> budget, Executor& blocking, Diagnostics diagnostics,
                     TcpConnection::Connect connect)
    : implementation_(std::make_unique<Implementation>(options, std::move(budget), blocking, std::move(diagnostics),
                                                       std::move(connect))) {}
TcpServer::~TcpServer() = default;
void TcpServer::serve(std::vector<ListeningSocket> sockets) { implementation_->serve(std::move(sockets)); }
std::size_t TcpServer::connections() const { return implementation_->connections(); }
void TcpServer::close() { implementation_->close(); }

}  // namespace leat::net
