#include <algorithm>
#include <cstdlib>
#include <deque>
#include <set>

#include "cluster_world.h"
#include "sim/history.h"

/// Three nodes, producers and consumers, and whatever a seed does to them: kills, power cuts, pauses, cut links, bad weather,
/// clean stops. Afterwards every promise must have been kept (sim/history.h), and the replicas hold the same bytes.
///
/// LEAT_SEEDS=FIRST-LAST runs other seeds.
namespace leat::cluster {
namespace {

constexpr int nodes = 3;
constexpr std::int32_t partitions = 3;
constexpr int faults_wanted = 12;
constexpr std::size_t acknowledged_wanted = 1000;
constexpr std::uint64_t never = std::uint64_t{1} << 62;

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : world_(seed), entropy_(seed + 77) {
    world_.settings = {{"min.insync.replicas", "2", "test"},
                       {"offsets.topic.replication.factor", "3", "test"},
                       {"broker.session.timeout.ms", "3000", "test"},
                       {"broker.heartbeat.interval.ms", "500", "test"},
                       {"replica.lag.time.max.ms", "2000", "test"},
                       {"replica.socket.timeout.ms", "2000", "test"},
                       {"controller.socket.timeout.ms", "2000", "test"},
                       {"initial.broker.registration.timeout.ms", "10000", "test"}};
    world_.start_all(nodes);
    world_.admin().create_topic("t", {.partitions = partitions, .replication_factor = 3}).value();
    for (int i = 0; i < 2; ++i)
      producers_.push_back({"producer " + std::to_string(i), sim::History::Kind::idempotent,
                            world_.clients().producer({.linger = 1ms, .delivery_timeout = 20s}), {}});
    producers_.push_back({"plain producer", sim::History::Kind::plain,
                          world_.clients().producer({.linger = 1ms, .delivery_timeout = 20s, .idempotence = false}), {}});
    for (int i = 0; i < 2; ++i) {
      consumers_.push_back({"consumer " + std::to_string(i), world_.clients().consumer({.default_api_timeout = 1s})});
      std::vector<TopicPartition> all;
      for (std::int32_t p = 0; p < partitions; ++p) all.push_back({"t", p});
      (void)consumers_.back().client.assign(all);
    }
  }

  void run() {
    while (faults_ < faults_wanted || history_.acknowledged_writes() < acknowledged_wanted) {
      produce();
      if (chance(3)) consume();
      if (chance(4)) disturb();
      world_.scheduler.run_for(std::chrono::milliseconds(below(200)));
      if (++steps_ > 5000) return say("no progress: " + std::to_string(history_.acknowledged_writes()) + " acknowledged");
    }
    settle();
    judge();
  }

  const std::vector<std::string>& faults() const { return said_; }
  const std::string& story() const { return story_; }

 private:
  struct Producing {
    std::string name;
    sim::History::Kind kind;
    Producer client;
    std::set<TopicPartition> given_up;
  };
  struct Consuming {
    std::string name;
    Consumer client;
  };
  std::uint64_t below(std::uint64_t n) { return entropy_.below(n); }
  bool chance(std::uint64_t one_in) { return below(one_in) == 0; }
  void say(std::string fault) { said_.push_back(std::move(fault)); }
  void tell(const std::string& what) {
    story_ += std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(world_.scheduler.now().time_since_epoch()).count()) +
              " ms: " + what + "\n";
  }

  void produce() {
    for (Producing& producer : producers_)
      for (std::uint64_t count = below(8); count > 0; --count) {
        const TopicPartition partition{"t", static_cast<std::int32_t>(below(partitions))};
        const std::string value = std::to_string(++last_value_);
        const auto write = history_.sent(producer.name, producer.kind, partition, value);
        producer.client.send({.topic = "t", .value = value, .partition = partition.partition},
                             [this, write](const Result<RecordPosition>& where) {
                               if (where) history_.acknowledged(write, where->offset);
                             });
      }
  }

  void consume() {
    for (Consuming& consumer : consumers_) {
      const auto records = consumer.client.poll(10ms);
      if (!records) continue;
      for (const auto& record : *records)
        history_.read(consumer.name, {std::string(record.topic), record.partition}, record.offset, record.value.to_string());
    }
  }

  NodeId any() { return static_cast<NodeId>(1 + below(nodes)); }

  /// A node that is down, or one whose disk has failed it: a log that has failed stands still until its broker is started
  /// again. False when there is none.
  bool mend() {
    for (NodeId id = 1; id <= nodes; ++id) {
      if (world_.is_up(id) && !disk_has_failed(id)) continue;
      resume_all();  // a start waits for the others
      if (world_.is_up(id)) world_.kill(id);
      failing_.erase(id);
      tell("start " + std::to_string(id));
      if (const auto started = world_.try_start(id); !started) tell("  " + started.error().to_string());
      return true;
    }
    return false;
  }

  bool disk_has_failed(NodeId id) {
    return world_.is_up(id) && failing_.contains(id) && world_.node(id).disk.fault_fired();
  }

