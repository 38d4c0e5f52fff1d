#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/executor.h"
#include "base/types.h"
#include "protocol/channel.h"
#include "protocol/schema.h"

namespace leat::protocol {

/// An answer and the version it is at.
struct Reply {
  std::int16_t version = 0;
  AnyMessage message;

  template <Message T>
  T* get() {
    return message.get_if<T>();
  }
};
using ReplyDone = std::move_only_function<void(Result<Reply>)>;
/// Makes the request for the version that was agreed on.
using BuildRequest = std::move_only_function<AnyMessage(std::int16_t version)>;

struct Call {
  const MessageSchema* schema = nullptr;  ///< of the request
  /// Not above this, though both sides could.
  std::int16_t version_max = INT16_MAX;
  BuildRequest build;
  Instant deadline = Instant::max();
  /// Called once, from a task of the executor. `timed_out`: it may still take effect.
  ReplyDone done;
};

/// One channel to a broker: asks for its versions first, then sends each call at the highest version that
/// both know, in the order they were made. A call that times out breaks the link, since whatever is behind
/// it would wait too. Safe from any thread.
class NodeLink : public std::enable_shared_from_this<NodeLink> {
 public:
  NodeLink(Executor& executor, std::shared_ptr<Channel> channel, std::string client_id);
  /// Starts the negotiation, which has until `deadline`.
  void open(Instant deadline);
  void send(Call call);
  /// Everything outstanding gets `closed`.
  void close();
  /// False once it is of no use any more.
  bool is_alive() const;
  /// Unknown until the negotiation is over; then whether the broker serves that request.
  std::optional<bool> serves(const MessageSchema& request) const;

 private:
  struct Pending;
  using PendingList = std::list<std::shared_ptr<Pending>>;
  void negotiate(std::int16_t version, Instant deadline);
  void on_versions(std::int16_t version, Instant deadline, Result<AnyMessage> answer);
  /// Under the lock, so that order is kept.
  void transmit(Call call);
  std::optional<std::int16_t> agree(const MessageSchema& request, std::int16_t max) const;
  /// True for the one that may tell the caller.
  bool take(const std::shared_ptr<Pending>& pending);
  void fail(Error error);

  Executor& executor_;
  const std::shared_ptr<Channel> channel_;
  const std::string client_id_;

  mutable std::mutex mutex_;
  enum class State { negotiating, ready, broken } state_ = State::negotiating;
  Error failure_;
  std::map<std::int16_t, VersionRange> served_;
  std::list<Call> waiting_;  ///< for the negotiation
  PendingList sent_;
};

}  // namespace leat::protocol
