#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "broker/connection.h"
#include "protocol/message.h"

namespace leat::broker {

/// Whose listener a request came in on.
enum class Door : std::uint8_t { clients, controller };

/// Who asks, and at which version the request is to be understood and answered.
struct RequestContext {
  std::int16_t version = 0;
  std::string client_id;
  std::string listener;
  Door door = Door::clients;
  std::string client_host;  ///< as Kafka's tools show it: "/127.0.0.1"; empty in process
};

/// What a handler gives back: a response; nothing (acks=0); or the wish to close the connection.
struct Answer {
  protocol::AnyMessage message;
  bool close = false;
  bool failed = false;  ///< it was given up, so that there is no response where one is due; close is set
};

/// Called exactly once, from any thread, under no lock; also from inside the handler.
using Respond = std::function<void(Answer)>;

}  // namespace leat::broker
