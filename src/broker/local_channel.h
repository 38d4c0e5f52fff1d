#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
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
  struct Reply {
    protocol::ResponseDone done;
    Result<protocol::AnyMessage> outcome;
  };
  /// Takes its place behind the answers before it, and sees that all are delivered, outside of send().
  void answer(protocol::ResponseDone done, Result<protocol::AnyMessage> outcome);
  void deliver();

  const std::shared_ptr<const void> keep_alive_;
  Services& services_;
  const std::string client_id_;
  const std::string listener_;
  const Door door_;
  const std::shared_ptr<Conversation> conversation_;
  std::atomic<bool> closed_ = false;

  std::mutex mutex_;            // a leaf: guards all below
  std::deque<Reply> replies_;   // in order
  bool is_delivering_ = false;  // one thread at a time
};

}  // namespace leat::broker
