#include "client/cluster.h"

#include <algorithm>

#include "base/errors.h"
#include "protocol/messages/metadata.h"

namespace leat::client {

Cluster::Cluster(Executor& executor, std::shared_ptr<Channels> channels, ClusterOptions options)
    : executor_(executor), channels_(std::move(channels)), options_(std::move(options)) {}

std::shared_ptr<NodeLink> Cluster::link(NodeId node, Lane lane) {
  std::lock_guard lock(mutex_);
  if (closed_) return nullptr;
  auto& link = links_[{node, lane}];
  if (link && link->is_alive()) return link;
  std::shared_ptr<protocol::Channel> channel;
  if (node == no_node) {
    channel = channels_->to_any();
  } else if (const NodeAddress* address = view_->node(node)) {
    channel = channels_->to(*address);
  }
  if (!channel) {
    links_.erase({node, lane});
    return nullptr;
  }
  link = std::make_shared<NodeLink>(executor_, std::move(channel), options_.client_id);
  link->open(request_deadline());
  return link;
}

void Cluster::send(NodeId node, Lane lane, Call call) {
  if (auto to = link(node, lane)) return to->send(std::move(call));
  bool closed;
  {
    std::lock_guard lock(mutex_);
    closed = closed_;
  }
  Error error = closed ? Error{Errc::closed, "the client was closed"}
                       : Error{Errc::broker_not_available, "node " + std::to_string(node) + " is not known"};
  executor_.post([done = std::move(call.done), error = std::move(error)]() mutable { done(std::move(error)); });
}

std::shared_ptr<const ClusterView> Cluster::view() const {
  std::lock_guard lock(mutex_);
  return view_;
}

void Cluster::on_update(std::function<void(const Result<void>&)> listener) { listener_ = std::move(listener); }

void Cluster::want(const std::vector<std::string>& topics) {
  {
    std::lock_guard lock(mutex_);
    wanted_.insert(topics.begin(), topics.end());
  }
  refresh();
}

void Cluster::learn(const NodeAddress& node) {
  std::lock_guard lock(mutex_);
  if (!view_->node(node.id)) view_ = view_->with(node);
}

void Cluster::refresh_if_stale() {
  {
    std::lock_guard lock(mutex_);
    if (asking_ || executor_.now() - last_answer_ < options_.metadata_age_max) return;
  }
  refresh();
}

void Cluster::refresh() {
  std::lock_guard lock(mutex_);
  if (closed_) return;
  if (asking_) {
    // What is under way may have been answered before the caller saw its reason to ask.
    ask_again_ = true;
    return;
  }
  asking_ = true;
  const Instant earliest = was_asked_ ? last_asked_ + options_.retry_backoff : executor_.now();
  auto ask = [self = weak_from_this()] {
    if (auto cluster = self.lock()) cluster->ask();
  };
  if (earliest <= executor_.now())
    executor_.post(std::move(ask));
  else
    executor_.at(earliest, std::move(ask));
}

void Cluster::ask() {
  std::set<std::string> topics;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    topics = wanted_;
    ask_again_ = false;
    was_asked_ = true;
    last_asked_ = executor_.now();
  }
  Call call;
  call.schema = &protocol::MetadataRequest::schema();
  call.deadline = request_deadline();
  call.build = [topics, auto_create = options_.allow_auto_topic_creation](std::int16_t) {
    protocol::MetadataRequest request;
    request.topics.emplace();
    for (const std::string& topic : topics) request.topics->emplace_back().name = topic;
    request.allow_auto_topic_creation = auto_create;
    return protocol::AnyMessage(std::move(request));
  };
  call.done = [self = weak_from_this()](Result<Reply> reply) {
    if (auto cluster = self.lock()) cluster->on_answer(std::move(reply));
  };
  send(no_node, Lane::coordination, std::move(call));
}

void Cluster::on_answer(Result<Reply> reply) {
  Result<void> outcome;
  bool again = false;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    asking_ = false;
    again = ask_again_;
    if (!reply) {
      outcome = wrap(std::move(reply).error(), "asking for metadata");
    } else if (auto* answer = reply->get<protocol::MetadataResponse>()) {
      if (answer->error_code != 0)
        outcome = Error{static_cast<Errc>(answer->error_code), "asking for metadata"};
      else
        view_ = view_->merged(*answer, false), last_answer_ = executor_.now();
    } else {
      outcome = Error{Errc::corrupt, "the answer to Metadata is of another kind"};
    }
  }
  if (listener_) listener_(outcome);
  if (again || !outcome) refresh();
}

void Cluster::close() {
  std::map<std::pair<NodeId, Lane>, std::shared_ptr<NodeLink>> links;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    links.swap(links_);
  }
  for (auto& [key, link] : links)
    if (link) link->close();
}

Result<Reply> ask_and_wait(Cluster& cluster, NodeId node, Lane lane, const protocol::MessageSchema& schema,
                           BuildRequest build, Instant deadline, std::int16_t version_max) {
  struct Answer {
    Event arrived;
    Result<Reply> reply = Error{Errc::timed_out, {}};
  };
  auto answer = std::make_shared<Answer>();
  Call call;
  call.schema = &schema;
  call.version_max = version_max;
  call.build = std::move(build);
  call.deadline = std::min(deadline, cluster.request_deadline());
  call.done = [answer](Result<Reply> reply) {
    answer->reply = std::move(reply);
    answer->arrived.set();
  };
  cluster.send(node, lane, std::move(call));
  // The call ends by its deadline, but its timer may run a little later than ours would.
  if (!cluster.executor().wait(answer->arrived, deadline + std::chrono::seconds(1)))
    return Error{Errc::timed_out, std::string(schema.name) + " was not answered in time"};
  return std::move(answer->reply);
}

}  // namespace leat::client
