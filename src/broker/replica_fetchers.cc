#include "broker/replica_fetchers.h"

#include <algorithm>

namespace leat::broker {

ReplicaFetchers::ReplicaFetchers(replication::FetchLoop::Environment environment, Options options,
                                 const metadata::Images& images, protocol::Connector& connector,
                                 std::weak_ptr<const void> owner)
    : environment_(std::move(environment)),
      options_(std::move(options)),
      images_(images),
      connector_(connector),
      owner_(std::move(owner)) {}

void ReplicaFetchers::set_broker_epoch(std::int64_t epoch) {
  std::lock_guard lock(mutex_);
  broker_epoch_ = epoch;
  for (const auto& [leader, loop] : loops_) loop->set_broker_epoch(epoch);
}

void ReplicaFetchers::follow(const std::shared_ptr<replication::Partition>& partition, NodeId leader,
                             LeaderEpoch leader_epoch) {
  LoopPtr old, now;
  const Key key{partition->topic_id(), partition->id().partition};
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    if (const auto before = leader_of_.find(key); before != leader_of_.end() && before->second != leader)
      old = loops_.at(before->second);
    leader_of_[key] = leader;
    now = loop_of(leader);
  }
  if (old) old->unfollow(key.first, key.second);
  now->follow(partition, leader_epoch);
}

void ReplicaFetchers::unfollow(const Uuid& topic_id, std::int32_t partition) {
  LoopPtr loop;
  {
    std::lock_guard lock(mutex_);
    const auto found = leader_of_.find({topic_id, partition});
    if (closed_ || found == leader_of_.end()) return;
    loop = loops_.at(found->second);
    leader_of_.erase(found);
  }
  loop->unfollow(topic_id, partition);
}

ReplicaFetchers::LoopPtr ReplicaFetchers::loop_of(NodeId leader) {
  auto& loop = loops_[leader];
  if (!loop) {
    loop = std::make_shared<replication::FetchLoop>(
        environment_, options_.loop, [this, owner = owner_, leader]() -> std::shared_ptr<protocol::Channel> {
          const auto alive = owner.lock();
          return alive ? connect(leader) : nullptr;
        });
    loop->set_broker_epoch(broker_epoch_);
  }
  return loop;
}

const metadata::Endpoint* ReplicaFetchers::address(const metadata::Image& image, NodeId broker) const {
  const auto found = image.brokers.find(broker);
  if (found == image.brokers.end()) return nullptr;
  const auto& endpoints = found->second.endpoints;
  const auto at = std::ranges::find(endpoints, options_.listener, &metadata::Endpoint::listener);
  return at == endpoints.end() ? nullptr : &*at;
}

std::shared_ptr<protocol::Channel> ReplicaFetchers::connect(NodeId leader) const {
  const auto image = images_.current();
  const auto* at = address(*image, leader);
  return at ? connector_.connect(at->host, at->port) : nullptr;
}

void ReplicaFetchers::addresses_changed(const metadata::Image& before, const metadata::Image& after) {
  std::vector<LoopPtr> moved;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [leader, loop] : loops_) {
      const auto* was = address(before, leader);
      const auto* is = address(after, leader);
      if ((was == nullptr) != (is == nullptr) || (was && *was != *is)) moved.push_back(loop);
    }
  }
  for (const auto& loop : moved) loop->reconnect();
}

void ReplicaFetchers::close() {
  std::map<NodeId, LoopPtr> loops;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    loops.swap(loops_);
    leader_of_.clear();
  }
  for (const auto& [leader, loop] : loops) loop->close();
}

}  // namespace leat::broker
