#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/payload.h"
#include "protocol/message.h"

namespace leat::broker {

/// Where a connection comes from.
struct ConnectionInfo {
  std::string listener = "PLAINTEXT";  ///< decides which addresses Metadata answers with
  std::string peer;                    ///< "127.0.0.1:40312", for log lines
};

/// What the transport is to do, in order.
struct Outgoing {
  protocol::Encoded frame;  ///< with its size prefix; no pieces: nothing to send
  bool close = false;       ///< afterwards close the connection; the reason was logged
};

/// One client's connection to the broker, without the transport: frames in, frames out. Everything
/// about headers, versions, ordering and when to close is decided here (behaviours.md A), so that TCP
/// and a simulated network behave alike.
///
/// Order: requests run in the order received and responses leave in it. Produce that waits for
/// durability overlaps earlier Produce; any other request waits until all before it are answered.
/// Threads: `receive` from one thread at a time. The sink is called from that thread or an executor's,
/// one call at a time, in order; it must not block and must not call back into `receive`.
class Connection {
 public:
  using Sink = std::function<void(Outgoing)>;
  virtual ~Connection() = default;
  /// One frame without its size prefix. Payload memory must be writable (Produce stamps batches in
  /// place) and kept alive by the payload's owner; the last holder may go at any later time.
  virtual void receive(std::span<std::byte> frame, std::shared_ptr<const void> owner) = 0;
  /// False while the broker has enough of this connection's work on its hands (requests in flight, bytes
  /// that wait for a sync): the transport then stops reading until `resume` is called.
  virtual bool may_read() const = 0;
  /// Called, from any thread, each time may_read() turns true again.
  virtual void on_resume(std::function<void()> resume) = 0;
  /// The transport is gone: nothing is sent any more, waiting requests are dropped.
  virtual void closed() = 0;
};

}  // namespace leat::broker
