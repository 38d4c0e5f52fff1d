#pragma once

#include <map>
#include <optional>
#include <set>
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
  bool is_retained = false;  ///< retention may take any of it
  std::size_t padding = 0;   ///< of each value, in bytes
};

/// Where a group may be in one topic: where it was acknowledged to be, and where it was asked to be since.
using OffsetPromise = std::set<Offset>;

/// A broker on a simulated disk, one idempotent producer for each topic, and what they were promised. Once the disk is in
/// trouble everything goes on being asked for; what is refused promises nothing.
///
/// The topic "bystander" is there from the beginning and is not touched by workloads: it is what goes on.
class PowerWorld : public World {
 public:
  explicit PowerWorld(std::uint64_t seed, const std::string& directories = "data");
  ~PowerWorld() override;

  // What workloads are made of:
  void create_topic(const std::string& topic, const Settings& configs = {}, std::size_t padding = 0);
  /// Retention may take what nobody has deleted.
  void retain(const std::string& topic) { promises_.at(topic).is_retained = true; }
  void alter_topic(const std::string& topic, const std::string& name, const std::string& value);
  void commit(const std::string& group, const std::string& topic, Offset offset);
  void delete_topic(const std::string& topic);
  void produce(const std::string& topic, int records = 1);
  void delete_records(const std::string& topic, Offset below);
  void consume(const std::string& topic);
  void pass(Duration time) { scheduler_.run_for(time); }
  void restart() override;
  /// kill -9; what was written stays. Not within a workload: it ends what the disk is to do.
  void die();
  void come_back() { (void)start(); }
  bool is_up() const { return broker_ != nullptr; }
  bool knows(const std::string& topic) const { return promises_.contains(topic); }

  /// The power goes, with all that runs on it, and comes back; the broker starts.
  void lose_power();
  /// Everything promised is there, and what was not answered can be sent again; a clean stop then leaves files that say the
  /// same of each other.
  void check();
  /// With the broker that met a failing call: who was not told of it is not answered well either, and others go on.
  void check_failure();
  /// What the broker said to its operator that was no information.
  const std::vector<std::string>& complaints() const { return complaints_; }
  /// Requests that were refused or not answered.
  int refusals() const { return refusals_; }

  sim::Disk& disk() { return disk_; }
  std::shared_ptr<protocol::Channel> channel() override { return sim::Link::connect(broker_, scheduler_, {}); }
  Executor& executor() override { return scheduler_; }
  TimestampMs wall_ms() override { return scheduler_.wall_ms(); }
  broker::Broker& broker() override { return *broker_; }

 private:
  using Records = std::vector<std::pair<Offset, std::string>>;

  Result<void> start();
  void check_files();
  void check_offsets();
  /// The answer, or nothing when there is none: no broker, no disk.
  template <class Response, class Request>
  std::optional<Response> ask(Request request, std::int16_t version);
  /// Sends one record; its offset when it was acknowledged.
  std::optional<Offset> send(const std::string& topic, const std::string& value, std::int32_t sequence);
  std::int16_t send_code(const std::string& topic, const std::string& value, std::int32_t sequence);
  void find_coordinator(const std::string& group);
  /// Nothing when there is no answer.
  std::optional<Offset> committed(const std::string& group, const std::string& topic);
  /// The log's start; nothing when there is no such topic.
  std::optional<Offset> start_of(const std::string& topic);
  Records read(const std::string& topic, Offset from);
  void check(const std::string& topic, Promise& promise);
  void send_again(const std::string& topic, Promise& promise);

  sim::Scheduler scheduler_;
  sim::SeededEntropy entropy_{7};
  sim::Disk disk_;
  std::shared_ptr<broker::Broker> broker_;
  const std::string directories_;
  std::map<std::string, Promise> promises_;
  std::map<std::pair<std::string, std::string>, OffsetPromise> offsets_;
  std::set<std::string> failed_;  // refused a record since the start
  std::vector<std::string> complaints_;
  int refusals_ = 0;
};

}  // namespace leat::test
