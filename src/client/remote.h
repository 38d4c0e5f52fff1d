#pragma once

#include <leat/admin.h>
#include <leat/consumer.h>
#include <leat/producer.h>
#include <leat/result.h>

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/executor.h"
#include "client/cluster.h"
#include "protocol/channel.h"

namespace leat::client {

class Host;

/// Clients of a cluster somewhere else; for `leat` and for tests. Connects when something is first asked.
class Remote {
 public:
  /// `bootstrap` is "host:port,host:port". The rest must outlive this and all that it makes.
  static Result<Remote> connect(const std::string& bootstrap, protocol::Connector& connector,
                                Executor& executor, const Clock& clock, Entropy& entropy);
  /// The same over channels of any kind.
  static Remote over(std::shared_ptr<Channels> channels, Executor& executor, const Clock& clock,
                     Entropy& entropy);

  Producer producer(ProducerOptions options = {}) const;
  Consumer consumer(ConsumerOptions options = {}) const;
  Admin admin(AdminOptions options = {}) const;

  /// One request to `node` (no_node: any), tried again while that may help, until the deadline of the options.
  /// For requests that Admin has no word for.
  Result<Reply> request(const protocol::MessageSchema& schema,
                        const std::function<protocol::AnyMessage(std::int16_t version)>& build,
                        NodeId node = no_node, const AdminOptions& options = {}) const;

 private:
  Remote(std::shared_ptr<Host> host, std::shared_ptr<Channels> channels)
      : host_(std::move(host)), channels_(std::move(channels)) {}
  std::shared_ptr<Host> host_;
  std::shared_ptr<Channels> channels_;
};

}  // namespace leat::client
