#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/asio.h"
#include "net/frame_assembler.h"
#include "net/io_threads.h"
#include "net/outgoing_queue.h"
#include "net/tcp_connector.h"
#include "protocol/channel.h"
#include "protocol/schema.h"

namespace leat::net {

/// What is behind a channel over TCP: one connection, the requests on their way, and who waits for their answers.
class TcpLink : public std::enable_shared_from_this<TcpLink> {
 public:
  /// `token` is let go when nothing of the connection is left.
  TcpLink(std::shared_ptr<IoThreads> threads, std::shared_ptr<const void> token, TcpConnectorOptions options,
          std::string host, std::uint16_t port);

  void open();
  /// Safe from any thread.
  void send(protocol::Request request, protocol::ResponseDone done);
  /// Safe from any thread.
  void close(std::string why);
  /// No task will run any more: from now on `done` is called inside `send`.
  void orphan();

 private:
  struct Waiting {
    const protocol::MessageSchema* response = nullptr;  ///< null: the broker will not answer
    std::int16_t version = 0;
    std::int32_t correlation_id = 0;
    protocol::ResponseDone done;
  };
  struct Queued {
    protocol::Encoded frame;
    Waiting waiting;
  };
  // The socket and its pending operations share it, so that it ends after the last of them.
  struct Wire;

  asio::awaitable<void> run(std::shared_ptr<Wire> wire);
  asio::awaitable<asio::error_code> connect(Wire& wire);
  void flush();
  bool answer(Wire& wire, Frame frame);
  void answer_what_needs_none();
  void end(const std::string& why);
  Error disconnected(const std::string& why) const;

  const std::shared_ptr<IoThreads> threads_;
  const TcpConnectorOptions options_;
  const std::string host_;
  const std::uint16_t port_;

  std::shared_ptr<Wire> wire_;    // on the I/O thread, as are:
  std::deque<Waiting> waiting_;   // in the order of sending
  bool connected_ = false;
  bool write_pending_ = false;

  std::mutex mutex_;              // guards
  std::vector<Queued> queued_;
  std::int32_t next_correlation_id_ = 0;
  bool flush_posted_ = false;
  bool orphan_ = false;
  std::string over_;              // why; empty while it is not
};

}  // namespace leat::net
