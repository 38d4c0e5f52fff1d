#pragma once

#include <leat/result.h>

#include <chrono>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/payload.h"
#include "base/types.h"
#include "base/uuid.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/list_offsets.h"
#include "replication/partition.h"

namespace leat::replication {

/// All partitions that this broker follows from one leader (cluster.md I1 to I5): what to ask the leader next, and what
/// its answers mean for the partitions.
///
/// Pure: it is told what happened, and next() says what to do now. At most one request is under way. It names positions
/// that Partition has reported as durable and no others, so that a fetch is the promise that P4 says; the next one
/// waits until all that the last one brought is durable, which the partitions of a directory reach by one sync. What
/// comes of an older leader epoch, or for another offset than is held by now, is dropped (I2).
///
/// Its size is bounded by the partitions followed: one piece of work, or one place in a request, each.
class Fetcher {
 public:
  struct Options {
    NodeId self = no_node;
    Duration backoff = std::chrono::seconds(1);  ///< replica.fetch.backoff.ms
    std::int32_t max_wait_ms = 500;              ///< replica.fetch.wait.max.ms
    std::int32_t min_bytes = 1;                  ///< replica.fetch.min.bytes
    std::int32_t max_bytes = 10 << 20;           ///< replica.fetch.response.max.bytes
    std::int32_t partition_max_bytes = 1 << 20;  ///< replica.fetch.max.bytes
  };

  struct Begin {};
  struct Append {
    Payload batches;  ///< in memory
    Offset high_watermark = no_offset;
    Offset log_start = no_offset;
  };
  struct TruncateDiverging {
    log::EpochEnd leaders;
  };
  struct TruncateTo {
    Offset offset = no_offset;
  };
  struct RestartAt {
    Offset offset = no_offset;
  };
  using Step = std::variant<Begin, Append, TruncateDiverging, TruncateTo, RestartAt>;
  /// What a partition is to do: carry_out() does it, and finished() must be told of its end.
  struct Work {
    std::uint64_t ticket = 0;
    TopicPartition partition;
    Uuid topic_id;
    LeaderEpoch leader_epoch = no_epoch;
    Step step;
  };
  /// Fetch at version 15 or newer (topic ids, replica state); ListOffsets at 4 or newer (leader epochs).
  using Request = std::variant<protocol::FetchRequest, protocol::ListOffsetsRequest>;
  /// A partition that stands still until follow() with a newer epoch (I5). Each is named once.
  struct Failure {
    TopicPartition partition;
    Error error;
  };
  struct Actions {
    std::vector<Work> work;
    std::optional<Request> request;
    std::vector<Failure> failures;
    Instant wake_at = Instant::max();  ///< call next() then, if nothing happens before
  };

  explicit Fetcher(Options options) : options_(options) {}

  /// This broker's, since its registration; every request names it (F17).
  void set_broker_epoch(std::int64_t epoch) { broker_epoch_ = epoch; }
  /// Begins, or begins anew under a newer leader epoch; an epoch that is no newer changes nothing.
  void follow(const TopicPartition& partition, const Uuid& topic_id, LeaderEpoch leader_epoch);
  void unfollow(const Uuid& topic_id, std::int32_t partition);
  bool empty() const { return followed_.empty(); }

  /// To be called after all that follows, and after follow().
  Actions next(Instant now);
  void finished(Instant now, std::uint64_t ticket, Result<FollowerPosition> where);
  /// What came of the request. An error: there was no answer; the next request should take a new connection.
  void answered(Instant now, Result<protocol::FetchResponse> answer);
  void answered(Instant now, Result<protocol::ListOffsetsResponse> answer);

 private:
  using Key = std::pair<Uuid, std::int32_t>;
  enum class State {
    to_do,         // has work to hand out
    works,         // handed it out
    fetches,       // from `position`
    seeks_end,     // asks for the leader's log end (I4)
    seeks_start,   // asks for the leader's log start
    failed,        // until a newer epoch
  };
  /// A place in the fetch session, as the leader knows it.
  struct Asked {
    LeaderEpoch leader_epoch = no_epoch;
    Offset from = no_offset;
    LeaderEpoch last_epoch = no_epoch;
    Offset log_start = no_offset;
    friend bool operator==(const Asked&, const Asked&) = default;
  };
  struct Followed {
    TopicPartition id;
    LeaderEpoch leader_epoch = no_epoch;
    State state = State::to_do;
    Step step = Begin{};       // to do
    std::uint64_t ticket = 0;  // of the work that is handed out
    Instant not_before{};
    FollowerPosition position;
    Offset leader_high_watermark = no_offset;  // that the partition has been told
    std::optional<Asked> asked;
  };

  void hand_out(const Key& key, Followed& followed, Actions& actions);
  void forget_work(Followed& followed);
  bool is_due(const Followed& followed, Instant now) const { return followed.not_before <= now; }
  std::optional<Request> make_request(Instant now);
  std::optional<protocol::ListOffsetsRequest> make_list_offsets(Instant now);
  std::optional<protocol::FetchRequest> make_fetch(Instant now);
  void begin_session_anew();
  void take(Instant now, Followed& followed, protocol::FetchResponse::PartitionData& data);
  void take(Instant now, Followed& followed,
            const protocol::ListOffsetsResponse::ListOffsetsPartitionResponse& found);
  void to_do(Followed& followed, Step step);
  /// The leader refused: again after a while, or not in this epoch.
  void refused(Instant now, Followed& followed, Errc error);
  void fail(Followed& followed, Error error);
  void back_off(Instant now, Followed& followed) { followed.not_before = now + options_.backoff; }

  const Options options_;
  std::int64_t broker_epoch_ = -1;
  std::map<Key, Followed> followed_;
  std::unordered_map<std::uint64_t, Key> tickets_;
  std::uint64_t last_ticket_ = 0;
  std::size_t appending_ = 0;  // appends that are handed out
  std::vector<Failure> failures_;

  bool is_asking_ = false;  // a request is under way
  Instant not_before_{};
  // The fetch session (KIP-227). Epoch 0 asks for a new one and names everything.
  std::int32_t session_id_ = 0;
  std::int32_t session_epoch_ = 0;
  std::vector<Key> left_;  // places of partitions that are no longer followed
};

/// Has `partition` do it. `done` is called once, here or later; all but an Append may block on the disk.
void carry_out(Partition& partition, const Fetcher::Work& work, Followed done);

}  // namespace leat::replication
