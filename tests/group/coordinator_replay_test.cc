#include <gmock/gmock.h>

#include <random>
#include <sstream>

#include "clients.h"
#include "group/coordinator.h"

namespace leat::group {
namespace {

std::string text(const Payload& payload) {
  const Bytes bytes = payload.memory();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// All that can be asked about all groups.
std::string everything(Clients& clients) {
  std::ostringstream out;
  for (const auto& line : clients.list()) {
    out << line << '\n';
    const auto group = line.substr(0, line.find(' '));
    const auto described = clients.describe(group);
    out << described.protocol_data;
    for (const auto& member : described.members)
      out << ' ' << member.member_id << ' ' << member.client_id << member.client_host << ' '
          << text(member.member_metadata) << ' ' << text(member.member_assignment);
    out << '\n';
    for (const auto& topic : clients.fetch(group).topics)
      for (const auto& at : topic.partitions)
        out << topic.topic << '-' << at.partition << ' ' << at.offset << ' ' << at.leader_epoch << ' ' << at.metadata
            << '\n';
  }
  return out.str();
}

/// Random clients. Rebalances are seen through before anything is compared: those are in no record.
class Swarm {
 public:
  explicit Swarm(unsigned seed) : random_(seed) {}

  void step() {
    const auto group = "g" + std::to_string(pick(6));
    switch (pick(10)) {
      case 0: return join(group);
      case 1: return leave(group);
      case 2: clients.delete_group(group); return;
      case 3: clients.delete_offsets(group, {{topic(), {pick(4), pick(200)}}}); return;
      case 4: clients.run(TopicsDeleted{{topic()}}); return;
      case 5: clients.pass(std::chrono::minutes(pick(4) == 0 ? pick(3 * 24 * 60) : pick(2))); return;
      default: return commit(group);
    }
  }
  Clients clients;

 private:
  std::int32_t pick(std::int32_t below) { return static_cast<std::int32_t>(random_() % static_cast<unsigned>(below)); }
  std::string topic() { return "t" + std::to_string(pick(4)); }

  void join(const std::string& group) {
    if (clients.describe(group).members.empty()) members_[group] = clients.consume(group, {topic(), topic()});
  }
  void leave(const std::string& group) { clients.leave(group, members_[group].id); }
  void commit(const std::string& group) {
    auto event = clients.commit_event(group, {}, pick(2) == 0 ? Membership{} : members_[group]);
    if (pick(8) == 0) event.retention_ms = pick(100'000'000);
    for (int more = pick(5); more >= 0; --more)
      event.offsets.push_back({topic(), {}, pick(200), pick(1000), pick(3) - 1, std::string(pick(3), 'm')});
    clients.commit(event);
  }

  std::minstd_rand random_;
  std::map<std::string, Membership> members_;
};

class CoordinatorReplay : public testing::TestWithParam<unsigned> {};

TEST_P(CoordinatorReplay, GivesWhatThereWasLive) {  // G1
  Swarm swarm(GetParam());
  for (int step = 0; step < 400; ++step) {
    swarm.step();
    if (step % 20 != 0) continue;
    const auto live = everything(swarm.clients);
    const auto bytes = swarm.clients.coordinator->memory_bytes();
    swarm.clients.fail_over();
    ASSERT_EQ(everything(swarm.clients), live) << "step " << step;
    if (bytes == 0) {
      ASSERT_EQ(swarm.clients.coordinator->memory_bytes(), 0);
    }
  }
}

TEST_P(CoordinatorReplay, TheSameEventsGiveTheSameRecords) {
  Swarm one(GetParam()), other(GetParam());
  for (int step = 0; step < 200; ++step) {
    one.step();
    other.step();
  }
  ASSERT_EQ(one.clients.log.size(), other.clients.log.size());
  for (std::size_t at = 0; at < one.clients.log.size(); ++at) {
    ASSERT_EQ(one.clients.log[at].key, other.clients.log[at].key) << at;
    ASSERT_EQ(one.clients.log[at].value, other.clients.log[at].value) << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CoordinatorReplay, testing::Range(1u, 16u));

TEST(CoordinatorBulk, ManyOffsetsOfManyGroupsComeBack) {
  constexpr int groups = 100, partitions = 200;
  Clients clients;
  for (int group = 0; group < groups; ++group) {
    auto event = clients.commit_event("g" + std::to_string(group), {});
    for (int at = 0; at < partitions; ++at)
      event.offsets.push_back({"a topic with a longer name", {}, (at * 77) % partitions, group + at});
    clients.commit(std::move(event));
  }
  clients.fail_over();
  EXPECT_EQ(clients.coordinator->group_count(), groups);
  EXPECT_LT(clients.coordinator->memory_bytes(), groups * (partitions * 48 + 2000));
  for (int group = 0; group < groups; ++group) {
    const auto fetched = clients.fetch("g" + std::to_string(group));
    ASSERT_EQ(fetched.topics.size(), 1);
    ASSERT_EQ(fetched.topics[0].partitions.size(), partitions);
    for (int at = 0; at < partitions; ++at)
      ASSERT_EQ(fetched.topics[0].partitions[(at * 77) % partitions].offset, group + at);
  }
}

}  // namespace
}  // namespace leat::group
