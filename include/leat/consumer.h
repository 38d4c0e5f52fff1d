#pragma once

#include <leat/export.h>
#include <leat/record.h>
#include <leat/result.h>
#include <leat/topic_partition.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leat {

namespace client {
class Access;
}

/// Where to go on when a partition has no position yet, or one that the log no longer has.
enum class OffsetReset {
  earliest,
  latest,
  none,  ///< `poll` fails with offset_out_of_range
};

/// How the leader of a group shares partitions out; Kafka's, by the same rules and names.
enum class Assignor {
  range,        ///< topic by topic, neighbours together: partitions of equal number of two topics meet
  round_robin,  ///< all partitions in turn
  sticky,       ///< even, and what can be kept is kept
  /// The same, but what a member keeps it goes on reading during the rebalance (KIP-429). Only where all
  /// assignors of a consumer are cooperative; in other company it is `sticky`.
  cooperative_sticky,
};

/// Kafka's `consumer` settings under the same names, less the unit.
struct ConsumerOptions {
  /// `group.id`: positions are kept by the broker under this name, and `subscribe` shares topics with the
  /// others of that name. Empty: none.
  std::string group = {};
  /// A name of its own for this member, unique in the group (KIP-345): `close` keeps its place, and who joins
  /// under the name within `session_timeout` goes on with the same partitions. Empty: none.
  std::string group_instance_id = {};
  /// `partition.assignment.strategy`, in order of preference: the group takes one that all its members have.
  std::vector<Assignor> assignors = {Assignor::range, Assignor::cooperative_sticky};
  /// A member that the coordinator has not heard of for so long is taken for dead.
  std::chrono::nanoseconds session_timeout = std::chrono::seconds(45);
  std::chrono::nanoseconds heartbeat_interval = std::chrono::seconds(3);
  /// A member that does not poll for so long gives its partitions up. Also how long a rebalance waits for it.
  std::chrono::nanoseconds max_poll_interval = std::chrono::minutes(5);
  /// `enable.auto.commit`: poll commits what earlier polls returned, every `auto_commit_interval` and before
  /// partitions are given up; close() commits the rest. Off, unlike Kafka's: what was returned is not always
  /// done, and only the program knows; an exception between two polls must not commit what it interrupted.
  bool auto_commit = false;
  std::chrono::nanoseconds auto_commit_interval = std::chrono::seconds(5);
  /// Where there is no committed offset either.
  OffsetReset auto_offset_reset = OffsetReset::earliest;
  /// A fetch is answered when this many bytes are there, or after `fetch_max_wait`.
  std::int32_t fetch_min_bytes = 1;
  std::chrono::nanoseconds fetch_max_wait = std::chrono::milliseconds(500);
  /// Soft limits: one batch is always returned whole.
  std::int32_t fetch_max_bytes = 50 * 1024 * 1024;
  std::int32_t max_partition_fetch_bytes = 1024 * 1024;
  /// The most that one poll returns.
  std::size_t max_poll_records = 500;
  /// Check the CRC of every batch.
  bool check_crcs = true;
  /// Older metadata is asked for again: how soon new partitions are found. Topics that are not there yet are
  /// looked for more often.
  std::chrono::nanoseconds metadata_max_age = std::chrono::minutes(5);
  /// How long everything but `poll` may take.
  std::chrono::nanoseconds default_api_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds request_timeout = std::chrono::seconds(30);
  /// Between retries; doubles up to ten times this.
  std::chrono::nanoseconds retry_backoff = std::chrono::milliseconds(100);
  std::string client_id = "leat-consumer";
};

/// What is committed for a partition: where to go on, and a note of up to 4 KiB.
struct OffsetAndMetadata {
  std::int64_t offset = -1;
  /// Of the record before; -1: not known.
  std::int32_t leader_epoch = -1;
  std::string metadata = {};
  friend bool operator==(const OffsetAndMetadata&, const OffsetAndMetadata&) = default;
};
using Offsets = std::map<TopicPartition, OffsetAndMetadata>;

/// Told of what a rebalance does, inside `poll`, `close` and `unsubscribe`, on the caller's thread. They may
/// commit, seek, pause and ask; `poll`, `subscribe`, `unsubscribe` and `close` do nothing in them. Any may be
/// missing.
struct RebalanceListener {
  using Partitions = std::vector<TopicPartition>;
  /// New here; after each rebalance, maybe with none. Where reading starts can be set by `seek`.
  std::function<void(const Partitions&)> on_assigned = {};
  /// About to be given up; positions can still be committed. Never none.
  std::function<void(const Partitions&)> on_revoked = {};
  /// Gone already, others may be reading them: nothing can be committed. Missing: on_revoked is told.
  std::function<void(const Partitions&)> on_lost = {};
};

/// Who this consumer is to its group.
struct ConsumerGroupMetadata {
  std::string group;
  std::string group_instance_id;
  /// Given by the coordinator; empty while not a member.
  std::string member_id;
  /// Of the last rebalance; -1 while not a member.
  std::int32_t generation = -1;
};

