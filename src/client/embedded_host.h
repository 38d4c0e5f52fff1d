#pragma once

#include <leat/broker.h>

#include <memory>

#include "base/executor.h"
#include "broker/broker.h"
#include "client/channels.h"
#include "client/host.h"
#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "io/real_entropy.h"

namespace leat::io {
class CallerDrivenExecutor;
}

namespace leat::client {

/// Threads, clocks and random numbers, this machine's or the host's; a base so that it is there before Host refers to it.
struct Machine {
  io::SystemClock system_clock;
  io::SystemEntropy system_entropy;
  std::unique_ptr<Executor> owned_executor;
  io::CallerDrivenExecutor* caller_driven = nullptr;  ///< the same, if it is one

  explicit Machine(const BrokerOptions& options);
  ~Machine();
};

/// A broker in this process and all that it runs on.
class EmbeddedHost : private Machine, public Host {
 public:
  static Result<std::shared_ptr<EmbeddedHost>> open(const BrokerOptions& options);
  ~EmbeddedHost() override;

  const std::shared_ptr<broker::Broker>& core() const { return core_; }
  /// 0 unless the caller drives it.
  std::size_t run_once();

 private:
  explicit EmbeddedHost(const BrokerOptions& options);

  io::PosixVolume volume_;
  std::shared_ptr<broker::Broker> core_;
};

/// In-process channels to a broker. Does not keep it alive.
class EmbeddedChannels : public Channels {
 public:
  EmbeddedChannels(const std::shared_ptr<broker::Broker>& core, std::string client_id)
      : core_(core), client_id_(std::move(client_id)) {}
  std::shared_ptr<protocol::Channel> to_any() override;
  std::shared_ptr<protocol::Channel> to(const NodeAddress& node) override;

 private:
  const std::weak_ptr<broker::Broker> core_;
  const std::string client_id_;
};

}  // namespace leat::client
