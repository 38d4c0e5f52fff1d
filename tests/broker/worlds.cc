#include <stdlib.h>

#include <filesystem>

#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "io/real_entropy.h"
#include "io/thread_pool.h"
#include "sim/disk.h"
#include "sim/link.h"
#include "sim/scheduler.h"
#include "world.h"

#ifdef LEAT_TEST_TCP
#include "net/endpoints.h"
#include "net/tcp_connector.h"
#include "net/tcp_server.h"
#endif

namespace leat::test {
namespace {

/// Everything simulated: one thread, virtual time, a disk in memory.
class SimulatedWorld : public World {
 public:
  SimulatedWorld(const Settings& settings, bool over_a_network)
      : settings_(settings), over_a_network_(over_a_network) {
    start();
  }
  ~SimulatedWorld() override { stop(); }

  std::shared_ptr<protocol::Channel> channel() override {
    if (!over_a_network_) return broker_->channel("test");
    return sim::Link::connect(broker_, scheduler_, {.seed = ++links_});
  }
  Executor& executor() override { return scheduler_; }
  TimestampMs wall_ms() override { return scheduler_.wall_ms(); }
  broker::Broker& broker() override { return *broker_; }
  void restart() override {
    stop();
    start();
  }

 private:
  void start() {
    broker_ = broker::Broker::open({.executor = scheduler_,
                                    .blocking = scheduler_,
                                    .clock = scheduler_,
                                    .entropy = entropy_,
                                    .volume = disk_},
                                   make_config("data", settings_))
                  .value();
  }
  void stop() {
    EXPECT_TRUE(broker_->close());
    broker_.reset();
    scheduler_.run_ready();
  }

  const Settings settings_;
  const bool over_a_network_;
  std::uint64_t links_ = 0;
  sim::Scheduler scheduler_{1};
  sim::SeededEntropy entropy_{2};
  sim::Disk disk_{scheduler_, {.seed = 3}};
  std::shared_ptr<broker::Broker> broker_;
};

#ifdef LEAT_TEST_TCP
/// Everything real: threads, files, sockets on the loopback.
class TcpWorld : public World {
 public:
  explicit TcpWorld(const Settings& settings) : settings_(settings) {
    char name[] = "/tmp/leat-behaviour-XXXXXX";
    directory_ = mkdtemp(name);
    start();
  }
  ~TcpWorld() override {
    stop();
    std::filesystem::remove_all(directory_);
  }

  std::shared_ptr<protocol::Channel> channel() override { return connector_.connect("127.0.0.1", port_); }
  Executor& executor() override { return pool_; }
  TimestampMs wall_ms() override { return clock_.wall_ms(); }
  broker::Broker& broker() override { return *broker_; }
  void restart() override {
    stop();
    start();
  }

 private:
  void start() {
    broker_ = broker::Broker::open({.executor = pool_,
                                    .blocking = pool_,
                                    .clock = clock_,
                                    .entropy = entropy_,
                                    .volume = volume_},
                                   make_config(directory_, settings_))
                  .value();
    auto sockets = net::ListeningSocket::open({.name = "PLAINTEXT", .host = "127.0.0.1", .port = 0}, 50).value();
    port_ = sockets.listener().port;
    server_ = std::make_unique<net::TcpServer>(
        net::TcpServerOptions{.threads = 1}, std::make_shared<MemoryBudget>(64 << 20), pool_, Diagnostics{},
        [broker = broker_](broker::ConnectionInfo info, broker::Connection::Sink sink) {
          return broker->connect(std::move(info), std::move(sink));
        });
    std::vector<net::ListeningSocket> all;
    all.push_back(std::move(sockets));
    server_->serve(std::move(all));
    EXPECT_TRUE(broker_->set_endpoints({{.listener = "PLAINTEXT", .host = "127.0.0.1", .port = port_}}));
  }
  void stop() {
    server_.reset();
    EXPECT_TRUE(broker_->close());
    broker_.reset();
  }

  const Settings settings_;
  std::string directory_;
  io::SystemClock clock_;
  io::SystemEntropy entropy_;
  io::ThreadPool pool_{2};
  io::PosixVolume volume_{pool_};
  net::TcpConnector connector_;
  std::shared_ptr<broker::Broker> broker_;
  std::unique_ptr<net::TcpServer> server_;
  std::int32_t port_ = 0;
};
#endif

}  // namespace

const std::vector<WorldKind>& world_kinds() {
  static const std::vector<WorldKind> kinds = {
      {"InProcess", [](const Settings& settings) -> std::unique_ptr<World> {
         return std::make_unique<SimulatedWorld>(settings, false);
       }},
      {"Simulated", [](const Settings& settings) -> std::unique_ptr<World> {
         return std::make_unique<SimulatedWorld>(settings, true);
       }},
#ifdef LEAT_TEST_TCP
      {"Tcp", [](const Settings& settings) -> std::unique_ptr<World> {
         return std::make_unique<TcpWorld>(settings);
       }},
#endif
  };
  return kinds;
}

}  // namespace leat::test
