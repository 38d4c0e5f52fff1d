#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <optional>

#include "client/remote.h"
#include "config/broker_config.h"
#include "sim/disk.h"
#include "sim/link.h"
#include "sim/scheduler.h"

namespace leat::client {
namespace {

using namespace std::chrono_literals;

/// A machine's connections; a machine that is dead says nothing any more, not even goodbye.
class Machine : public Channels {
 public:
  Machine(std::function<std::shared_ptr<protocol::Channel>()> connect) : connect_(std::move(connect)) {}
  std::shared_ptr<protocol::Channel> to_any() override {
    auto link = is_dead_ ? nullptr : connect_();
    if (link) links_.push_back(link);
    return link;
  }
  std::shared_ptr<protocol::Channel> to(const NodeAddress&) override { return to_any(); }
  void break_connections() {
    for (const auto& link : links_) link->close();
    links_.clear();
  }
  void die() {
    is_dead_ = true;
    break_connections();
  }

 private:
  const std::function<std::shared_ptr<protocol::Channel>()> connect_;
  std::list<std::shared_ptr<protocol::Channel>> links_;
  bool is_dead_ = false;
};

/// A broker, its clients and the network between them in virtual time.
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : scheduler(seed), entropy(seed + 1), disk(scheduler, {.seed = seed + 2}) {
    start();
    auto admin = remote(machine()).admin();
    admin.create_topic("t", {.partitions = 4}).value();
  }
  ~Simulation() { stop(); }

  void restart() {
    stop();
    start();
  }
  std::shared_ptr<Machine> machine() {
    return std::make_shared<Machine>([this] {
      return broker ? sim::Link::connect(broker, scheduler, {.seed = ++links}) : nullptr;
    });
  }
  Remote remote(std::shared_ptr<Machine> machine) { return Remote::over(std::move(machine), scheduler, scheduler, entropy); }
  void send(int count) {
    auto producer = remote(machine()).producer({.linger = 0s});
    for (int i = 0; i < count; ++i, ++sent)
      producer.send({.topic = "t", .value = std::to_string(sent), .partition = sent % 4});
    producer.flush().value();
  }

  sim::Scheduler scheduler;
  sim::SeededEntropy entropy;
  sim::Disk disk;
  std::shared_ptr<broker::Broker> broker;
  std::uint64_t links = 0;
  int sent = 0;

 private:
  void start() {
    const std::vector<config::Property> properties{{"log.dirs", "data", "test"}};
    auto config = config::BrokerConfig::parse(properties, config::Face::embedded).value();
    broker = broker::Broker::open({.executor = scheduler,
                                   .blocking = scheduler,
                                   .clock = scheduler,
                                   .entropy = entropy,
                                   .volume = disk},
                                  std::move(config))
                 .value();
  }
  void stop() {
    EXPECT_TRUE(broker->close());
    broker.reset();
    scheduler.run_ready();
  }
};

std::size_t total(const std::vector<Consumer*>& consumers) {
  std::size_t count = 0;
  for (const Consumer* consumer : consumers) count += consumer->assignment().size();
  return count;
}

/// Polls all in turn until it is so; how long that took, or nothing.
std::optional<Duration> poll_until(Simulation& world, const std::vector<Consumer*>& consumers,
                                   const std::function<bool()>& is_so) {
  const Instant begin = world.scheduler.now();
  while (world.scheduler.now() - begin < 30min) {
    if (is_so()) return world.scheduler.now() - begin;
    for (Consumer* consumer : consumers) (void)consumer->poll(100ms);
  }
  return std::nullopt;
}

TEST(GroupInSimulation, TheFirstPollOfAFreshBrokerIsNotLongInComing) {
  Simulation world(1);
  world.send(1);
  auto consumer = world.remote(world.machine()).consumer({.group = "billing"});
  consumer.subscribe({"t"});
  EXPECT_EQ(consumer.poll(100ms).value().size(), 1u);
  EXPECT_TRUE(consumer.commit());
}

TEST(GroupInSimulation, PollReturnsInItsTimeDuringARebalance) {
  Simulation world(2);
  auto a = world.remote(world.machine()).consumer({.group = "g"});
  a.subscribe({"t"});
  ASSERT_TRUE(poll_until(world, {&a}, [&] { return total({&a}) == 4; }));
  auto b = world.remote(world.machine()).consumer({.group = "g"});
  b.subscribe({"t"});
  for (int i = 0; i < 10; ++i) {
    const Instant begin = world.scheduler.now();
    EXPECT_TRUE(b.poll(50ms).value().empty()) << "a does not poll, and is waited for";
    EXPECT_LE(world.scheduler.now() - begin, 51ms);
  }
  EXPECT_TRUE(poll_until(world, {&a, &b}, [&] { return total({&a}) == 2 && total({&b}) == 2; }));
}

TEST(GroupInSimulation, WhoDiesIsReplacedAfterItsSession) {
  Simulation world(3);
  const auto doomed = world.machine();
  auto a = world.remote(doomed).consumer({.group = "g"});
  auto b = world.remote(world.machine()).consumer({.group = "g"});
  a.subscribe({"t"});
  b.subscribe({"t"});
  ASSERT_TRUE(poll_until(world, {&a, &b}, [&] { return total({&a}) == 2 && total({&b}) == 2; }));
  doomed->die();
  const auto taken_over = poll_until(world, {&b}, [&] { return total({&b}) == 4; });
  ASSERT_TRUE(taken_over);
  EXPECT_GE(*taken_over, 40s);
  EXPECT_LE(*taken_over, 60s);
}

TEST(GroupInSimulation, WhoDoesNotPollGivesItsPartitionsUp) {
  Simulation world(4);
  auto a = world.remote(world.machine()).consumer({.group = "g", .max_poll_interval = 60s});
  auto b = world.remote(world.machine()).consumer({.group = "g", .max_poll_interval = 60s});
  a.subscribe({"t"});
  b.subscribe({"t"});
  ASSERT_TRUE(poll_until(world, {&a, &b}, [&] { return total({&a}) == 2 && total({&b}) == 2; }));
  const auto taken_over = poll_until(world, {&b}, [&] { return total({&b}) == 4; });
  ASSERT_TRUE(taken_over);
  EXPECT_LE(*taken_over, 65s);
  EXPECT_EQ(a.commit().error().code, Errc::unknown_member_id);
  EXPECT_TRUE(poll_until(world, {&a, &b}, [&] { return total({&a}) == 2 && total({&b}) == 2; }));
}

TEST(GroupInSimulation, BrokenConnectionsAndARestartOfTheBrokerCostNobodyItsPlace) {
  Simulation world(5);
  const auto machine = world.machine();
  auto a = world.remote(machine).consumer({.group = "g"});
  a.subscribe({"t"});
  ASSERT_TRUE(poll_until(world, {&a}, [&] { return total({&a}) == 4; }));
  const auto before = a.group_metadata();
  int lost = 0;
  for (int round = 0; round < 4; ++round) {
    if (round % 2) world.restart();
    machine->break_connections();
    world.send(4);
    std::size_t count = 0;
    ASSERT_TRUE(poll_until(world, {}, [&] {
      const auto records = a.poll(1s);
      if (!records) ++lost;
      count += records.value().size();
      return count == 4;
    }));
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(a.poll(1s).value().empty());
    EXPECT_TRUE(a.commit());
  }
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(a.group_metadata().member_id, before.member_id);
  EXPECT_EQ(a.group_metadata().generation, before.generation);
}

// --- Any history ---------------------------------------------------------------------------------------------------

class AnyHistory : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, AnyHistory, testing::Range<std::uint64_t>(1, 41));

