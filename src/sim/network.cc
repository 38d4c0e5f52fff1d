#include "sim/network.h"

namespace leat::sim {
namespace {

/// What a connection is to an address where nobody listens.
class Refused final : public protocol::Channel {
 public:
  Refused(Executor& executor, std::string address) : executor_(executor), address_(std::move(address)) {}
  void send(protocol::Request, protocol::ResponseDone done) override {
    executor_.post([done = std::move(done), why = "nobody listens at " + address_] {
      done(Error{Errc::disconnected, why});
    });
  }
  void close() override {}

 private:
  Executor& executor_;
  const std::string address_;
};

}  // namespace

/// From a client's machine to a server's, and back.
class Network::Route final : public Path {
 public:
  Route(Network& network, const Machine& client, const Machine& server)
      : network_(network), client_(client), server_(server) {}

  Duration delay(Direction) override { return network_.delay(); }
  bool is_cut(Direction direction) const override {
    return network_.cuts_.contains(direction == Direction::request ? std::pair(&client_, &server_)
                                                                   : std::pair(&server_, &client_));
  }
  bool breaks() override { return network_.happens(network_.weather_.breaks); }
  Duration echo() override {
    return network_.happens(network_.weather_.echoes) ? network_.up_to(network_.weather_.echo_max) : Duration(-1);
  }

 private:
  Network& network_;
  const Machine& client_;
  const Machine& server_;
};

class Network::MachineConnector final : public protocol::Connector {
 public:
  MachineConnector(Network& network, Machine& machine) : network_(network), machine_(machine) {}
  std::shared_ptr<protocol::Channel> connect(const std::string& host, std::int32_t port) override {
    return network_.connect(machine_, host, port);
  }

 private:
  Network& network_;
  Machine& machine_;
};

Network::Network(Scheduler& scheduler, std::uint64_t seed) : scheduler_(scheduler), entropy_(seed) {}
Network::~Network() {
  close_where([](const Open&) { return true; });
}

void Network::listen(const std::string& host, std::int32_t port, Machine& machine,
                     std::shared_ptr<broker::Broker> broker, std::string listener) {
  listeners_.erase({host, port});
  listeners_.insert({{host, port}, Listener{machine, std::move(broker), std::move(listener)}});
}

void Network::unplug(const Machine& machine) {
  std::erase_if(listeners_, [&](const auto& entry) { return &entry.second.machine == &machine; });
  close_where([&](const Open& open) { return open.from == &machine || open.to == &machine; });
}

void Network::reset(const Machine& one, const Machine& other) {
  close_where([&](const Open& open) {
    return (open.from == &one && open.to == &other) || (open.from == &other && open.to == &one);
  });
}

void Network::close_where(const std::function<bool(const Open&)>& which) {
  std::vector<std::shared_ptr<Link>> closing;
  std::erase_if(open_, [&](const Open& open) {
    auto link = open.link.lock();
    if (link && !which(open)) return false;
    if (link) closing.push_back(std::move(link));
    return true;
  });
  for (const auto& link : closing) link->close();
}

std::shared_ptr<protocol::Connector> Network::connector(Machine& machine) {
  return std::make_shared<MachineConnector>(*this, machine);
}

std::shared_ptr<protocol::Channel> Network::connect(Machine& from, const std::string& host, std::int32_t port) {
  const auto found = listeners_.find({host, port});
  if (found == listeners_.end()) return std::make_shared<Refused>(from, host + ":" + std::to_string(port));
  Listener& to = found->second;
  auto link = Link::connect({to.broker, to.name, to.machine, from}, scheduler_,
                            std::make_shared<Route>(*this, from, to.machine));
  open_.push_back({&from, &to.machine, link});
  return link;
}

Duration Network::delay() {
  return up_to(happens(weather_.stalls) ? weather_.stall_max : weather_.delay_max);
}

}  // namespace leat::sim
