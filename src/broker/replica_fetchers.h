#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "metadata/images.h"
#include "protocol/channel.h"
#include "replication/fetch_loop.h"

namespace leat::broker {

/// The fetchers of the partitions that this broker follows, one a leader (cluster.md I1). Safe from any thread.
class ReplicaFetchers {
 public:
  struct Options {
    replication::FetchLoop::Options loop;
    std::string listener;  ///< that brokers use among themselves
  };
  /// What is referred to lives as long as `owner`.
  ReplicaFetchers(replication::FetchLoop::Environment environment, Options options, const metadata::Images& images,
                  protocol::Connector& connector, std::weak_ptr<const void> owner);
  ~ReplicaFetchers() { close(); }

  /// This broker's, since its registration.
  void set_broker_epoch(std::int64_t epoch);
  /// From now on `leader` is asked for the partition, and nobody else.
  void follow(const std::shared_ptr<replication::Partition>& partition, NodeId leader, LeaderEpoch leader_epoch);
  void unfollow(const Uuid& topic_id, std::int32_t partition);
  /// Brokers may be reached elsewhere now.
  void addresses_changed(const metadata::Image& before, const metadata::Image& after);
  void close();

 private:
  using Key = std::pair<Uuid, std::int32_t>;
  using LoopPtr = std::shared_ptr<replication::FetchLoop>;
  LoopPtr loop_of(NodeId leader);
  std::shared_ptr<protocol::Channel> connect(NodeId leader) const;
  const metadata::Endpoint* address(const metadata::Image& image, NodeId broker) const;

  const replication::FetchLoop::Environment environment_;
  const Options options_;
  const metadata::Images& images_;
  protocol::Connector& connector_;
  const std::weak_ptr<const void> owner_;

  std::mutex mutex_;  // before the loops': guards all below
  std::map<NodeId, LoopPtr> loops_;
  std::map<Key, NodeId> leader_of_;
  std::int64_t broker_epoch_ = -1;
  bool closed_ = false;
};

}  // namespace leat::broker
