#include "cluster_fixture.h"
#include "metadata/alter_partition.h"
#include "metadata/broker_fencing.h"
#include "metadata/broker_heartbeat.h"
#include "metadata/broker_registration.h"
#include "metadata/broker_sessions.h"
#include "metadata/elect_leaders.h"
#include "metadata/features.h"
#include "metadata/reassignment.h"
#include "sim/entropy.h"

namespace leat::metadata {
namespace {

/// Four brokers that come, go and lose what they had, and the active controller's decisions, in virtual time. Records are
/// numbers: a replica holds all below its own. One is acknowledged when the whole ISR, of two or more, holds it.
class Life : private Cluster {
 public:
  explicit Life(std::uint64_t seed) : entropy_(seed) {
    set_config(4, "", "min.insync.replicas", "2");
    for (NodeId id : ids) register_broker(id, std::nullopt);
    for (NodeId id : ids) heartbeat(id);
    put_topic("t", {replicas({1, 2, 3}), replicas({2, 3, 4}), replicas({3, 4, 1}), replicas({4, 2, 1})});
  }

  void step() {
    now_ += std::chrono::milliseconds(below(1500));
    switch (below(12)) {
      case 0: stop(node()); break;
      case 1: start(node()); break;
      case 2: brokers_[node()].want_shut_down = true; break;
      case 3: reassign(); break;
      case 4: take(decide_preferred_leaders(image(), {})); break;
      case 5:
      case 6: propose_isr(static_cast<std::int32_t>(below(4))); break;
      default: write(static_cast<std::int32_t>(below(4)));
    }
    for (NodeId id : ids)
      if (below(5) != 0) heartbeat(id);
    fence_expired();
  }

  void quiet() {
    for (int i = 0; i < 40; ++i) {
      now_ += std::chrono::seconds(2);
      for (NodeId id : ids) {
        start(id);
        heartbeat(id);
      }
      for (std::int32_t index = 0; index < 4; ++index) {
        write(index);
        propose_isr(index);
      }
    }
  }

  void expect_invariants() const {
    for (const auto& [index, partition] : image().topic("t")->partitions) {
      const std::string where = std::to_string(index) + ": " + show(partition);
      const Nodes &isr = partition.isr, &elr = partition.eligible_leader_replicas;
      ASSERT_TRUE(partition.leader == no_node || has(isr, partition.leader)) << "LeaderInIsr " << where;
      ASSERT_TRUE(has_all(partition.replicas, isr) && has_all(partition.replicas, elr)) << "LeaderInIsr " << where;
      ASSERT_EQ(without(isr, elr), isr) << "LeaderInIsr " << where;
      for (NodeId id : isr) {
        const BrokerImage& broker = image().brokers.at(id);
        ASSERT_FALSE(broker.fenced || broker.in_controlled_shutdown) << "IsrIsLive " << where;
      }
      if (isr.empty()) continue;
      for (const Nodes& nodes : {isr, elr})
        for (NodeId id : nodes)
          ASSERT_TRUE(brokers_.at(id).has_lost || holds(index, id) >= acknowledged_.at(index))
              << "ElectableHasAll " << id << " of " << where;
    }
  }
  void expect_all_led_and_in_sync() const {
    for (const auto& [index, partition] : image().topic("t")->partitions) {
      EXPECT_NE(partition.leader, no_node) << show(partition);
      EXPECT_EQ(partition.isr.size(), partition.replicas.size()) << show(partition);
      EXPECT_TRUE(partition.adding_replicas.empty()) << show(partition);
    }
  }

 private:
  static constexpr NodeId ids[] = {1, 2, 3, 4};
  struct Broker {
    bool up = true, want_shut_down = false;
    bool has_lost = false;  ///< what it had is gone, and no controller has heard of that yet
    std::optional<std::int64_t> clean_epoch;
  };

  std::uint64_t below(std::uint64_t bound) { return entropy_.next() % bound; }
  NodeId node() { return static_cast<NodeId>(1 + below(4)); }
  std::int64_t holds(std::int32_t index, NodeId id) const {
    const auto found = held_.find({index, id});
    return found == held_.end() ? 0 : found->second;
  }

  void take(const Records& records) {
    for (const Record& record : records) {
      const auto before = head.publish();
      apply(record);
      head.set_end(++end_, 1);
      const auto* change = record.message.get_if<protocol::PartitionChangeRecord>();
      if (!change) continue;
      const auto& then = *before->partition(change->topic_id, change->partition_id);
      const auto& now = *image().partition(change->topic_id, change->partition_id);
      ASSERT_EQ(now.partition_epoch, then.partition_epoch + 1) << "PartitionEpochStep";
      ASSERT_GE(now.leader_epoch, then.leader_epoch) << "EpochNeverFalls";
      if (now.leader != then.leader && now.leader_recovery_state == recovering)
        acknowledged_[change->partition_id] = holds(change->partition_id, now.leader);  // an unclean leader: known loss
    }
  }

