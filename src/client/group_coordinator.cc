#include "client/group_coordinator.h"

#include "base/errors.h"
#include "protocol/messages/find_coordinator.h"

namespace leat::client {
namespace {

constexpr std::int16_t first_version_with_keys = 4;

/// Not no_node, and nobody's.
constexpr NodeId closed_node = -2;

/// Nobody has answered.
bool is_of_the_way(Errc code) {
  return code == Errc::disconnected || code == Errc::timed_out || code == Errc::broker_not_available ||
         code == Errc::network_exception;
}

}  // namespace

GroupCoordinator::GroupCoordinator(std::shared_ptr<Cluster> cluster, std::string group)
    : cluster_(std::move(cluster)), group_(std::move(group)), backoff_(cluster_->options().retry_backoff) {}

void GroupCoordinator::send(Lane lane, Call call) {
  NodeId node;
  bool must_look = false;
  {
    std::lock_guard lock(mutex_);
    // A link to nobody: fails as a closed cluster's calls do.
    node = is_closed_ ? closed_node : node_;
    if (node == no_node) {
      waiting_.push_back({lane, std::move(call)});
      must_look = !std::exchange(is_looking_, true);
    }
  }
  if (must_look) return look_up();
  if (node != no_node) transmit(node, lane, std::move(call));
}

void GroupCoordinator::transmit(NodeId node, Lane lane, Call call) {
  call.done = [self = weak_from_this(), node, done = std::move(call.done)](Result<Reply> reply) mutable {
    if (auto coordinator = self.lock(); coordinator && !reply && is_of_the_way(reply.error().code))
      coordinator->forget(node);
    done(std::move(reply));
  };
  cluster_->send(node, lane, std::move(call));
}

void GroupCoordinator::look_up() {
  Call call;
  call.schema = &protocol::FindCoordinatorRequest::schema();
  call.deadline = cluster_->request_deadline();
  call.build = [group = group_](std::int16_t version) {
    protocol::FindCoordinatorRequest request;
    if (version >= first_version_with_keys)
      request.coordinator_keys.push_back(group);
    else
      request.key = group;
    return protocol::AnyMessage(std::move(request));
  };
  call.done = [self = weak_from_this()](Result<Reply> reply) {
    if (auto coordinator = self.lock()) coordinator->on_found(std::move(reply));
  };
  cluster_->send(no_node, Lane::coordination, std::move(call));
}

Result<NodeAddress> GroupCoordinator::read(Result<Reply> reply) const {
  if (!reply) return std::move(reply).error();
  const auto* answer = reply->get<protocol::FindCoordinatorResponse>();
  if (!answer) return Error{Errc::network_exception, "the answer to FindCoordinator is of another kind"};
  const auto check = [](std::int16_t code, const std::optional<std::string>& message, NodeAddress node) {
    return code == 0 ? Result<NodeAddress>(std::move(node))
                     : Result<NodeAddress>(Error{static_cast<Errc>(code), message.value_or("")});
  };
  if (reply->version < first_version_with_keys)
    return check(answer->error_code, answer->error_message, {answer->node_id, answer->host, answer->port});
  for (const auto& found : answer->coordinators)
    if (found.key == group_) return check(found.error_code, found.error_message, {found.node_id, found.host, found.port});
  return Error{Errc::network_exception, "the answer to FindCoordinator leaves the group out"};
}

void GroupCoordinator::on_found(Result<Reply> reply) {
  auto found = read(std::move(reply));
  std::list<Waiting> ready;
  Executor& executor = cluster_->executor();
  if (found) {
    cluster_->learn(*found);
    std::lock_guard lock(mutex_);
    node_ = found->id;
    is_looking_ = false;
    backoff_.reset();
    // Under the lock, so that a call made meanwhile does not overtake these.
    for (Waiting& waiting : waiting_) transmit(node_, waiting.lane, std::move(waiting.call));
    waiting_.clear();
    return;
  }
  const Error error = wrap(found.error(), "finding the coordinator of group " + group_);
  {
    std::lock_guard lock(mutex_);
    const bool is_final = !is_retriable(error.code);
    const Instant now = executor.now();
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      const auto next = std::next(at);
      if (is_final || at->call.deadline <= now) ready.splice(ready.end(), waiting_, at);
      at = next;
    }
    is_looking_ = !waiting_.empty();
    if (is_looking_)
      executor.at(now + backoff_.next(), [self = weak_from_this()] {
        if (auto coordinator = self.lock()) coordinator->look_up();
      });
  }
  for (Waiting& waiting : ready) waiting.call.done(error);
}

void GroupCoordinator::close() {
  std::list<Waiting> waiting;
  {
    std::lock_guard lock(mutex_);
    is_closed_ = true;
    waiting.swap(waiting_);
  }
  for (Waiting& each : waiting)
    cluster_->executor().post([done = std::move(each.call.done)]() mutable {
      done(Error{Errc::closed, "the client was closed"});
    });
}

void GroupCoordinator::forget(NodeId node) {
  std::lock_guard lock(mutex_);
  if (node_ == node) node_ = no_node;
}

NodeId GroupCoordinator::node() const {
  std::lock_guard lock(mutex_);
  return node_;
}

bool GroupCoordinator::is_cured_by_retry(Errc code) {
  if (code == Errc::not_coordinator || code == Errc::coordinator_not_available || code == Errc::request_timed_out) {
    std::lock_guard lock(mutex_);
    node_ = no_node;
  }
  return is_retriable(code);
}

}  // namespace leat::client
