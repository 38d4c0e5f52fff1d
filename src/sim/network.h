#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "protocol/channel.h"
#include "sim/link.h"
#include "sim/machine.h"
#include "sim/scheduler.h"

namespace leat::sim {

/// The network between simulated machines. What a connection carries arrives in order or not at all, as with TCP; the
/// weather decides how late it comes, whether the connection breaks, and whether a request comes again from a connection
/// that its client has given up. Between two machines either way may be cut: what is under way waits there.
///
/// To be used from the scheduler's thread. Must outlive the machines' connectors and connections.
class Network {
 public:
  struct Weather {
    Duration delay_max = std::chrono::milliseconds(1);
    /// In a million frames: how many take up to `stall_max`, break their connection, come again up to `echo_max` later.
    std::uint64_t stalls = 0;
    Duration stall_max = std::chrono::seconds(1);
    std::uint64_t breaks = 0;
    std::uint64_t echoes = 0;
    Duration echo_max = std::chrono::seconds(5);
  };

  Network(Scheduler& scheduler, std::uint64_t seed);
  ~Network();

  void set_weather(Weather weather) { weather_ = weather; }

  /// `broker` on `machine` answers at host:port, as the named listener, until unplug(machine).
  void listen(const std::string& host, std::int32_t port, Machine& machine, std::shared_ptr<broker::Broker> broker,
              std::string listener);
  /// Nobody answers there any more, and all connections from and to the machine break.
  void unplug(const Machine& machine);

  /// What clients on `machine` reach others by.
  std::shared_ptr<protocol::Connector> connector(Machine& machine);

  /// Nothing that `from` sends arrives at `to` until it is healed.
  void cut(const Machine& from, const Machine& to) { cuts_.insert({&from, &to}); }
  void heal(const Machine& from, const Machine& to) { cuts_.erase({&from, &to}); }
  void heal() { cuts_.clear(); }
  /// Breaks all connections between the two.
  void reset(const Machine& one, const Machine& other);

 private:
  class Route;
  class MachineConnector;
  struct Listener {
    Machine& machine;
    std::shared_ptr<broker::Broker> broker;
    std::string name;
  };
  struct Open {
    const Machine* from;
    const Machine* to;
    std::weak_ptr<Link> link;
  };
  std::shared_ptr<protocol::Channel> connect(Machine& from, const std::string& host, std::int32_t port);
  void close_where(const std::function<bool(const Open&)>& which);
  Duration delay();
  bool happens(std::uint64_t in_a_million) { return entropy_.chance(in_a_million, 1'000'000); }
  Duration up_to(Duration most) { return Duration(entropy_.below(static_cast<std::uint64_t>(most.count()) + 1)); }

  Scheduler& scheduler_;
  SeededEntropy entropy_;
  Weather weather_;
  std::map<std::pair<std::string, std::int32_t>, Listener> listeners_;
  std::set<std::pair<const Machine*, const Machine*>> cuts_;
  std::vector<Open> open_;
};

}  // namespace leat::sim
