#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/diagnostics.h"
#include "base/executor.h"
#include "protocol/node_link.h"
#include "replication/fetcher.h"
#include "replication/partition.h"

namespace leat::replication {

/// One fetcher at work: asks the leader over a link of its own and has the partitions do what comes of it. An append runs
/// where the answer arrives; what may wait for the disk runs on `blocking`.
///
/// Safe from any thread. Its mutex is held while nothing is called.
class FetchLoop : public std::enable_shared_from_this<FetchLoop> {
 public:
  struct Environment {
    Executor& executor;
    Executor& blocking;
    Diagnostics diagnostics;
  };
  struct Options {
    Fetcher::Options fetch;
    Duration request_timeout = std::chrono::seconds(30);  ///< replica.socket.timeout.ms
    std::string client_id;
  };
  /// A new channel to the leader; null while nobody knows where it is. Asked again after the backoff.
  using Connect = std::function<std::shared_ptr<protocol::Channel>()>;

  FetchLoop(Environment environment, Options options, Connect connect);
  ~FetchLoop();

  /// This broker's, since its registration.
  void set_broker_epoch(std::int64_t epoch);
  void follow(std::shared_ptr<Partition> partition, LeaderEpoch leader_epoch);
  void unfollow(const Uuid& topic_id, std::int32_t partition);
  bool empty() const;
  /// The leader's address may have changed: the next request goes over a new link.
  void reconnect();
  /// Nothing is asked or done any more.
  void close();

 private:
  /// Tells the fetcher of something, and does what it says next.
  template <class Event>
  void step(const Event& event);
  void carry_out(std::shared_ptr<Partition> partition, Fetcher::Work work);
  void send(Fetcher::Request request);
  template <class Request, class Response>
  void send(Request request);
  std::shared_ptr<protocol::NodeLink> link();
  void arm(Instant wake_at);

  const Environment environment_;
  const Options options_;
  const Connect connect_;

  mutable std::mutex mutex_;  // a leaf: guards all below
  Fetcher fetcher_;
  std::map<std::pair<Uuid, std::int32_t>, std::shared_ptr<Partition>> partitions_;
  std::shared_ptr<protocol::NodeLink> link_;
  TimerId timer_ = TimerId::none;
  Instant timer_at_ = Instant::max();
  bool closed_ = false;
};

}  // namespace leat::replication
