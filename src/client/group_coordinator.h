#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "client/backoff.h"
#include "client/cluster.h"

namespace leat::client {

/// Knows, or finds out, which broker coordinates a group, and sends it what concerns the group.
///
/// Threads: any; callbacks come from tasks of the executor.
class GroupCoordinator : public std::enable_shared_from_this<GroupCoordinator> {
 public:
  GroupCoordinator(std::shared_ptr<Cluster> cluster, std::string group);

  /// Waits until it is known who coordinates, at most until the call's deadline, then sends. Calls that wait leave in the
  /// order they came. An answer that does not come makes the coordinator unknown again.
  void send(Lane lane, Call call);
  /// `node` has said that it does not coordinate, or not now.
  void forget(NodeId node);
  /// `no_node` while it is being looked for.
  NodeId node() const;
  /// The same for what comes with an answer: true when trying again may help, after a pause.
  bool is_cured_by_retry(Errc code);

  /// What waits fails with `closed`, and so does each later call. After the cluster's.
  void close();

  const std::string& group() const { return group_; }
  Cluster& cluster() { return *cluster_; }

 private:
  struct Waiting {
    Lane lane;
    Call call;
  };
  void look_up();
  void on_found(Result<Reply> reply);
  Result<NodeAddress> read(Result<Reply> reply) const;
  void transmit(NodeId node, Lane lane, Call call);

  const std::shared_ptr<Cluster> cluster_;
  const std::string group_;

  mutable std::mutex mutex_;
  NodeId node_ = no_node;
  bool is_looking_ = false;
  Backoff backoff_;
  std::list<Waiting> waiting_;
  bool is_closed_ = false;
};

}  // namespace leat::client
