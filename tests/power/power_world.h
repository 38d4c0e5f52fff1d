#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../broker/world.h"
#include "sim/disk.h"
#include "sim/entropy.h"
#include "sim/link.h"
#include "sim/scheduler.h"

namespace leat::test {

/// What one topic of one partition was promised to hold.
struct Promise {
  enum class Life { asked_for, there, asked_to_go, gone };
  Life life = Life::asked_for;
  /// Acknowledged, or read by a consumer: by offset.
  std::map<Offset, std::string> records;
  /// Sent and not answered well. Its producer waits: nothing else is sent until it was sent again.
  std::optional<std::string> pending;
  std::int32_t next_sequence = 0;
  Offset start = 0;      ///< acknowledged
  Offset start_max = 0;  ///< asked for
};

/// A broker on a simulated disk, one idempotent producer for each topic, and what they were promised. Once the disk is in
/// trouble everything goes on being asked for; what is refused promises nothing.
class PowerWorld : public World {
 public:
  explicit PowerWorld(std::uint64_t seed);
  ~PowerWorld() override;

  // What workloads are made of:
  void create_topic(const std::string& topic, const Settings& configs = {});
  void delete_topic(const std::string& topic);
  void produce(const std::string& topic, int records = 1);
  void delete_records(const std::string& topic, Offset below);
  void consume(const std::string& topic);
  void pass(Duration time) { scheduler_.run_for(time); }
  void restart() override;

  /// The power goes, with all that runs on it, and comes back; the broker starts.
  void lose_power();
  /// Everything promised is there, and what was not answered can be sent again.
  void check();

  sim::Disk& disk() { return disk_; }
  std::shared_ptr<protocol::Channel> channel() override { return sim::Link::connect(broker_, scheduler_, {}); }
  Executor& executor() override { return scheduler_; }
  TimestampMs wall_ms() override { return scheduler_.wall_ms(); }
  broker::Broker& broker() override { return *broker_; }

 private:
  using Records = std::vector<std::pair<Offset, std::string>>;

  Result<void> start();
  /// The answer, or nothing when there is none: no broker, no disk.
  template <class Response, class Request>
  std::optional<Response> ask(Request request, std::int16_t version);
  /// Sends one record; its offset when it was acknowledged.
  std::optional<Offset> send(const std::string& topic, const std::string& value, std::int32_t sequence);
  /// The log's start; nothing when there is no such topic.
  std::optional<Offset> start_of(const std::string& topic);
  Records read(const std::string& topic, Offset from);
  void check(const std::string& topic, Promise& promise);
  void send_again(const std::string& topic, Promise& promise);

  sim::Scheduler scheduler_;
  sim::SeededEntropy entropy_{7};
  sim::Disk disk_;
  std::shared_ptr<broker::Broker> broker_;
  std::map<std::string, Promise> promises_;
};

}  // namespace leat::test
