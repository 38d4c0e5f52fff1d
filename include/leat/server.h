#pragma once

#include <leat/diagnostics.h>
#include <leat/export.h>
#include <leat/result.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace leat {

class Broker;

struct ServerOptions {
  /// Kafka's `listeners`, by commas: NAME://host:port. No host: all addresses of this machine. Port 0: any free one;
  /// `Server::addresses` says which.
  std::string listeners = "PLAINTEXT://127.0.0.1:9092";
  /// What clients are told to connect to, one for each of `listeners`; empty: what `listeners` says.
  std::string advertised_listeners = {};
  /// That read requests and write responses.
  std::size_t threads = 1;
  LogFunction log = {};
};

/// Where a server listens.
struct Address {
  std::string listener;  ///< "PLAINTEXT"
  std::string host;
  std::uint16_t port = 0;
};

/// Lets Kafka clients of other processes into a broker.
///
/// Threads: starts `ServerOptions::threads`, which block all signals; requests run on them. A caller-driven broker
/// answers what has to wait (for a disk, for other clients) only while its `run_once` is called. Calls from any thread.
/// Limits: the broker's settings socket.request.max.bytes, connections.max.idle.ms, max.connections and
/// max.connections.per.ip hold.
/// Movable; destruction is `close()`. The broker stays open, and must not be destroyed before the server; closing it
/// first is fine.
class LEAT_EXPORT Server {
 public:
  /// Listens when it returns. `in_use` (which port), `invalid_config`, `invalid_argument` (which listener and why).
  static Result<Server> listen(Broker& broker, ServerOptions options = {});
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  /// In the order of `ServerOptions::listeners`, with the ports that were bound.
  const std::vector<Address>& addresses() const;

  /// Stops listening, closes every connection, which drops requests that wait, and ends the threads. Later calls do
  /// nothing. Not from a callback of the server's.
  Result<void> close();

 private:
  struct LEAT_HIDDEN Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
