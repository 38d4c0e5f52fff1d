#pragma once

#include <leat/result.h>

#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/entropy.h"
#include "base/executor.h"
#include "base/memory_budget.h"
#include "broker/connection.h"
#include "config/broker_config.h"
#include "io/volume.h"
#include "metadata/image.h"
#include "protocol/channel.h"

namespace leat::broker {

/// Everything a broker takes from outside. All must outlive it.
struct Environment {
  Executor& executor;   ///< deferred work
  Executor& blocking;   ///< work that may wait for a disk; may be the same
  const Clock& clock;
  Entropy& entropy;
  io::Volume& volume;
  Diagnostics diagnostics;
  FatalHandler on_fatal;
  /// To other nodes. Null: there are none, and a configuration that needs some is refused.
  protocol::Connector* connector = nullptr;
  /// Where clients and other nodes are told to come. Empty: as the configuration says.
  std::vector<metadata::Endpoint> endpoints = {};
  std::vector<metadata::Endpoint> controller_endpoints = {};
  /// What peers can make the broker hold: request frames, fetch buffers, sessions. Not asked for where
  /// queued.max.request.bytes is set.
  std::size_t memory_limit = std::size_t{256} << 20;
};

/// One node of a cluster, or all of it: the log directories, the metadata, the partitions and the API table.
/// Reached only through Channel (in process) or Connection (a transport). Safe from any thread.
class Broker {
 public:
  /// Opens, formats an empty directory, recovers, registers and leads. Ready when it returns.
  static Result<std::shared_ptr<Broker>> open(Environment environment, config::BrokerConfig config);
  virtual ~Broker() = default;

  /// An in-process client: no bytes are encoded. Keeps the broker alive.
  virtual std::shared_ptr<protocol::Channel> channel(std::string client_id) = 0;
  /// A transport's client.
  virtual std::shared_ptr<Connection> connect(ConnectionInfo info, Connection::Sink sink) = 0;
  /// A server listens there now; Metadata and DescribeCluster answer with it.
  virtual Result<void> set_endpoints(std::vector<metadata::Endpoint> endpoints) = 0;

  virtual const std::string& cluster_id() const = 0;
  virtual const std::string& data_dir() const = 0;
  virtual const config::BrokerConfig& config() const = 0;
  virtual MemoryBudget& memory() = 0;
  virtual Executor& blocking() = 0;

  /// Asks the controller to let this broker stop: others take over what it leads, while it still serves. Blocks until the
  /// controller agrees or would not miss it any more. Nothing to do for a node that is its own controller.
  virtual void give_up_leaderships() = 0;
  /// A clean stop (files.md 4): new requests get `closed`; logs are flushed and closed, then the marker is
  /// written. Later calls do nothing.
  virtual Result<void> close() = 0;
};

}  // namespace leat::broker
