#pragma once

#include <leat/record.h>
#include <leat/result.h>
#include <leat/topic_partition.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
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

/// Kafka's `consumer` settings under the same names, less the unit.
struct ConsumerOptions {
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
  /// How long everything but `poll` may take.
  std::chrono::nanoseconds default_api_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds request_timeout = std::chrono::seconds(30);
  /// Between retries; doubles up to ten times this.
  std::chrono::nanoseconds retry_backoff = std::chrono::milliseconds(100);
  std::string client_id = "leat-consumer";
};

/// Reads partitions that it is told to read, from where it is told.
///
/// Order: the records of a partition come in offset order, each once; partitions take turns.
/// Memory: while the caller works on one answer the next is fetched, so up to two answers of
/// `fetch_max_bytes` are held.
/// Failure: what a retry may cure is retried inside `poll`; any other error is returned by it once and
/// concerns one partition, whose position does not move; the others go on in later polls.
/// Threads: one at a time. After a fork the child's calls fail with `closed`.
/// Movable; destruction closes.
class Consumer {
 public:
  Consumer(Consumer&&) noexcept;
  Consumer& operator=(Consumer&&) noexcept;
  ~Consumer();

  /// Reads exactly these from now on. Positions of those that stay are kept; new ones start as
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

  /// Drops what was fetched and stops. Later calls fail with `closed`.
  void close();

 private:
  friend class client::Access;
  struct Impl;
  explicit Consumer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
