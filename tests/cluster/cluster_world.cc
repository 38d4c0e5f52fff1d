#include "cluster_world.h"

#include "protocol/messages/find_coordinator.h"

namespace leat::cluster {
namespace {

std::string host_of(NodeId id) { return "n" + std::to_string(id); }
constexpr std::int32_t clients_port = 9092, controller_port = 9093;

}  // namespace

Result<void> ClusterWorld::try_start(NodeId id) {
  auto& slot = nodes_[id];
  if (!slot) slot = std::make_unique<Node>(scheduler, host_of(id), seed_ * 100 + static_cast<std::uint64_t>(id));
  Node& node = *slot;
  std::vector<config::Property> properties{{"node.id", std::to_string(id), "test"}, {"log.dirs", "data", "test"}};
  const std::string clients = "PLAINTEXT://" + host_of(id) + ":" + std::to_string(clients_port);
  const std::string controller = "CONTROLLER://" + host_of(1) + ":" + std::to_string(controller_port);
  if (id == 1) {
    properties.push_back({"listeners", clients + "," + controller, "test"});
  } else {
    properties.push_back({"process.roles", "broker", "test"});
    properties.push_back({"listeners", clients, "test"});
    properties.push_back({"controller.quorum.bootstrap.servers", host_of(1) + ":" + std::to_string(controller_port), "test"});
  }
  if (has_racks) properties.push_back({"broker.rack", "r" + std::to_string(id), "test"});
  properties.insert(properties.end(), settings.begin(), settings.end());
  auto config = config::BrokerConfig::parse(properties, config::Face::embedded);
  if (!config) return std::move(config).error();
  node.machine.start();
  node.connector = network.connector(node.machine);
  auto opened = broker::Broker::open(
      {.executor = node.machine,
       .blocking = node.machine,
       .clock = node.machine,
       .entropy = entropy,
       .volume = node.disk,
       .diagnostics = {.log = [&node](LogLevel, std::string_view line) { node.said.emplace_back(line); }},
       .connector = node.connector.get()},
      std::move(*config));
  if (!opened) {
    node.machine.kill();
    node.disk.kill_process();
    return std::move(opened).error();
  }
  node.broker = std::move(*opened);
  network.listen(host_of(id), clients_port, node.machine, node.broker, "PLAINTEXT");
  if (id == 1) network.listen(host_of(id), controller_port, node.machine, node.broker, "CONTROLLER");
  return {};
}

void ClusterWorld::stop(NodeId id) {
  Node& node = *nodes_.at(id);
  if (!node.broker) return;
  node.broker->give_up_leaderships();
  network.unplug(node.machine);
  EXPECT_TRUE(node.broker->close());
  node.broker.reset();
  scheduler.run_ready();
  node.machine.kill();
}

void ClusterWorld::end(NodeId id, void (sim::Disk::*what_happens)()) {
  Node& node = *nodes_.at(id);
  node.disk.crash_at(0);
  network.unplug(node.machine);
  // With nobody to tell and no disk to write to, this only lets go of what the broker has.
  (void)node.broker->close();
  node.broker.reset();
  node.machine.kill();
  (node.disk.*what_happens)();
}

client::Remote ClusterWorld::clients() {
  std::vector<client::NodeAddress> bootstrap;
  for (const auto& [id, node] : nodes_) bootstrap.push_back({.host = host_of(id), .port = clients_port});
  return clients_of(std::move(bootstrap));
}

client::Remote ClusterWorld::clients_of(NodeId id) { return clients_of({{.host = host_of(id), .port = clients_port}}); }

client::Remote ClusterWorld::clients_of(std::vector<client::NodeAddress> bootstrap) {
  return client::Remote::over(std::make_shared<client::ConnectorChannels>(std::move(bootstrap), *clients_connector_), clients_,
                              clients_, entropy);
}

NodeId ClusterWorld::coordinator_of(const std::string& group) {
  auto reply = clients().request(protocol::FindCoordinatorRequest::schema(), [&](std::int16_t) {
    protocol::FindCoordinatorRequest request;
    request.coordinator_keys = {group};
    return protocol::AnyMessage(std::move(request));
  });
  if (!reply) return no_node;
  return reply->message.get_if<protocol::FindCoordinatorResponse>()->coordinators.at(0).node_id;
}

}  // namespace leat::cluster
