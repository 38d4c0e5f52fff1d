#include "replication/fetch_loop.h"

namespace leat::replication {

FetchLoop::FetchLoop(Environment environment, Options options, Connect connect)
    : environment_(std::move(environment)),
      options_(std::move(options)),
      connect_(std::move(connect)),
      fetcher_(options_.fetch) {}

FetchLoop::~FetchLoop() { close(); }

template <class Event>
void FetchLoop::step(const Event& event) {
  Fetcher::Actions actions;
  std::vector<std::shared_ptr<Partition>> partitions;  // of the work
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    const Instant now = environment_.executor.now();
    event(now);
    actions = fetcher_.next(now);
    for (const Fetcher::Work& work : actions.work)
      partitions.push_back(partitions_.at({work.topic_id, work.partition.partition}));
  }
  for (const auto& failure : actions.failures)
    environment_.diagnostics.say(LogLevel::error, "following " + failure.partition.to_string() + ": " +
                                                      failure.error.to_string() + ". It stands still until it gets a "
                                                      "new leader epoch");
  for (std::size_t i = 0; i < partitions.size(); ++i) carry_out(std::move(partitions[i]), std::move(actions.work[i]));
  if (actions.request) send(std::move(*actions.request));
  arm(actions.wake_at);
}

void FetchLoop::set_broker_epoch(std::int64_t epoch) {
  std::lock_guard lock(mutex_);
  fetcher_.set_broker_epoch(epoch);
}

void FetchLoop::follow(std::shared_ptr<Partition> partition, LeaderEpoch leader_epoch) {
  step([&](Instant) {
    fetcher_.follow(partition->id(), partition->topic_id(), leader_epoch);
    partitions_[{partition->topic_id(), partition->id().partition}] = partition;
  });
}

void FetchLoop::unfollow(const Uuid& topic_id, std::int32_t partition) {
  step([&](Instant) {
    fetcher_.unfollow(topic_id, partition);
    partitions_.erase({topic_id, partition});
  });
}

bool FetchLoop::empty() const {
  std::lock_guard lock(mutex_);
  return fetcher_.empty();
}

void FetchLoop::reconnect() {
  std::shared_ptr<protocol::NodeLink> old;
  {
    std::lock_guard lock(mutex_);
    old.swap(link_);
  }
  if (old) old->close();  // the request under way is answered with an error, and made again over another
}

void FetchLoop::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    partitions_.clear();
    if (timer_ != TimerId::none) environment_.executor.cancel(std::exchange(timer_, TimerId::none));
  }
  reconnect();
}

void FetchLoop::carry_out(std::shared_ptr<Partition> partition, Fetcher::Work work) {
  auto finished = [weak = weak_from_this(), ticket = work.ticket](Result<FollowerPosition> where) {
    if (auto self = weak.lock())
      self->step([&](Instant now) { self->fetcher_.finished(now, ticket, std::move(where)); });
  };
  if (std::holds_alternative<Fetcher::Append>(work.step))
    return replication::carry_out(*partition, work, std::move(finished));
  environment_.blocking.post([partition = std::move(partition), work = std::move(work),
                              finished = std::move(finished)]() mutable {
    replication::carry_out(*partition, work, std::move(finished));
  });
}

void FetchLoop::send(Fetcher::Request request) {
  if (auto* fetch = std::get_if<protocol::FetchRequest>(&request))
    send<protocol::FetchRequest, protocol::FetchResponse>(std::move(*fetch));
  else
    send<protocol::ListOffsetsRequest, protocol::ListOffsetsResponse>(
        std::get<protocol::ListOffsetsRequest>(std::move(request)));
}

template <class Request, class Response>
void FetchLoop::send(Request request) {
  const auto leader = link();
  if (!leader)
    return step([&](Instant now) {
      fetcher_.answered(now, Result<Response>(Error{Errc::disconnected, "the leader's address is not known"}));
    });
  protocol::Call call;
  call.schema = &Request::schema();
  call.deadline = environment_.executor.now() + options_.request_timeout;
  call.build = [request = std::move(request)](std::int16_t) mutable {
    return protocol::AnyMessage(std::move(request));
  };
  call.done = [weak = weak_from_this()](Result<protocol::Reply> reply) {
    auto self = weak.lock();
    if (!self) return;
    Result<Response> answer = Error{};
    if (!reply) answer = std::move(reply).error();
    else if (auto* response = reply->get<Response>()) answer = std::move(*response);
    else answer = Error{Errc::disconnected, "the leader's answer is of another kind"};
    self->step([&](Instant now) { self->fetcher_.answered(now, std::move(answer)); });
  };
  leader->send(std::move(call));
}

std::shared_ptr<protocol::NodeLink> FetchLoop::link() {
  {
    std::lock_guard lock(mutex_);
    if (closed_ || (link_ && link_->is_alive())) return link_;
  }
  auto channel = connect_();
  if (!channel) return nullptr;
  auto link = std::make_shared<protocol::NodeLink>(environment_.executor, std::move(channel), options_.client_id);
  link->open(environment_.executor.now() + options_.request_timeout);
  std::unique_lock lock(mutex_);
  if (!closed_) return link_ = link;
  lock.unlock();
  link->close();
  return nullptr;
}

void FetchLoop::arm(Instant wake_at) {
  std::lock_guard lock(mutex_);
  if (closed_ || wake_at >= timer_at_) return;
  if (timer_ != TimerId::none) environment_.executor.cancel(timer_);
  timer_at_ = wake_at;
  timer_ = environment_.executor.at(wake_at, [weak = weak_from_this()] {
    if (auto self = weak.lock())
      self->step([&](Instant) {
        self->timer_ = TimerId::none;
        self->timer_at_ = Instant::max();
      });
  });
}

}  // namespace leat::replication
