#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/executor.h"
#include "client/channels.h"
#include "client/cluster_view.h"
#include "protocol/node_link.h"

namespace leat::client {

using protocol::BuildRequest;
using protocol::Call;
using protocol::NodeLink;
using protocol::Reply;
using protocol::ReplyDone;

/// A channel is ordered and a fetch may wait in it, so what must not wait behind one has its own; and a JoinGroup waits
/// for all members.
enum class Lane : std::uint8_t { data, coordination, group };

struct ClusterOptions {
  std::string client_id;
  Duration request_timeout = std::chrono::seconds(30);
  Duration retry_backoff = std::chrono::milliseconds(100);
  /// Older metadata is asked for again when it is next used.
  Duration metadata_age_max = std::chrono::minutes(5);
  bool allow_auto_topic_creation = false;
};

/// One client's sight of a cluster: links to its nodes, made when needed and again when broken, and its
/// metadata, asked for by whoever finds it missing or wrong. Safe from any thread; callbacks come from tasks
/// of the executor.
class Cluster : public std::enable_shared_from_this<Cluster> {
 public:
  Cluster(Executor& executor, std::shared_ptr<Channels> channels, ClusterOptions options);

  /// To a node, or `no_node`: any. A node that is not known fails with broker_not_available.
  void send(NodeId node, Lane lane, Call call);

  std::shared_ptr<const ClusterView> view() const;
  /// Asks for the metadata of all topics of interest, this one included from now on. One request is under way
  /// at a time, they start at least `retry_backoff` apart, and a failed one is repeated.
  void want(const std::string& topic) { want(std::vector<std::string>{topic}); }
  void want(const std::vector<std::string>& topics);
  /// A node that an answer named; where metadata has told of it already, that counts.
  void learn(const NodeAddress& node);
  void refresh();
  /// Refreshes when the metadata is old.
  void refresh_if_stale();
  /// Called after each answer, good or bad (with its error). Set once, before anything is asked.
  void on_update(std::function<void(const Result<void>&)> listener);

  /// Every link breaks, nothing is sent any more, no listener is called.
  void close();

  Executor& executor() { return executor_; }
  const ClusterOptions& options() const { return options_; }
  Instant request_deadline() const { return executor_.now() + options_.request_timeout; }

 private:
  std::shared_ptr<NodeLink> link(NodeId node, Lane lane);
  void ask();
  void on_answer(Result<Reply> reply);

  Executor& executor_;
  const std::shared_ptr<Channels> channels_;
  const ClusterOptions options_;

  mutable std::mutex mutex_;
  std::map<std::pair<NodeId, Lane>, std::shared_ptr<NodeLink>> links_;
  std::shared_ptr<const ClusterView> view_ = std::make_shared<const ClusterView>();
  std::set<std::string> wanted_;
  std::function<void(const Result<void>&)> listener_;
  bool closed_ = false;
  bool asking_ = false;
  bool ask_again_ = false;
  bool was_asked_ = false;
  Instant last_asked_{};
  Instant last_answer_{};
};

/// Sends and waits, driving the executor.
Result<Reply> ask_and_wait(Cluster& cluster, NodeId node, Lane lane, const protocol::MessageSchema& schema,
                           BuildRequest build, Instant deadline, std::int16_t version_max = INT16_MAX);

}  // namespace leat::client
