#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/types.h"
#include "protocol/channel.h"

namespace leat::client {

/// Where a broker listens.
struct NodeAddress {
  NodeId id = no_node;
  std::string host;
  std::int32_t port = 0;
  friend bool operator==(const NodeAddress&, const NodeAddress&) = default;
};

/// Where a client gets its channels from. Safe from any thread.
class Channels {
 public:
  virtual ~Channels() = default;
  /// To any broker; another one each time where there are several.
  virtual std::shared_ptr<protocol::Channel> to_any() = 0;
  virtual std::shared_ptr<protocol::Channel> to(const NodeAddress& node) = 0;
};

/// "host:port,host:port" over a connector, which must outlive this.
class ConnectorChannels : public Channels {
 public:
  /// `invalid_argument` for an address that is none.
  static Result<std::shared_ptr<ConnectorChannels>> make(const std::string& bootstrap,
                                                         protocol::Connector& connector);
  ConnectorChannels(std::vector<NodeAddress> bootstrap, protocol::Connector& connector)
      : bootstrap_(std::move(bootstrap)), connector_(connector) {}
  std::shared_ptr<protocol::Channel> to_any() override;
  std::shared_ptr<protocol::Channel> to(const NodeAddress& node) override;

 private:
  const std::vector<NodeAddress> bootstrap_;
  protocol::Connector& connector_;
  std::mutex mutex_;
  std::size_t next_ = 0;
};

}  // namespace leat::client
