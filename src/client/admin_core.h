#pragma once

#include <leat/admin.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/admin_groups.h"
#include "client/cluster.h"
#include "client/host.h"
#include "protocol/messages/metadata.h"

namespace leat::client {

/// What `leat::Admin` does, less the fork guard: requests that wait for their answer and are sent again while that
/// may help. Safe from any thread.
class AdminCore {
 public:
  AdminCore(const std::shared_ptr<Host>& host, std::shared_ptr<Channels> channels, AdminOptions options);
  ~AdminCore() { cluster_->close(); }

  Result<void> create_topic(const std::string& name, const TopicOptions& options);
  Result<void> delete_topic(const std::string& name);
  Result<void> grow_topic(const std::string& name, std::int32_t partitions);
  Result<void> alter_topic(const std::string& name, const std::map<std::string, std::optional<std::string>>& configs);
  Result<Offset> delete_records(const std::string& topic, std::int32_t partition, std::optional<Offset> before);
  Result<std::vector<TopicDescription>> topics();
  Result<TopicDescription> describe_topic(const std::string& name);
  AdminGroups& groups() { return groups_; }
  /// One request, as it is; a broken connection and a late answer are tried again until the deadline.
  Result<Reply> request(NodeId node, const protocol::MessageSchema& schema,
                        const std::function<protocol::AnyMessage(std::int16_t version)>& build);

 private:
  Instant deadline() const;
  void pause(Instant deadline);
  /// Calls `attempt` until it succeeds, fails for good, or time is up.
  Result<void> repeat(Instant deadline, const std::function<Result<void>()>& attempt);
  Result<protocol::MetadataResponse> metadata(const std::string* topic, Instant deadline);
  Result<void> await_node(NodeId node, Instant deadline);

  Executor& executor_;
  const AdminOptions options_;
  const std::shared_ptr<Cluster> cluster_;
  AdminGroups groups_;
};

}  // namespace leat::client
