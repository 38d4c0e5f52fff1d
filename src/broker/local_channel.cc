#include "broker/local_channel.h"

#include "protocol/schema.h"

namespace leat::broker {
namespace {
/// Set while this thread is inside send(): an answer that comes from there is posted, never called.
thread_local bool is_sending = false;
}  // namespace

LocalChannel::LocalChannel(std::shared_ptr<const void> keep_alive, Services& services, std::string client_id,
                           std::string listener)
    : keep_alive_(std::move(keep_alive)),
      services_(services),
      client_id_(std::move(client_id)),
      listener_(std::move(listener)),
      conversation_(std::make_shared<Conversation>(services)) {}

void LocalChannel::send(protocol::Request request, protocol::ResponseDone done) {
  const bool nested = std::exchange(is_sending, true);
  const FatalScope fatal(services_.environment.on_fatal);
  const Api* api = find_api(request.message.schema().id);
  if (closed_) {
    answer(std::move(done), Error{Errc::disconnected, "the channel was closed"});
  } else if (!api || request.version < api->min_version || request.version > api->max_version) {
    answer(std::move(done), Error{Errc::unsupported_version,
                                  std::string(request.message.schema().name) + " version " +
                                      std::to_string(request.version) + " is not served"});
  } else {
    RequestContext context{.version = request.version,
                           .client_id = request.client_id.empty() ? client_id_ : request.client_id,
                           .listener = listener_};
    conversation_->submit(*api, std::move(context), std::move(request.message),
                          [self = shared_from_this(), done = std::move(done)](Answer reply) {
                            self->answer(done, std::move(reply.message));
                          });
  }
  is_sending = nested;
}

void LocalChannel::answer(protocol::ResponseDone done, Result<protocol::AnyMessage> outcome) {
  if (!is_sending) return done(std::move(outcome));
  services_.environment.executor.post(
      [done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
}

void LocalChannel::close() { closed_ = true; }

}  // namespace leat::broker
