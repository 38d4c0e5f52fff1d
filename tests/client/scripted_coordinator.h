#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/channels.h"
#include "protocol/channel.h"
#include "sim/scheduler.h"

namespace leat::client {

/// One broker in virtual time that coordinates a group of one member, and does to its requests what a test tells it.
/// Topic "t" has `partitions`.
class ScriptedCoordinator : public Channels {
 public:
  explicit ScriptedCoordinator(sim::Scheduler& scheduler) : scheduler(scheduler) {}
  std::shared_ptr<protocol::Channel> to_any() override { return to({1, "", 0}); }
  std::shared_ptr<protocol::Channel> to(const NodeAddress& node) override;

  /// What the next requests of that name meet, each once: an error, or `lose`: the connection breaks, or `ignore`: no
  /// answer comes.
  static constexpr std::int16_t lose = 10'000, ignore = 10'001;
  void next(const std::string& name, std::int16_t fate) { fates[name].push_back(fate); }
  /// What has been asked of the coordinator since the last look: "join m1@4", with member id and generation.
  std::vector<std::string> take_log() { return std::exchange(log, {}); }

  sim::Scheduler& scheduler;
  std::map<std::string, std::int32_t> partitions{{"t", 3}};
  std::string leader = "m1";
  std::string protocol;  ///< empty: the member's first
  std::int32_t generation = 0;
  std::map<std::string, std::deque<std::int16_t>> fates;
  std::vector<std::string> log;
  /// The subscription of a second member, when there is one.
  std::vector<std::byte> other_subscription;
  std::vector<std::byte> last_subscription;
  std::map<std::string, std::vector<std::byte>> last_shares;

 private:
  friend class ScriptedChannel;
  protocol::AnyMessage answer(const protocol::Request& request, std::int16_t error);
  static std::string name_of(const protocol::Request& request);
};

}  // namespace leat::client
