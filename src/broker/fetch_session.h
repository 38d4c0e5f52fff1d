#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "broker/partitions.h"
#include "protocol/messages/fetch.h"
#include "replication/partition.h"

namespace leat::broker {

/// The partitions of a fetch: of one request, or of a session that lives on between requests (KIP-227).
///
/// It is a subscription: each partition tells it when something moved, and only those are read again, so
/// that an incremental fetch costs what changed and not what the session lists. Entries are used by one
/// fetch at a time (`begin`/`end`); the ready list is filled by partitions at any time.
class FetchSession : public replication::Watcher, public std::enable_shared_from_this<FetchSession> {
 public:
  struct Entry {
    std::uint64_t cookie = 0;
    std::string topic;
    Uuid topic_id;
    std::int32_t index = 0;
    Offset fetch_offset = 0;
    std::int32_t max_bytes = 0;
    LeaderEpoch current_leader_epoch = no_epoch;
    LeaderEpoch last_fetched_epoch = no_epoch;
    Offset log_start = no_offset;  ///< a follower's
    std::shared_ptr<replication::Partition> partition;  ///< null until it is found
    /// What the client was told last; -1 makes the next answer count as changed.
    Offset sent_high_watermark = -1;
    Offset sent_log_start = -1;
    bool is_ready = false;  // guarded by the session's mutex
  };

  /// `interest`: what is news to who fetches.
  FetchSession(std::int32_t id, bool uses_topic_ids, replication::Partition::Interest interest)
      : id_(id), uses_topic_ids_(uses_topic_ids), interest_(interest) {}
  ~FetchSession() override;

  std::int32_t id() const { return id_; }
  bool uses_topic_ids() const { return uses_topic_ids_; }
  std::size_t size() const;

  /// Takes the request's partitions in (new or changed ones become ready) and drops the forgotten.
  void update(const protocol::FetchRequest& request);
  /// The one fetch that may run now; false while another does.
  bool begin();
  void end();

  /// Takes all that may have changed since they were last taken, in order.
  std::vector<Entry*> take_ready();
  /// To be read again by the next fetch, behind the others.
  void put_back(Entry& entry);
  /// Has `wake` called (under the session's lock: only post) at the next change. False when something
  /// is ready already.
  bool wait(std::function<void()> wake);
  void stop_waiting();
  /// The partition was looked up: from now on it tells this session when it moves.
  void attach(Entry& entry, std::shared_ptr<replication::Partition> partition);

  void partition_changed(std::uint64_t cookie) override;

 private:
  struct Key {
    std::string topic;
    Uuid topic_id;
    std::int32_t index;
    auto operator<=>(const Key&) const = default;
  };
  void queue(Entry& entry);
  void detach(Entry& entry);

  const std::int32_t id_;
  const bool uses_topic_ids_;
  const replication::Partition::Interest interest_;
  std::map<Key, std::uint64_t> cookies_;  // used by the running fetch only
  std::uint64_t last_cookie_ = 0;

  mutable std::mutex mutex_;  // a leaf under partitions' locks: guards all below
  std::unordered_map<std::uint64_t, std::unique_ptr<Entry>> entries_;
  std::deque<std::uint64_t> ready_;
  std::function<void()> wake_;
  bool running_ = false;
};

}  // namespace leat::broker
