#include <algorithm>
#include <random>

#include "group_driver.h"

namespace leat::group {
namespace {

using namespace std::chrono_literals;

/// A client that follows the protocol, but at its own pace: it may stall, vanish, retry or restart at any time.
struct Client {
  std::optional<std::string> instance;
  std::int16_t version = 9;
  std::string id = "";
  std::int32_t generation = -1;
  bool leads = false;
  std::vector<std::string> members = {};  ///< as told to the leader
  std::optional<Ticket> join = {};
  std::optional<Ticket> sync = {};
};

/// Any sequence of what clients do. After every step:
///   R1 generations never decrease, and only one member leads one.
///   R2 what a member is assigned in a generation is what the leader of that generation gave it.
///   R3 the records give again what the last of them said.
/// And once clients are gone: R4 every ticket was answered, and the group is empty.
class Trial {
 public:
  explicit Trial(std::uint32_t seed) : random_(seed) {
    for (int i = 0; i < 3; ++i) clients_.push_back({.instance = {}, .version = i == 0 ? std::int16_t{3} : std::int16_t{9}});
    for (int i = 0; i < 3; ++i)
      clients_.push_back({.instance = "i" + std::to_string(i / 2), .version = i == 0 ? std::int16_t{8} : std::int16_t{9}});
  }

