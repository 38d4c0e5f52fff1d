#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "broker/conversation.h"
#include "protocol/channel.h"

namespace leat::broker {

/// The in-process Channel: messages are handed over as they are; nothing is encoded.
class LocalChannel : public protocol::Channel, public std::enable_shared_from_this<LocalChannel> {
 public:
  LocalChannel(std::shared_ptr<const void> keep_alive, Services& services, std::string client_id,
               std::string listener);

  void send(protocol::Request request, protocol::ResponseDone done) override;
  void close() override;

 private:
  void answer(protocol::ResponseDone done, Result<protocol::AnyMessage> outcome);

  const std::shared_ptr<const void> keep_alive_;
  Services& services_;
  const std::string client_id_;
  const std::string listener_;
  const std::shared_ptr<Conversation> conversation_;
  std::atomic<bool> closed_ = false;
};

}  // namespace leat::broker
