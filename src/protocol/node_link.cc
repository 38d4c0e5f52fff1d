#include "protocol/node_link.h"

#include <algorithm>

#include "base/errors.h"
#include "protocol/messages/api_versions.h"

namespace leat::protocol {
namespace {

constexpr std::int16_t api_versions_max = 4;

Error unsupported(const MessageSchema& request) {
  return {Errc::unsupported_version,
          std::string(request.name) + ": the two nodes have no version in common"};
}

}  // namespace

/// A call that has been sent.
struct NodeLink::Pending {
  std::int16_t version = 0;
  std::string_view name;
  ReplyDone done;
  TimerId timer = TimerId::none;
  PendingList::iterator at;
  bool is_taken = false;
};

NodeLink::NodeLink(Executor& executor, std::shared_ptr<Channel> channel, std::string client_id)
    : executor_(executor), channel_(std::move(channel)), client_id_(std::move(client_id)) {}

void NodeLink::open(Instant deadline) { negotiate(api_versions_max, deadline); }

void NodeLink::negotiate(std::int16_t version, Instant deadline) {
  ApiVersionsRequest request;
  request.client_software_name = "leat";
  request.client_software_version = "0.1";
  // The timer and the answer race; whichever comes second finds the state changed.
  auto self = weak_from_this();
  const TimerId timer = executor_.at(deadline, [self] {
    if (auto link = self.lock()) {
      bool late;
      {
        std::lock_guard lock(link->mutex_);
        late = link->state_ == State::negotiating;
      }
      if (late) link->fail({Errc::disconnected, "the broker did not say in time what it speaks"});
    }
  });
  channel_->send({version, AnyMessage(std::move(request)), client_id_},
                 [self, version, deadline, timer](Result<AnyMessage> answer) {
                   if (auto link = self.lock()) {
                     link->executor_.cancel(timer);
                     link->on_versions(version, deadline, std::move(answer));
                   }
                 });
}

void NodeLink::on_versions(std::int16_t version, Instant deadline, Result<AnyMessage> answer) {
  if (!answer) return fail(wrap(std::move(answer).error(), "asking for versions"));
  auto* versions = answer->get_if<ApiVersionsResponse>();
  if (!versions) return fail({Errc::disconnected, "the answer to ApiVersions is of another kind"});
  if (versions->error_code == static_cast<std::int16_t>(Errc::unsupported_version) && version > 0)
    return negotiate(0, deadline);
  if (versions->error_code != 0) {
    const auto code = static_cast<Errc>(versions->error_code);
    return fail({Errc::disconnected, "ApiVersions failed with " + std::string(name(code))});
  }
  std::lock_guard lock(mutex_);
  if (state_ != State::negotiating) return;
  for (const auto& api : versions->api_keys) served_[api.api_key] = {api.min_version, api.max_version};
  state_ = State::ready;
  // Under the lock, so that a call made meanwhile cannot overtake these.
  for (Call& call : waiting_) transmit(std::move(call));
  waiting_.clear();
}

void NodeLink::send(Call call) {
  std::lock_guard lock(mutex_);
  switch (state_) {
    case State::negotiating:
      waiting_.push_back(std::move(call));
      return;
    case State::broken:
      executor_.post([done = std::move(call.done), error = failure_]() mutable { done(std::move(error)); });
      return;
    case State::ready:
      transmit(std::move(call));
  }
}

void NodeLink::transmit(Call call) {
  const auto version = agree(*call.schema, call.version_max);
  if (!version) {
    executor_.post([done = std::move(call.done), error = unsupported(*call.schema)]() mutable {
      done(std::move(error));
    });
    return;
  }
  auto pending = std::make_shared<Pending>();
  pending->version = *version;
  pending->name = call.schema->name;
  pending->done = std::move(call.done);
  pending->at = sent_.insert(sent_.end(), pending);
  auto self = weak_from_this();
  if (call.deadline != Instant::max())
    pending->timer = executor_.at(call.deadline, [self, pending] {
      auto link = self.lock();
      if (!link || !link->take(pending)) return;
      const Error error{Errc::timed_out, std::string(pending->name) + " was not answered in time"};
      link->fail({Errc::disconnected, "a request before this one was not answered in time"});
      pending->done(error);
    });
  channel_->send({*version, call.build(*version), client_id_},
                 [self, pending](Result<AnyMessage> answer) {
                   auto link = self.lock();
                   if (!link || !link->take(pending)) return;
                   link->executor_.cancel(pending->timer);
                   if (answer) return pending->done(Reply{pending->version, std::move(answer).value()});
                   if (answer.error().code == Errc::disconnected || answer.error().code == Errc::closed)
                     link->fail(answer.error());
                   pending->done(wrap(std::move(answer).error(), pending->name));
                 });
}

bool NodeLink::take(const std::shared_ptr<Pending>& pending) {
  std::lock_guard lock(mutex_);
  if (pending->is_taken) return false;
  pending->is_taken = true;
  sent_.erase(pending->at);
  return true;
}

std::optional<std::int16_t> NodeLink::agree(const MessageSchema& request, std::int16_t max) const {
  const auto served = served_.find(request.id);
  if (served == served_.end()) return std::nullopt;
  const int high = request.latest_unstable ? request.versions.high - 1 : request.versions.high;
  const int highest = std::min({high, int{served->second.high}, int{max}});
  if (highest < std::max(request.versions.low, served->second.low)) return std::nullopt;
  return static_cast<std::int16_t>(highest);
}

void NodeLink::fail(Error error) {
  std::list<Call> waiting;
  PendingList sent;
  {
    std::lock_guard lock(mutex_);
    if (state_ == State::broken) return;
    state_ = State::broken;
    failure_ = error;
    waiting.swap(waiting_);
    sent.swap(sent_);
    for (const auto& pending : sent) pending->is_taken = true;
  }
  channel_->close();
  for (const auto& pending : sent) {
    executor_.cancel(pending->timer);
    executor_.post([pending, error] { pending->done(wrap(error, pending->name)); });
  }
  for (Call& call : waiting)
    executor_.post([done = std::move(call.done), error]() mutable { done(std::move(error)); });
}

void NodeLink::close() { fail({Errc::closed, "the client was closed"}); }

bool NodeLink::is_alive() const {
  std::lock_guard lock(mutex_);
  return state_ != State::broken;
}

std::optional<bool> NodeLink::serves(const MessageSchema& request) const {
  std::lock_guard lock(mutex_);
  if (state_ != State::ready) return std::nullopt;
  return agree(request, INT16_MAX).has_value();
}

}  // namespace leat::protocol
