#include <memory>

#include "broker/broker.h"
#include "log_fuzz.h"

using namespace leat;

namespace {

/// A whole broker in memory.
struct World {
  fuzz::Machine machine;
  sim::SeededEntropy entropy{2};
  std::shared_ptr<broker::Broker> broker;

  World() {
    const std::vector<config::Property> properties = {{"log.dirs", "data", "fuzz"},
                                                      {"socket.request.max.bytes", "1000000", "fuzz"}};
    broker = broker::Broker::open({.executor = machine.scheduler,
                                   .blocking = machine.scheduler,
                                   .clock = machine.scheduler,
                                   .entropy = entropy,
                                   .volume = machine.disk},
                                  config::BrokerConfig::parse(properties, config::Face::embedded).value())
                 .value();
  }
  ~World() {
    fuzz::require(broker->close().has_value(), "a broker that was abused stops cleanly");
    broker.reset();
    machine.scheduler.run_ready();
  }
};

}  // namespace

/// Frames of one client, or of a node to the controller, to a whole broker, each in its own memory.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A broker is dear, so it serves many inputs; what they create goes with it.
  static std::unique_ptr<World> world;
  static int served = 0;
  if (!world || ++served % 200 == 0) {
    world.reset();
    world = std::make_unique<World>();
  }
  fuzz::Input input(data, size);
  auto connection = world->broker->connect({.listener = size % 2 == 0 ? "PLAINTEXT" : "CONTROLLER", .peer = "fuzzer"},
                                           [](broker::Outgoing) {});
  for (int frames = 0; !input.empty() && frames < 20; ++frames) {
    auto frame = std::make_shared<std::vector<std::byte>>(input.part());
    connection->receive(*frame, frame);
    world->machine.scheduler.run_for(std::chrono::milliseconds(20));
  }
  connection->closed();
  world->machine.scheduler.run_for(std::chrono::milliseconds(1));
  return 0;
}
