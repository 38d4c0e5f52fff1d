#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "broker/group_shard.h"
#include "broker/partitions.h"
#include "metadata/image.h"

namespace leat::broker {

/// The groups that this broker coordinates: a shard for each partition of `__consumer_offsets` that it leads.
/// Look-ups and questions from any thread; images come from one at a time.
class GroupCoordinator {
 public:
  GroupCoordinator(const Environment& environment, const config::BrokerConfig& config, NodeId self,
                   const Partitions& partitions);

  /// After `partitions` has taken the image.
  void apply(const metadata::Image& before, const metadata::Image& after);
  /// Everything that waits, and all that comes, gets not_coordinator.
  void close();

  /// Asks the shard of a group. `done` gets a body of the type that answers the event, or the code for the
  /// request (I26, I27).
  template <class Body>
  void ask(std::string_view group, group::Event event, std::function<void(Result<Body>)> done) const {
    ask(shard_of(group), std::move(event), std::move(done));
  }
  template <class Body>
  static void ask(const std::shared_ptr<GroupShard>& shard, group::Event event,
                  std::function<void(Result<Body>)> done) {
    if (!shard) return done(Error{Errc::not_coordinator});
    shard->submit(std::move(event), [done = std::move(done)](Result<group::AnswerBody> answer) {
      if (!answer) done(answer.error());
      else done(std::get<Body>(std::move(*answer)));
    });
  }
  std::vector<std::shared_ptr<GroupShard>> shards() const;

 private:
  std::shared_ptr<GroupShard> shard_of(std::string_view group) const;
  GroupShard::Options options_for(const replication::Partition& partition) const;

  const Environment& environment_;
  const config::BrokerConfig& config_;
  const NodeId self_;
  const Partitions& partitions_;

  mutable std::mutex mutex_;  // a leaf: guards all below
  std::map<std::int32_t, std::shared_ptr<GroupShard>> shards_;
  std::int32_t partition_count_ = 0;
  bool closed_ = false;
};

}  // namespace leat::broker