  void run() {
    for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) {
      act();
      collect();
      check();
    }
    driver_.pass(20min);
    collect();
    check();
    EXPECT_TRUE(driver_.open_tickets().empty()) << "R4";
    EXPECT_EQ(driver_.group.state(), GroupState::empty);
    EXPECT_EQ(driver_.group.next_deadline(), Instant::max());
  }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  void act() {
    Client& client = clients_[below(static_cast<unsigned>(clients_.size()))];
    switch (below(12)) {
      case 0: case 1: case 2: case 3: return join(client);
      case 4: case 5: case 6: return sync(client);
      case 7: driver_.heartbeat(client.id, client.generation, client.instance); return;
      case 8: return driver_.pass(GroupDriver::ms(below(2500)));
      case 9:
        if (below(4) == 0) driver_.pass(GroupDriver::ms(below(60'000)));
        return;
      case 10:
        if (below(4) == 0) driver_.leave_all({{client.id, client.instance, {}}});
        return;
      default:
        if (below(4) == 0) client = {.instance = client.instance, .version = client.version};
        driver_.commit(client.id, client.generation, client.instance);
    }
  }

  void join(Client& client) {
    Protocols protocols{{"range", below(6) == 0 ? "changed" : "meta"}, {"sticky", "s"}};
    if (below(4) == 0) std::swap(protocols[0], protocols[1]);
    if (below(12) == 0) protocols.erase(protocols.begin());
    client.join = driver_.join({.member = client.id,
                                .instance = client.instance,
                                .protocols = protocols,
                                .version = client.version,
                                .session_ms = 6000 + static_cast<int>(below(20'000)),
                                .rebalance_ms = static_cast<int>(below(30'000))});
    asked_joins_[*client.join] = &client;
  }

  void sync(Client& client) {
    SyncArgs args{.member = client.id, .generation = client.generation, .instance = client.instance, .version = 4};
    if (client.leads)
      for (const auto& id : client.members)
        if (below(20) != 0) args.assignments[id] = id + "@" + std::to_string(client.generation) + std::string(below(50), '.');
    const bool was_completing = driver_.group.state() == GroupState::completing_rebalance;
    client.sync = driver_.sync(args);
    asked_syncs_[*client.sync] = {client.id, client.generation};
    if (client.leads && was_completing && driver_.group.state() == GroupState::stable)
      given_[client.generation] = args.assignments;
  }

  void collect() {
    for (auto at = asked_joins_.begin(); at != asked_joins_.end();) {
      if (!driver_.is_answered(at->first)) {
        ++at;
        continue;
      }
      const bool latest = at->second->join == at->first;
      joined(*at->second, latest, driver_.joined(at->first));
      at = asked_joins_.erase(at);
    }
    for (auto at = asked_syncs_.begin(); at != asked_syncs_.end();) {
      if (!driver_.is_answered(at->first)) {
        ++at;
        continue;
      }
      synced(at->second.first, at->second.second, driver_.synced(at->first));
      at = asked_syncs_.erase(at);
    }
  }

  void joined(Client& client, bool latest, const GroupDriver::JoinResponse& response) {
    const Errc error{response.error_code};
    if (error == Errc::none) {
      // Only a leader is told who the members are, and no generation has two, but for one that restarted.
      if (!response.members.empty()) {
        const auto [at, first] = leaders_.emplace(response.generation_id, response.member_id);
        EXPECT_TRUE(first || response.skip_assignment || at->second == response.member_id) << "R1";
        EXPECT_EQ(response.leader, response.member_id);
      }
    }
    if (!latest) return;
    client.join.reset();
    if (error == Errc::none) {
      client.id = response.member_id;
      client.generation = response.generation_id;
      client.leads = response.leader == response.member_id && !response.skip_assignment;
      client.members.clear();
      for (const auto& one : response.members) client.members.push_back(one.member_id);
    } else if (error == Errc::member_id_required) {
      client.id = response.member_id;
    } else if (error != Errc::rebalance_in_progress) {
      client.id.clear();
      client.generation = -1;
    }
  }

  void synced(const std::string& id, std::int32_t generation, const GroupDriver::SyncResponse& response) {
    if (Errc{response.error_code} != Errc::none) {
      EXPECT_TRUE(response.assignment.empty());
      return;
    }
    ASSERT_TRUE(given_.contains(generation)) << "R2: nobody has assigned anything";
    const auto text = response.assignment.memory().to_string();
    const auto& given = given_[generation];
    const auto found = given.find(id);
    // A static member that restarted has what its older id was given.
    const bool inherited =
        std::any_of(given.begin(), given.end(), [&](const auto& one) { return one.second == text; });
    EXPECT_TRUE(found != given.end() ? text == found->second : text.empty() || inherited) << "R2";
  }

  void check() {
    EXPECT_GE(driver_.group.generation(), generation_) << "R1";
    generation_ = driver_.group.generation();
    if (driver_.records.empty()) return;
    const ClassicGroup again = driver_.replayed();
    const auto& last = *driver_.records.back().value;
    EXPECT_EQ(again.generation(), last.generation) << "R3";
    EXPECT_LE(last.generation, generation_) << "R3";
    if (driver_.group.state() != GroupState::stable && driver_.group.state() != GroupState::empty) return;
    EXPECT_EQ(again.generation(), generation_) << "R3";
    EXPECT_EQ(again.state(), driver_.group.state()) << "R3";
    protocol::DescribeGroupsResponse live{0, {{}}};
    protocol::DescribeGroupsResponse replayed{0, {{}}};
    driver_.group.describe(live.groups[0]);
    again.describe(replayed.groups[0]);
    EXPECT_EQ(protocol::to_json(live, 6), protocol::to_json(replayed, 6)) << "R3";
  }

  std::mt19937 random_;
  GroupDriver driver_{Settings{.max_size = 5, .max_record_bytes = 700}};
  std::vector<Client> clients_;
  std::map<Ticket, Client*> asked_joins_;
  std::map<Ticket, std::pair<std::string, std::int32_t>> asked_syncs_;
  std::map<std::int32_t, std::string> leaders_;
  std::map<std::int32_t, Assignments> given_;
  std::int32_t generation_ = 0;
};

TEST(ClassicGroupRandom, WhateverClientsDoOneGenerationIsAssignedByOneLeaderAndEverybodyIsAnswered) {
  for (std::uint32_t seed = 1; seed <= 150 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trial(seed).run();
  }
}

}  // namespace
}  // namespace leat::group