using CommitCallback = std::function<void(const Result<void>&)>;

/// Reads partitions: those that it is told to (`assign`), or those that its group gives it (`subscribe`).
///
/// Positions: a partition starts where its group's committed offset says, without one as `auto_offset_reset` says.
/// Groups: members heartbeat by themselves between polls; all else (joining, sharing out, giving up) goes on inside
/// `poll`. A broker that the caller drives heartbeats while it is driven.
/// Order: the records of a partition come in offset order, each once; partitions take turns.
/// Memory: while the caller works on one answer the next is fetched, so up to two answers of
/// `fetch_max_bytes` are held.
/// Failure: what a retry may cure is retried inside `poll`; any other error is returned by it once and
/// concerns one partition, whose position does not move; the others go on in later polls. An error of the group
/// (`group_max_size_reached`, `inconsistent_group_protocol`, ...) too is returned once, and the next poll tries to
/// join again; `fenced_instance_id`, another member with the same instance id, by every poll.
/// Threads: one at a time. After a fork the child's calls fail with `closed`.
/// Movable; destruction closes, but commits nothing and calls nobody back.
class LEAT_EXPORT Consumer {
 public:
  Consumer(Consumer&&) noexcept;
  Consumer& operator=(Consumer&&) noexcept;
  ~Consumer();

  /// Shares these topics with the group from the next poll on, instead of what was subscribed or assigned. A topic that
  /// is not there yet is read when it is. What is wrong (`invalid_group_id`: no group) is returned by the next poll.
  void subscribe(const std::vector<std::string>& topics, RebalanceListener listener = {});
  /// By name.
  std::vector<std::string> subscription() const;
  /// Gives all partitions up and leaves the group. Also ends an assignment by `assign`.
  void unsubscribe();

  /// Reads exactly these from now on; `invalid_argument` while subscribed. Positions of those that stay are kept; new ones start as
  /// `auto_offset_reset` says unless `seek` says otherwise.
  Result<void> assign(const std::vector<TopicPartition>& partitions);
  std::vector<TopicPartition> assignment() const;

  /// The offset to read next; `invalid_argument` unless assigned. What was fetched ahead is dropped.
  Result<void> seek(const TopicPartition& partition, std::int64_t offset);
  /// Where the log starts or ends by the time of the next poll.
  Result<void> seek_to_beginning(const TopicPartition& partition);
  Result<void> seek_to_end(const TopicPartition& partition);
  /// The offset that comes next; asks the broker when it is not known yet.
  Result<std::int64_t> position(const TopicPartition& partition);

  /// Commits the positions of all assigned partitions: everything that poll has returned is done. Tried again while
  /// that may help. `rebalance_in_progress`: poll first; `unknown_member_id`, `illegal_generation`: the partitions were
  /// given to others meanwhile; `fenced_instance_id`; `invalid_group_id`: no group.
  Result<void> commit();
  /// Commits these, of any partitions.
  Result<void> commit(const Offsets& offsets);
  /// One attempt in the background; later commits are never overtaken. `done` is called inside a later poll, or close.
  void commit_async(CommitCallback done = {});
  void commit_async(const Offsets& offsets, CommitCallback done = {});
  /// What the group has committed; partitions without a commit are left out.
  Result<Offsets> committed(const std::vector<TopicPartition>& partitions);

  /// Poll returns nothing of these until `resume`, or until they have been given up; `invalid_argument` unless assigned.
  Result<void> pause(const std::vector<TopicPartition>& partitions);
  Result<void> resume(const std::vector<TopicPartition>& partitions);
  std::vector<TopicPartition> paused() const;
  /// Records between the position and the end as the last fetch told it; nothing before there was one.
  std::optional<std::int64_t> lag(const TopicPartition& partition) const;
  ConsumerGroupMetadata group_metadata() const;

  /// Records as soon as there are any; none when `timeout` passes first. A timeout of zero returns what is
  /// there. The views live until the next poll, and as long as the Records does.
  Result<Records> poll(std::chrono::nanoseconds timeout);

  /// For each partition the first offset that is there, and the offset after the last.
  Result<std::map<TopicPartition, std::int64_t>> beginning_offsets(const std::vector<TopicPartition>& partitions);
  Result<std::map<TopicPartition, std::int64_t>> end_offsets(const std::vector<TopicPartition>& partitions);
  /// For each partition the first record whose timestamp is at or above the one given; nothing when there is
  /// none.
  Result<std::map<TopicPartition, std::optional<RecordPosition>>> offsets_for_time(
      const std::map<TopicPartition, std::int64_t>& timestamps);

  /// With `auto_commit`, commits; tells the listener; leaves the group, unless the member has an instance id; drops what
  /// was fetched and stops. Later calls fail with `closed`.
  void close();

 private:
  friend class client::Access;
  struct LEAT_HIDDEN Impl;
  explicit Consumer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
