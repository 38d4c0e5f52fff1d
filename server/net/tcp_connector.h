#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "protocol/channel.h"

namespace leat::net {

class IoThreads;
class Admission;
class TcpLink;

struct TcpConnectorOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  /// A response that announces more breaks its channel.
  std::size_t response_size_max = 1024 * 1024 * 1024;
};

/// Channels to brokers over TCP. Connecting goes on behind `connect`, requests wait for it; when it fails, and when
/// a connection breaks, the channel is over, and whoever holds it makes another one.
///
/// Threads: starts one, which blocks all signals and on which every `done` runs; `done` must not block it. Safe from
/// any thread.
class TcpConnector : public protocol::Connector {
 public:
  explicit TcpConnector(TcpConnectorOptions options = {});
  /// Breaks the channels that are left. Not from a `done`.
  ~TcpConnector() override;

  std::shared_ptr<protocol::Channel> connect(const std::string& host, std::int32_t port) override;

 private:
  const TcpConnectorOptions options_;
  const std::shared_ptr<IoThreads> threads_;
  const std::shared_ptr<Admission> alive_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<TcpLink>> links_;
};

}  // namespace leat::net