/// Members join, leave, fall silent, die and lose their connections, the broker restarts. Nobody who could still commit
/// reads what another reads, and in the end every record was read and committed.
TEST_P(AnyHistory, NoRecordIsMissedAndNoPartitionHasTwoReaders) {
  Simulation world(GetParam() * 100);
  sim::SeededEntropy dice(GetParam());
  const bool is_cooperative = GetParam() % 2;
  struct Reader {
    std::shared_ptr<Machine> machine;
    Consumer consumer;
  };
  std::list<Reader> readers;
  std::list<Reader> dead;
  std::set<std::string> read;
  const auto options = [&] {
    return ConsumerOptions{.group = "g",
                           .assignors = {is_cooperative ? Assignor::cooperative_sticky : Assignor::range},
                           .max_poll_interval = 60s,
                           .auto_commit = true};
  };
  const auto poll = [&](Reader& reader) {
    const auto records = reader.consumer.poll(50ms);
    if (records)
      for (const Record& record : *records) read.insert(record.value.to_string());
  };
  for (int step = 0; step < 120; ++step) {
    switch (dice.next() % 16) {
      case 0:
      case 1:
        if (readers.size() < 4) {
          auto machine = world.machine();
          auto consumer = world.remote(machine).consumer(options());
          consumer.subscribe({"t"});
          readers.push_back({std::move(machine), std::move(consumer)});
        }
        break;
      case 2:
        if (readers.size() > 1) {
          readers.front().consumer.close();
          readers.pop_front();
        }
        break;
      case 3:
        if (readers.size() > 1 && dice.next() % 3 == 0) {
          readers.front().machine->die();
          dead.splice(dead.end(), readers, readers.begin());
        }
        break;
      case 4:
        if (!readers.empty()) readers.back().machine->break_connections();
        break;
      case 5:
        if (dice.next() % 4 == 0) {
          world.restart();
          for (Reader& reader : readers) reader.machine->break_connections();
        }
        break;
      case 6:
        world.scheduler.run_for(std::chrono::seconds(dice.next() % 20));
        break;
      default:
        if (dice.next() % 4 == 0) world.send(5);
        for (Reader& reader : readers)
          if (dice.next() % 4) poll(reader);
    }
    std::map<TopicPartition, std::string> owners;
    for (Reader& reader : readers) {
      // Whoever was thrown out learns it from his next commit or poll.
      for (const TopicPartition& partition : reader.consumer.assignment()) {
        const auto position = reader.consumer.position(partition);
        if (!position || !reader.consumer.commit({{partition, {.offset = *position}}})) continue;
        EXPECT_TRUE(owners.emplace(partition, reader.consumer.group_metadata().member_id).second)
            << partition.to_string() << " at step " << step;
      }
    }
  }
  if (readers.empty()) return;
  std::vector<Consumer*> rest;
  for (Reader& reader : readers) rest.push_back(&reader.consumer);
  world.send(4);
  ASSERT_TRUE(poll_until(world, {}, [&] {
    for (Reader& reader : readers) poll(reader);
    return total(rest) == 4 && read.size() == static_cast<std::size_t>(world.sent);
  })) << read.size() << " of " << world.sent;
  for (Consumer* consumer : rest) consumer->close();
  auto late = world.remote(world.machine()).consumer(options());
  Offset committed = 0;
  const auto offsets = late.committed({{"t", 0}, {"t", 1}, {"t", 2}, {"t", 3}}).value();
  for (const auto& [partition, offset] : offsets) committed += offset.offset;
  EXPECT_EQ(committed, world.sent);
}

}  // namespace
}  // namespace leat::client
