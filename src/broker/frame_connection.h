#pragma once

#include <atomic>
#include <mutex>

#include "broker/connection.h"
#include "broker/conversation.h"
#include "protocol/headers.h"

namespace leat::broker {

/// The Connection of a transport: headers, versions, and when to close (behaviours A1-A6, A8).
class FrameConnection : public Connection, public std::enable_shared_from_this<FrameConnection> {
 public:
  /// `services` and `keep_alive`'s broker outlive it.
  FrameConnection(std::shared_ptr<const void> keep_alive, Services& services, ConnectionInfo info, Sink sink);

  void receive(std::span<std::byte> frame, std::shared_ptr<const void> owner) override;
  bool may_read() const override;
  void on_resume(std::function<void()> resume) override;
  void closed() override;

  /// May_read() may have turned true: something was answered, or a sync round ended.
  void reconsider();

 private:
  void handle(protocol::RequestHeader header, std::span<std::byte> frame, std::size_t body_at,
              std::shared_ptr<const void> owner);
  void refuse_api_versions(std::int32_t correlation_id);
  void respond(const protocol::MessageSchema& schema, std::int16_t version, std::int32_t correlation_id,
               Answer answer);
  void give_up(std::string reason);
  void send(Outgoing outgoing);

  const std::shared_ptr<const void> keep_alive_;
  Services& services_;
  const ConnectionInfo info_;
  const Door door_;
  const std::shared_ptr<Conversation> conversation_;

  std::atomic<bool> closing_ = false;
  mutable std::atomic<bool> paused_ = false;  // may_read() said no, so resume_ is due
  std::mutex mutex_;                          // a leaf: guards the two functions
  std::shared_ptr<const Sink> sink_;
  std::function<void()> resume_;
};

}  // namespace leat::broker
