#pragma once

#include <leat/result.h>

#include <functional>
#include <memory>

#include "protocol/message.h"

namespace leat::protocol {

/// A request on its way: the message, and the version it is to be understood at.
struct Request {
  std::int16_t version = 0;
  AnyMessage message;       ///< a ...Request; its schema has the api key
  std::string client_id;
};

/// Called once, from a task of the channel's executor, never from inside `send`. acks=0 Produce
/// answers with an empty message as soon as it has been taken.
using ResponseDone = std::function<void(Result<AnyMessage>)>;

/// The one door to a broker: in process, over TCP, or simulated.
///
/// Ordered like a connection: requests are taken in the order of `send`, answers come in that order,
/// and a request waits for those before it (Produce overlaps earlier Produce). So a client holds one
/// channel for coordination and one for data. Safe from any thread. When a channel breaks, every
/// outstanding `done` gets `disconnected`, and so does each later one.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void send(Request request, ResponseDone done) = 0;
  virtual void close() = 0;
};

/// Makes channels to brokers, by address.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual std::shared_ptr<Channel> connect(const std::string& host, std::int32_t port) = 0;
};

}  // namespace leat::protocol
