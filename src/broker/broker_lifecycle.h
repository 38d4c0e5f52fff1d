#pragma once

#include <leat/result.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/executor.h"
#include "broker/controller_link.h"
#include "metadata/image.h"
#include "protocol/messages/broker_heartbeat.h"
#include "protocol/messages/broker_registration.h"

namespace leat::broker {

/// A broker's life as the controller sees it (cluster.md F, L2, L3): it registers, catches up with the metadata while it is
/// fenced, serves, and asks before it stops. Heartbeats keep it registered.
///
/// Safe from any thread. What it tells is told from tasks of the executor, under no lock.
class BrokerLifecycle : public std::enable_shared_from_this<BrokerLifecycle> {
 public:
  struct Options {
    Duration heartbeat_interval = std::chrono::seconds(2);       ///< broker.heartbeat.interval.ms
    Duration catch_up_interval = std::chrono::milliseconds(10);  ///< of heartbeats until it is unfenced
    Duration retry_interval = std::chrono::seconds(1);           ///< of what was refused
  };
  struct Listener {
    /// Registered at this epoch, and fenced. Each start has one.
    std::function<void(std::int64_t epoch)> registered;
    /// The controller has unfenced it for the first time: clients may come.
    std::function<void()> unfenced;
    /// The controller will never take this broker: another cluster's, or features that it lacks.
    std::function<void(Error)> refused;
  };

  /// What each heartbeat says.
  struct Facts {
    std::function<Offset()> applied;  ///< the last offset of the metadata that this broker acts on
    std::function<std::vector<Uuid>()> offline_directories = [] { return std::vector<Uuid>(); };
  };
  BrokerLifecycle(Executor& executor, std::shared_ptr<ControllerLink> controller, Options options,
                  protocol::BrokerRegistrationRequest registration, Facts facts, Listener listener, Diagnostics diagnostics);

  void start();
  /// It listens elsewhere: the same incarnation registers again.
  void set_endpoints(const std::vector<metadata::Endpoint>& endpoints);
  /// Asks to stop, until the controller grants it; `done` is then called, once. Leaderships move away meanwhile.
  void shut_down(std::function<void()> done);
  void close();

  std::int64_t broker_epoch() const;

 private:
  void register_broker();
  void on_registered(const Result<protocol::BrokerRegistrationResponse>& response);
  void beat();
  void on_beat(const Result<protocol::BrokerHeartbeatResponse>& response);
  /// Unless something is being asked: then the answer leads on.
  void beat_after(Duration span);

  Executor& executor_;
  const std::shared_ptr<ControllerLink> controller_;
  const Options options_;
  const Facts facts_;
  const Listener listener_;
  const Diagnostics diagnostics_;

  mutable std::mutex mutex_;  // a leaf: guards all below
  protocol::BrokerRegistrationRequest registration_;
  std::int64_t epoch_ = -1;
  bool must_register_ = true;
  bool is_caught_up_ = false;
  bool was_unfenced_ = false;
  bool is_asking_ = false;
  std::function<void()> on_shut_down_;
  TimerId timer_ = TimerId::none;
  bool closed_ = false;
};

}  // namespace leat::broker
