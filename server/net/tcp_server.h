#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "net/endpoints.h"
#include "net/tcp_connection.h"

namespace leat::net {

struct TcpServerOptions {
  std::size_t threads = 3;
  std::size_t connections_max = 2147483647;
  std::size_t connections_per_ip_max = 2147483647;
  int send_buffer_bytes = -1;     ///< SO_SNDBUF; -1 leaves it to the system
  int receive_buffer_bytes = -1;  ///< SO_RCVBUF; likewise
  ConnectionLimits limits;
};

/// Accepts clients and spreads them over I/O threads, one after the other.
///
/// Threads: starts `threads`, which block all signals. Its functions may be called from any thread but those.
/// Failure: when descriptors or memory run out, accepting pauses and goes on by itself. A connection above a limit is
/// accepted and closed, so that the client learns it at once.
class TcpServer {
 public:
  /// Frames hold on to `budget`; `blocking` must outlive the server. `connect` is called on an I/O thread; null refuses.
  TcpServer(TcpServerOptions options, std::shared_ptr<MemoryBudget> budget, Executor& blocking, Diagnostics diagnostics,
            TcpConnection::Connect connect);
  /// Closes.
  ~TcpServer();

  /// Accepts from now on.
  void serve(std::vector<ListeningSocket> sockets);
  std::size_t connections() const;
  /// Closes the listeners and all connections, tells the broker, and ends the threads. Returns when no connection is
  /// left. Later calls do nothing.
  void close();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace leat::net
