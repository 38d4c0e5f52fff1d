#pragma once

#include <leat/admin.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "client/cluster.h"

namespace leat::client {

/// What `leat::Admin` does to groups: each question goes to the broker that coordinates the group, as many groups at once as
/// that broker's versions allow, and again while that may help. Safe from any thread.
class AdminGroups {
 public:
  /// Of the options only the times count.
  AdminGroups(std::shared_ptr<Cluster> cluster, const AdminOptions& options);

  Result<std::vector<GroupListing>> list(const std::vector<std::string>& states);
  Result<GroupDescription> describe(const std::string& name);
  Result<std::vector<GroupDescription>> describe(const std::vector<std::string>& names);
  Result<Offsets> offsets(const std::string& name);
  Result<void> remove(const std::string& name);
  Result<void> commit(const std::string& name, const Offsets& offsets);
  Result<void> remove_offsets(const std::string& name, const std::vector<TopicPartition>& partitions);

 private:
  using Names = std::set<std::string>;
  using ByNode = std::map<NodeId, std::vector<std::string>>;
  using Build = std::function<protocol::AnyMessage(std::int16_t version)>;

  /// Calls `attempt` until it succeeds, fails for good, or time is up.
  Result<void> repeat(Instant deadline, const std::function<Result<void>()>& attempt);
  /// `attempt` is made with the node that coordinates the group.
  Result<void> at_coordinator(const std::string& name, Instant deadline,
                              const std::function<Result<void>(NodeId)>& attempt);
  Result<Reply> ask(NodeId node, const protocol::MessageSchema& schema, const Build& build, Instant deadline,
                    std::int16_t version_max = INT16_MAX);

  /// Who coordinates these. One that is not ready is an error, like any other.
  Result<ByNode> coordinators(const Names& names, Instant deadline);
  Result<void> look_up(Names names, Instant deadline);
  void forget(const std::string& name);

  Result<std::vector<NodeId>> nodes(Instant deadline);
  Result<void> list_of_node(NodeId node, const std::vector<std::string>& states, Instant deadline,
                            std::vector<GroupListing>& listed);
  /// Moves from `pending` to `found` what the node answers for.
  Result<void> describe_at(NodeId node, const std::vector<std::string>& names, Instant deadline, Names& pending,
                           std::vector<GroupDescription>& found);
  Result<void> describe_new_kind(NodeId node, const std::vector<std::string>& names, Instant deadline, Names& pending,
                                 std::vector<GroupDescription>& found);
  /// One group of `pending` is answered for, if `error` is none or that there is no such group.
  Result<void> note(const std::string& name, Errc error, const std::optional<std::string>& message, Names& pending);

  const std::shared_ptr<Cluster> cluster_;
  Executor& executor_;
  const Duration api_timeout_;
  const Duration retry_backoff_;

  std::mutex mutex_;
  std::map<std::string, NodeId> known_;
};

}  // namespace leat::client
