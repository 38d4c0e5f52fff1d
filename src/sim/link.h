#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "protocol/channel.h"
#include "sim/entropy.h"
#include "sim/path.h"
#include "sim/scheduler.h"

namespace leat::sim {

/// A Channel over a simulated connection: requests and responses are encoded to frames, travel in order along a Path, and
/// are decoded, so that everything but the kernel's sockets takes part.
/// To be used from the scheduler's thread.
class Link : public protocol::Channel, public std::enable_shared_from_this<Link> {
 public:
  struct Options {
    std::uint64_t seed = 1;
    Duration delay_max = std::chrono::milliseconds(1);
    std::string listener = "PLAINTEXT";
  };
  /// Nothing happens to its frames but a delay that the seed chooses.
  static std::shared_ptr<Link> connect(std::shared_ptr<broker::Broker> broker, Scheduler& scheduler, Options options);

  /// What lies at the two ends: each runs what arrives there on its own executor.
  struct Ends {
    std::shared_ptr<broker::Broker> broker;
    std::string listener;
    Executor& server;
    Executor& client;
  };
  static std::shared_ptr<Link> connect(Ends ends, Scheduler& network, std::shared_ptr<Path> path);

  void send(protocol::Request request, protocol::ResponseDone done) override;
  /// Breaks the connection: what is on its way is lost in both directions.
  void close() override;

 private:
  struct Waiting {
    std::int32_t correlation_id = 0;
    std::int16_t version = 0;
    const protocol::MessageSchema* response = nullptr;
    protocol::ResponseDone done;
  };
  Link(Ends ends, Scheduler& network, std::shared_ptr<Path> path);
  /// One direction: events may come in any order at one instant, frames come in the order they left.
  struct Direction {
    Path::Direction way;
    Executor& to;
    std::deque<std::function<void()>> under_way = {};
    Instant last = {};
  };
  void travel(Direction& direction, std::function<void()> arrive);
  void arrive_at(Instant when, Direction& direction);
  void echo(std::shared_ptr<std::vector<std::byte>> frame);
  std::shared_ptr<broker::Connection> open_connection(broker::Connection::Sink sink);
  void deliver(broker::Outgoing outgoing);
  void receive(std::vector<std::byte> frame);
  void fail(protocol::ResponseDone done, std::string why);

  std::shared_ptr<broker::Broker> broker_;  // until it closes
  const std::string listener_;
  Scheduler& network_;
  const std::shared_ptr<Path> path_;
  std::shared_ptr<broker::Connection> connection_;
  std::vector<std::shared_ptr<broker::Connection>> echoes_;
  Direction requests_, responses_;
  std::int32_t next_correlation_id_ = 0;
  std::deque<Waiting> waiting_;
  bool closed_ = false;
};

}  // namespace leat::sim
