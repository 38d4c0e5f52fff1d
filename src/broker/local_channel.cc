#include "broker/local_channel.h"

#include <utility>

#include "protocol/schema.h"

namespace leat::broker {
namespace {
/// Set while this thread is inside send(): an answer that comes from there is posted, never called.
thread_local bool is_sending = false;

class Sending {
 public:
  Sending() : outer_(std::exchange(is_sending, true)) {}
  ~Sending() { is_sending = outer_; }

 private:
  const bool outer_;
};
}  // namespace

LocalChannel::LocalChannel(std::shared_ptr<const void> keep_alive, Services& services, std::string client_id,
                           std::string listener)
    : keep_alive_(std::move(keep_alive)),
      services_(services),
      client_id_(std::move(client_id)),
      listener_(std::move(listener)),
      door_(services.door(listener_)),
      conversation_(std::make_shared<Conversation>(services)) {}

void LocalChannel::send(protocol::Request request, protocol::ResponseDone done) {
  const Sending sending;
  const FatalScope fatal(services_.environment.on_fatal);
  const Api* api = find_api(request.message.schema().id, door_);
  if (closed_) {
    answer(std::move(done), Error{Errc::disconnected, "the channel was closed"});
  } else if (services_.is_closed) {
    answer(std::move(done), Error{Errc::closed, "the broker was closed"});
  } else if (!api || request.version < api->min_version || request.version > api->max_version) {
    answer(std::move(done), Error{Errc::unsupported_version,
                                  std::string(request.message.schema().name) + " version " +
                                      std::to_string(request.version) + " is not served"});
  } else {
    RequestContext context{.version = request.version,
                           .client_id = request.client_id.empty() ? client_id_ : request.client_id,
                           .listener = listener_,
                           .door = door_};
    conversation_->submit(*api, std::move(context), std::move(request.message),
                          [self = shared_from_this(), done = std::move(done)](Answer reply) {
                            if (reply.failed) self->answer(done, Error{Errc::disconnected, "the request failed"});
                            else self->answer(done, std::move(reply.message));
                          });
  }
}

void LocalChannel::answer(protocol::ResponseDone done, Result<protocol::AnyMessage> outcome) {
  {
    std::lock_guard lock(mutex_);
    replies_.push_back({std::move(done), std::move(outcome)});
    if (std::exchange(is_delivering_, true)) return;
  }
  if (!is_sending) return deliver();
  services_.environment.executor.post([self = shared_from_this()] { self->deliver(); });
}

void LocalChannel::deliver() {
  std::unique_lock lock(mutex_);
  while (!replies_.empty()) {
    Reply reply = std::move(replies_.front());
    replies_.pop_front();
    lock.unlock();
    reply.done(std::move(reply.outcome));
    reply.done = nullptr;
    lock.lock();
  }
  is_delivering_ = false;
}

void LocalChannel::close() {
  const Sending sending;
  closed_ = true;
  // Requests that wait hold on to this channel; they could wait for ever once nobody drives the broker.
  conversation_->abandon();
}

}  // namespace leat::broker
