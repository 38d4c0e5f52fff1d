#pragma once

#include <leat/admin.h>
#include <leat/consumer.h>
#include <leat/diagnostics.h>
#include <leat/export.h>
#include <leat/producer.h>
#include <leat/result.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace leat::sim {

struct WorldOptions {
  /// Decides all that chance decides: the order of what is ready at one instant, how late a frame comes, how long a sync
  /// takes, and what of unsynced bytes a power cut leaves. The same seed and the same calls give the same run.
  std::uint64_t seed = 1;
  /// Kafka's broker settings, as in `BrokerOptions`.
  std::map<std::string, std::string> settings = {};
  /// A frame between program and broker takes up to this long.
  std::chrono::nanoseconds network_delay_max = std::chrono::milliseconds(1);
  /// A sync takes up to this long.
  std::chrono::nanoseconds sync_delay_max = std::chrono::milliseconds(5);
  /// What the broker says to its operator.
  LogFunction log = {};
};

/// Two simulated machines for tests that replay from a seed: one runs a broker on a disk in memory, on the other runs your
/// program with its producers, consumers and admins, and a network is between them. It is the same code as outside; only
/// time, disk, network and chance are made.
///
/// Time is virtual. It moves while a call waits (`Receipt::get`, `Consumer::poll`, ...) and in `run_for`, jumps to what is
/// next, and costs nothing: a time-out of two minutes passes in microseconds.
/// Not simulated: clusters of more than one broker, transport in the kernel's sockets, your own code's threads, files
/// and clocks.
/// Threads: everything of a world, its clients' calls and callbacks included, belongs to one thread. None is started.
/// Worlds share nothing. Movable. Clients may outlive their world: their calls then fail with `closed`.
class LEAT_EXPORT World {
 public:
  /// The broker is off.
  explicit World(WorldOptions options = {});
  World(World&&) noexcept;
  World& operator=(World&&) noexcept;
  ~World();

  /// Opens the broker on what its disk has; does nothing while it is up. `invalid_config`, or what recovery says.
  Result<void> start();
  /// A clean stop, as `Broker::close`.
  Result<void> stop();
  /// Cuts the power: what no sync covered is kept, lost or torn, sector by sector, as the seed decides. Not from a callback.
  void crash();
  /// Ends the broker's process as kill -9 does: what was written stays. Not from a callback.
  void kill();
  bool is_up() const;

  /// Nothing arrives, either way, until `heal`; what is sent meanwhile waits, as with a cable pulled out.
  void partition();
  void heal();
  /// Breaks the connections there are, and what was on its way is lost.
  void disconnect();

  /// They live through crashes of the broker and find it again.
  Producer producer(ProducerOptions options = {});
  Consumer consumer(ConsumerOptions options = {});
  Admin admin(AdminOptions options = {});

  /// Lets virtual time pass and everything happen that is due in it.
  void run_for(std::chrono::nanoseconds span);
  /// Virtual time since the world began.
  std::chrono::nanoseconds now() const;

 private:
  struct LEAT_HIDDEN Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace leat::sim