  void disturb() {
    if (chance(2) && mend()) return;
    const NodeId id = any(), other = any();
    ClusterWorld::Node& node = world_.node(id);
    switch (below(9)) {
      case 0:
      case 1:
      case 2:
        if (!world_.is_up(id)) return;
        if (node.machine.is_paused()) resume(id);
        if (chance(3)) {
          tell("kill " + std::to_string(id));
          world_.kill(id);
        } else {
          tell("power cut at " + std::to_string(id));
          world_.crash(id);
        }
        break;
      case 3:
        if (node.machine.is_paused() || !world_.is_up(id)) return;
        tell("pause " + std::to_string(id));
        node.machine.pause();
        break;
      case 4:
        resume_all();
        return;
      case 5:
        if (id == other) return;
        tell("cut " + std::to_string(id) + " to " + std::to_string(other));
        world_.network.cut(node.machine, world_.node(other).machine);
        if (chance(2)) world_.network.cut(world_.node(other).machine, node.machine);
        break;
      case 6:
        tell("heal");
        world_.network.heal();
        return;
      case 7:
        tell("weather");
        world_.network.set_weather({.delay_max = std::chrono::milliseconds(1 + below(20)),
                                    .stalls = below(3000),
                                    .breaks = below(3000),
                                    .echoes = below(2000)});
        break;
      case 8:
        if (!world_.is_up(id) || failing_.contains(id)) return;
        tell("a call to the disk of " + std::to_string(id) + " fails");
        node.disk.fail_nth(1 + below(50), chance(2) ? Errc::io_error : Errc::disk_full);
        failing_.insert(id);
        break;
    }
    ++faults_;
  }

  int down() const {
    int count = 0;
    for (NodeId id = 1; id <= nodes; ++id) count += !world_.is_up(id);
    return count;
  }
  void resume(NodeId id) {
    if (!world_.node(id).machine.is_paused()) return;
    tell("resume " + std::to_string(id));
    world_.node(id).machine.resume();
  }
  void resume_all() {
    for (NodeId id = 1; id <= nodes; ++id) resume(id);
  }

  void settle() {
    tell("settle");
    resume_all();
    world_.network.heal();
    world_.network.set_weather({});
    for (NodeId id = 1; id <= nodes; ++id) {
      if (disk_has_failed(id)) world_.kill(id);
      world_.node(id).disk.fail_nth(never);
    }
    for (int tries = 0; tries < 10 && down() > 0; ++tries)
      for (NodeId id = 1; id <= nodes; ++id)
        if (!world_.is_up(id))
          if (const auto started = world_.try_start(id); !started) tell("  " + started.error().to_string());
    if (down() > 0) return say("a node does not start any more");
    for (Producing& producer : producers_) (void)producer.client.flush(60s);
    for (int i = 0; i < 600 && !is_in_sync(); ++i) world_.scheduler.run_for(100ms);
    if (!is_in_sync()) say("a minute after the last fault not all replicas are in sync");
    world_.scheduler.run_for(2s);
  }

  bool is_in_sync() {
    const auto topic = world_.admin().describe_topic("t");
    return topic && std::ranges::all_of(topic->partitions, [](const PartitionDescription& partition) {
             return partition.leader != no_node && partition.in_sync_replicas.size() == nodes;
           });
  }

  void judge() {
    std::map<TopicPartition, sim::History::Log> logs;
    auto reader = world_.clients().consumer();
    for (std::int32_t p = 0; p < partitions; ++p) {
      const TopicPartition id{"t", p};
      auto& log = logs[id];
      (void)reader.assign({id});
      const auto ends = reader.end_offsets({id});
      if (!ends) return say("the end of a partition is not told: " + ends.error().to_string());
      const std::int64_t end = ends->at(id);
      for (int polls = 0; polls < 1000; ++polls) {
        const auto position = reader.position(id);
        if (position && *position >= end) break;
        const auto records = reader.poll(1s);
        if (!records) continue;
        for (const auto& record : *records) log[record.offset] = record.value.to_string();
      }
      const std::string first = segments_of(1, p);
      for (NodeId other = 2; other <= nodes; ++other)
        if (segments_of(other, p) != first)
          say("the replicas of partition " + std::to_string(p) + " on 1 and " + std::to_string(other) + " differ");
    }
    for (std::string& fault : history_.faults(logs)) say(std::move(fault));
  }

  std::string segments_of(NodeId id, std::int32_t partition) {
    sim::Disk& disk = world_.node(id).disk;
    const std::string directory = "data/t-" + std::to_string(partition);
    std::string all;
    for (const auto& entry : disk.list(directory).value())
      if (entry.name.ends_with(".log")) all += io::read_text(disk, directory + "/" + entry.name).value();
    return all;
  }

  ClusterWorld world_;
  sim::SeededEntropy entropy_;
  sim::History history_;
  std::deque<Producing> producers_;
  std::deque<Consuming> consumers_;
  std::set<NodeId> failing_;  // whose disk is to fail, or has
  std::int64_t last_value_ = 0;
  int faults_ = 0, steps_ = 0;
  std::vector<std::string> said_;
  std::string story_;
};

struct Seeds {
  std::uint64_t first, last;
};

Seeds seeds() {
  const char* text = std::getenv("LEAT_SEEDS");
  if (!text) return {1, 20};
  char* end = nullptr;
  const std::uint64_t first = std::strtoull(text, &end, 10);
  return {first, *end == '-' ? std::strtoull(end + 1, nullptr, 10) : first};
}

TEST(ClusterChaos, NoPromiseIsBroken) {
  const Seeds range = seeds();
  for (std::uint64_t seed = range.first; seed <= range.last; ++seed) {
    Chaos chaos(seed);
    chaos.run();
    if (chaos.faults().empty()) continue;
    for (const std::string& fault : chaos.faults()) ADD_FAILURE() << fault;
    FAIL() << "seed " << seed << "; replay: LEAT_SEEDS=" << seed << " build/release/bin/test_cluster --gtest_filter='ClusterChaos*'\n"
           << chaos.story();
  }
}

}  // namespace
}  // namespace leat::cluster
