#include "broker/broker_lifecycle.h"

#include <utility>

#include "base/errors.h"

namespace leat::broker {
namespace {

/// How many times as often it beats while it waits for its stop.
constexpr int shutdown_beats = 8;

/// After which the same registration may be taken later.
bool is_passing(Errc error) {
  return error == Errc::duplicate_broker_registration || error == Errc::unknown_server_error ||
         error == Errc::request_timed_out;
}

}  // namespace

BrokerLifecycle::BrokerLifecycle(Executor& executor, std::shared_ptr<ControllerLink> controller, Options options,
                                 protocol::BrokerRegistrationRequest registration, Facts facts, Listener listener,
                                 Diagnostics diagnostics)
    : executor_(executor),
      controller_(std::move(controller)),
      options_(options),
      facts_(std::move(facts)),
      listener_(std::move(listener)),
      diagnostics_(std::move(diagnostics)),
      registration_(std::move(registration)) {}

std::int64_t BrokerLifecycle::broker_epoch() const {
  std::lock_guard lock(mutex_);
  return epoch_;
}

void BrokerLifecycle::start() { beat_after(Duration(0)); }

void BrokerLifecycle::set_endpoints(const std::vector<metadata::Endpoint>& endpoints) {
  {
    std::lock_guard lock(mutex_);
    registration_.listeners.clear();
    for (const auto& endpoint : endpoints)
      registration_.listeners.push_back({endpoint.listener, endpoint.host, static_cast<std::uint16_t>(endpoint.port),
                                         endpoint.security_protocol});
    must_register_ = true;
  }
  beat_after(Duration(0));
}

void BrokerLifecycle::shut_down(std::function<void()> done) {
  {
    std::lock_guard lock(mutex_);
    on_shut_down_ = std::move(done);
  }
  beat_after(Duration(0));
}

void BrokerLifecycle::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  if (timer_ != TimerId::none) executor_.cancel(std::exchange(timer_, TimerId::none));
}

void BrokerLifecycle::beat_after(Duration span) {
  std::lock_guard lock(mutex_);
  if (closed_ || is_asking_) return;  // the answer leads on
  if (timer_ != TimerId::none) executor_.cancel(timer_);
  timer_ = executor_.at(executor_.now() + span, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->beat();
  });
}

void BrokerLifecycle::beat() {
  protocol::BrokerHeartbeatRequest request;
  {
    std::lock_guard lock(mutex_);
    timer_ = TimerId::none;
    if (closed_ || std::exchange(is_asking_, true)) return;
    if (!must_register_) {
      request.broker_id = registration_.broker_id;
      request.broker_epoch = epoch_;
      request.want_fence = !is_caught_up_;
      request.want_shut_down = on_shut_down_ != nullptr;
    }
  }
  if (request.broker_epoch == -1) return register_broker();
  request.current_metadata_offset = facts_.applied();
  request.offline_log_dirs = facts_.offline_directories();
  controller_->ask<protocol::BrokerHeartbeatResponse>(
      std::move(request), [weak = weak_from_this()](Result<protocol::BrokerHeartbeatResponse> response) {
        if (auto self = weak.lock()) self->on_beat(response);
      });
}

void BrokerLifecycle::register_broker() {
  protocol::BrokerRegistrationRequest request;
  {
    std::lock_guard lock(mutex_);
    must_register_ = false;
    request = registration_;
  }
  controller_->ask<protocol::BrokerRegistrationResponse>(
      std::move(request), [weak = weak_from_this()](Result<protocol::BrokerRegistrationResponse> response) {
        if (auto self = weak.lock()) self->on_registered(response);
      });
}

void BrokerLifecycle::on_registered(const Result<protocol::BrokerRegistrationResponse>& response) {
  const Errc error = response ? static_cast<Errc>(response->error_code) : response.error().code;
  bool is_new = false;
  {
    std::lock_guard lock(mutex_);
    is_asking_ = false;
    if (error == Errc::none) is_new = std::exchange(epoch_, response->broker_epoch) != response->broker_epoch;
    else must_register_ = true;
  }
  if (error == Errc::none) {
    if (is_new) listener_.registered(response->broker_epoch);
    return beat_after(Duration(0));
  }
  if (error == Errc::closed) return;
  if (!is_passing(error)) return listener_.refused({error, "the controller does not take this broker"});
  diagnostics_.say(LogLevel::warning, "registering this broker: " + std::string(name(error)) + "; asking again");
  beat_after(options_.retry_interval);
}

void BrokerLifecycle::on_beat(const Result<protocol::BrokerHeartbeatResponse>& response) {
  const Errc error = response ? static_cast<Errc>(response->error_code) : response.error().code;
  std::function<void()> shut_down;
  bool is_unfenced = false;
  Duration pause = options_.retry_interval;
  {
    std::lock_guard lock(mutex_);
    is_asking_ = false;
    if (error == Errc::none) {
      is_caught_up_ |= response->is_caught_up;
      is_unfenced = !response->is_fenced && !was_unfenced_;
      was_unfenced_ |= is_unfenced;
      if (response->should_shut_down) shut_down = std::exchange(on_shut_down_, nullptr);
      pause = must_register_   ? Duration(0)
              : !was_unfenced_ ? options_.catch_up_interval
              : on_shut_down_  ? options_.heartbeat_interval / shutdown_beats
                               : options_.heartbeat_interval;
    }
  }
  if (error == Errc::closed) return;
  if (error != Errc::none)
    diagnostics_.say(LogLevel::warning, "the controller refuses a heartbeat: " + std::string(name(error)));
  if (is_unfenced) listener_.unfenced();
  if (shut_down) {
    close();
    return shut_down();
  }
  beat_after(pause);
}

}  // namespace leat::broker
