#include <leat/sim.h>

#include <utility>

#include "base/errors.h"
#include "broker/broker.h"
#include "client/access.h"
#include "config/broker_config.h"
#include "sim/disk.h"
#include "sim/entropy.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/scheduler.h"

namespace leat::sim {
namespace {

constexpr const char* listener = "PLAINTEXT";
constexpr const char* broker_host = "broker";
constexpr std::int32_t broker_port = 9092;

}  // namespace

struct World::Impl : std::enable_shared_from_this<World::Impl> {
  explicit Impl(WorldOptions chosen)
      : options(std::move(chosen)),
        entropy(options.seed),
        scheduler(entropy.next()),
        network(scheduler, entropy.next()),
        disk(machine, {.seed = entropy.next(), .sync_delay_max = options.sync_delay_max, .clock = &machine}) {
    network.set_weather({.delay_max = options.network_delay_max});
  }
  ~Impl() {
    if (broker) end(&Disk::kill_process);
    program.kill();
    // What waits here refers to what goes before the scheduler does.
    scheduler.run_until_idle();
  }

  Result<void> start();
  Result<void> stop();
  std::shared_ptr<client::Host> client_host();
  /// Ends the broker with nothing more said or written, and does to its disk what goes with that.
  void end(void (Disk::*what_happens)());

  const WorldOptions options;
  SeededEntropy entropy;
  Scheduler scheduler;
  Machine machine{scheduler, broker_host};
  Machine program{scheduler, "program"};
  Network network;
  Disk disk;
  std::shared_ptr<protocol::Connector> connector = network.connector(program);
  std::shared_ptr<client::ConnectorChannels> channels = std::make_shared<client::ConnectorChannels>(
      std::vector<client::NodeAddress>{{.host = broker_host, .port = broker_port}}, *connector);
  std::shared_ptr<broker::Broker> broker;
  std::weak_ptr<client::Host> clients = {};
};

namespace {

/// What the clients run on; they keep their world's machines.
struct ClientHost final : client::Host {
  ClientHost(std::shared_ptr<void> world, Machine& program, Entropy& entropy)
      : Host(program, program, entropy), world(std::move(world)) {}
  const std::shared_ptr<void> world;
};

}  // namespace

Result<void> World::Impl::start() {
  if (broker) return {};
  std::vector<config::Property> properties{{"log.dirs", "data", "sim::World"}};
  for (const auto& [key, value] : options.settings) properties.push_back({key, value, "WorldOptions::settings"});
  LEAT_TRY(auto config, config::BrokerConfig::parse(properties, config::Face::embedded));
  machine.start();
  LEAT_TRY(auto opened, broker::Broker::open({.executor = machine,
                                              .blocking = machine,
                                              .clock = machine,
                                              .entropy = entropy,
                                              .volume = disk,
                                              .diagnostics = {options.log, {}}},
                                             std::move(config)));
  if (auto set = opened->set_endpoints({{.listener = listener, .host = broker_host, .port = broker_port}}); !set)
    return std::move(set).error();
  network.listen(broker_host, broker_port, machine, opened, listener);
  broker = std::move(opened);
  return {};
}

Result<void> World::Impl::stop() {
  if (!broker) return {};
  network.unplug(machine);
  auto closed = broker->close();
  broker.reset();
  scheduler.run_ready();
  machine.kill();
  return closed;
}

void World::Impl::end(void (Disk::*what_happens)()) {
  if (!broker) return;
  disk.crash_at(0);
  network.unplug(machine);
  // With nobody to tell and no disk to write to, this only lets go of what the broker has.
  (void)broker->close();
  broker.reset();
  machine.kill();
  (disk.*what_happens)();
}

std::shared_ptr<client::Host> World::Impl::client_host() {
  auto host = clients.lock();
  if (!host) clients = host = std::make_shared<ClientHost>(shared_from_this(), program, entropy);
  return host;
}

World::World(WorldOptions options) : impl_(std::make_shared<Impl>(std::move(options))) {}
World::World(World&&) noexcept = default;
World& World::operator=(World&&) noexcept = default;
World::~World() {
  if (!impl_) return;
  if (auto host = impl_->clients.lock()) host->close();
}

Result<void> World::start() { return impl_->start(); }
Result<void> World::stop() { return impl_->stop(); }
void World::crash() { impl_->end(&Disk::power_cycle); }
void World::kill() { impl_->end(&Disk::kill_process); }
bool World::is_up() const { return impl_->broker != nullptr; }

void World::partition() {
  impl_->network.cut(impl_->program, impl_->machine);
  impl_->network.cut(impl_->machine, impl_->program);
}
void World::heal() { impl_->network.heal(); }
void World::disconnect() { impl_->network.reset(impl_->program, impl_->machine); }

Producer World::producer(ProducerOptions options) {
  return client::Access::producer(impl_->client_host(), impl_->channels, std::move(options));
}
Consumer World::consumer(ConsumerOptions options) {
  return client::Access::consumer(impl_->client_host(), impl_->channels, std::move(options));
}
Admin World::admin(AdminOptions options) {
  return client::Access::admin(impl_->client_host(), impl_->channels, std::move(options));
}

void World::run_for(std::chrono::nanoseconds span) { impl_->scheduler.run_for(span); }
std::chrono::nanoseconds World::now() const { return impl_->scheduler.now().time_since_epoch(); }

}  // namespace leat::sim