  void register_broker(NodeId id, std::optional<std::int64_t> previous) {
    const auto decision = decide_register(image(),
                                          {.id = id,
                                           .cluster_id = "c",
                                           .incarnation = Uuid::random(entropy_),
                                           .log_directories = {directory(id)},
                                           .features = declared_features(),
                                           .previous_broker_epoch = previous},
                                          end_ + 1, sessions_.is_alive(image(), id, now_), {.cluster_id = "c"});
    if (!decision) {
      EXPECT_EQ(decision.error().code, Errc::duplicate_broker_registration);
      brokers_[id].up = false;
      return;
    }
    take(decision->records);
    sessions_.registered(id, end_, now_);
    brokers_[id] = {};
  }
  void stop(NodeId id) {
    Broker& broker = brokers_[id];
    if (!std::exchange(broker.up, false) || below(2) == 0) return;
    broker.has_lost = true;
    std::erase_if(held_, [&](const auto& entry) { return entry.first.second == id; });
  }
  void start(NodeId id) {
    while (!brokers_[id].up) {
      const auto previous = brokers_[id].clean_epoch;
      brokers_[id].up = true;
      register_broker(id, previous);
      if (brokers_[id].up) return;
      now_ += std::chrono::seconds(3);
      fence_expired();
    }
  }

  void heartbeat(NodeId id) {
    Broker& broker = brokers_[id];
    if (!broker.up) return;
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = id;
    request.broker_epoch = image().brokers.at(id).epoch;
    request.current_metadata_offset = end_;
    request.want_shut_down = broker.want_shut_down;
    sessions_.contact(id, end_, now_);
    const auto decision = decide_heartbeat(image(), request,
                                           {sessions_.registration_offset(id), sessions_.shutdown_offset(id),
                                            sessions_.lowest_active_offset(image())},
                                           {});
    ASSERT_TRUE(decision) << decision.error().to_string();
    take(decision->records);
    if (decision->response.is_fenced) sessions_.fenced(id);
    if (decision->next == BrokerState::controlled_shutdown) sessions_.shuts_down(id, end_);
    if (!decision->response.should_shut_down) return;
    broker.up = broker.want_shut_down = false;
    broker.clean_epoch = request.broker_epoch;
  }
  void fence_expired() {
    while (const auto id = sessions_.expired(image(), now_)) {
      take(decide_fence(image(), *id, {}));
      sessions_.fenced(*id);
    }
  }

  bool can_write(const PartitionImage& now) const {
    return now.leader != no_node && brokers_.at(now.leader).up;
  }
  void write(std::int32_t index) {
    const PartitionImage now = partition("t", index);
    if (!can_write(now)) return;
    const std::int64_t next = holds(index, now.leader) + 1;
    bool all = true;
    for (NodeId id : now.replicas) {
      const bool follows = id == now.leader || (brokers_[id].up && (has(now.isr, id) || below(2) == 0));
      if (follows) held_[{index, id}] = next;
      all = all && (follows || !has(now.isr, id));
    }
    if (all && now.isr.size() >= 2) acknowledged_[index] = next;
  }
  void propose_isr(std::int32_t index) {
    const PartitionImage now = partition("t", index);
    if (!can_write(now)) return;
    protocol::AlterPartitionRequest::PartitionData asked;
    asked.partition_index = index;
    asked.leader_epoch = now.leader_epoch;
    asked.partition_epoch = now.partition_epoch;
    for (NodeId id : now.replicas)
      if (brokers_[id].up && holds(index, id) == holds(index, now.leader))
        asked.new_isr_with_epochs.push_back({id, image().brokers.at(id).epoch});
    protocol::AlterPartitionRequest request;
    request.broker_id = now.leader;
    request.broker_epoch = image().brokers.at(now.leader).epoch;
    request.topics.push_back({topic_id("t"), {asked}});
    const auto decision = decide_alter_partition(image(), request, 3, {});
    ASSERT_TRUE(decision) << decision.error().to_string();
    take(decision->records);
  }
  void reassign() {
    protocol::AlterPartitionReassignmentsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    Nodes wanted;
    while (wanted.size() < 3) add(wanted, node());
    topic.partitions.push_back({static_cast<std::int32_t>(below(4)), std::nullopt});
    if (below(4) != 0) topic.partitions[0].replicas = wanted;
    take(decide_alter_reassignments(image(), request, {}).records);
  }

  sim::SeededEntropy entropy_;
  Instant now_{};
  Offset end_ = 10;
  BrokerSessions sessions_{std::chrono::seconds(9)};
  std::map<NodeId, Broker> brokers_;
  std::map<std::pair<std::int32_t, NodeId>, std::int64_t> held_;
  std::map<std::int32_t, std::int64_t> acknowledged_{{0, 0}, {1, 0}, {2, 0}, {3, 0}};
};

TEST(BrokerLife, InvariantsHoldAfterEveryStepAndAllIsWellWhenFaultsStop) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Life life(seed);
    for (int step = 0; step < 200; ++step) {
      life.step();
      life.expect_invariants();
      ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed << ", step " << step;
    }
    life.quiet();
    life.expect_invariants();
    life.expect_all_led_and_in_sync();
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace leat::metadata
