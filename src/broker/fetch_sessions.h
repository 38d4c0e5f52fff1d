#pragma once

#include <leat/result.h>

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/entropy.h"
#include "base/executor.h"
#include "broker/fetch_session.h"

namespace leat::broker {

/// The broker that fetches in order to follow.
struct FetchingReplica {
  NodeId id = no_node;
  std::int64_t broker_epoch = -1;
};
/// Nothing for a consumer's fetch.
std::optional<FetchingReplica> fetching_replica(const protocol::FetchRequest& request, std::int16_t version);

/// The fetch sessions of a broker (KIP-227; primitives.md 11), at most
/// `max.incremental.fetch.session.cache.slots` of them. Safe from any thread.
class FetchSessions {
 public:
  FetchSessions(std::size_t slots, Entropy& entropy) : slots_(slots), entropy_(entropy) {}

  /// What a request is: with a session, new or old, or a full fetch with none (id 0).
  struct Opened {
    std::shared_ptr<FetchSession> session;
    bool is_incremental = false;
  };
  /// Also takes the request's partitions in. Errors: fetch_session_id_not_found,
  /// invalid_fetch_session_epoch, fetch_session_topic_id_error.
  Result<Opened> open(const protocol::FetchRequest& request, std::int16_t version, Instant now);
  /// The fetch of `session` was answered; one that has no partitions left is dropped, and its response
  /// must carry id 0.
  std::int32_t close(const FetchSession& session);
  std::size_t size() const;

 private:
  struct Slot {
    std::shared_ptr<FetchSession> session;
    std::int32_t next_epoch = 1;
    Instant last_used{};
    Instant created{};
    bool is_follower = false;
    std::size_t partitions = 0;
    /// Who is given up first: consumers before followers, small before large.
    auto worth() const { return std::pair(is_follower, partitions); }
  };
  bool make_room(const Slot& wanted, Instant now, std::shared_ptr<FetchSession>& evicted);
  std::int32_t fresh_id();

  const std::size_t slots_;
  Entropy& entropy_;
  mutable std::mutex mutex_;
  std::unordered_map<std::int32_t, Slot> sessions_;  // guarded by mutex_
};

}  // namespace leat::broker
