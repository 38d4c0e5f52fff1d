#pragma once

#include <leat/export.h>
#include <leat/record.h>
#include <leat/result.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace leat {

namespace client {
class Access;
class BatchOutcome;
}  // namespace client

/// Who has to have a record before it is acknowledged.
enum class Acks {
  none,    ///< nobody: a receipt only says that it was handed over
  leader,  ///< the partition's leader, durably
  all,     ///< every in-sync replica, durably
};

enum class Compression { none, gzip, snappy, lz4, zstd };

/// Kafka's `producer` settings under the same names, less the unit. The defaults are Kafka's but for
/// `batch_bytes`.
struct ProducerOptions {
  Acks acks = Acks::all;
  Compression compression = Compression::none;
  /// How long a batch waits for company. A batch leaves at once when it is full, flushed, or when somebody
  /// waits for a receipt of it.
  std::chrono::nanoseconds linger = std::chrono::milliseconds(5);
  /// A batch is closed before it would outgrow this, header included, uncompressed.
  std::size_t batch_bytes = 256 * 1024;
  /// What may wait in this producer, all partitions together; see `send`.
  std::size_t buffer_bytes = 32 * 1024 * 1024;
  /// The largest record, with batch header, uncompressed.
  std::size_t max_request_bytes = 1024 * 1024;
  /// How long `send` may wait for room in the buffer, or to learn the partitions of a new topic.
  std::chrono::nanoseconds max_block = std::chrono::seconds(60);
  std::chrono::nanoseconds request_timeout = std::chrono::seconds(30);
  /// From `send` to the last retry.
  std::chrono::nanoseconds delivery_timeout = std::chrono::seconds(120);
  /// Between retries; doubles up to ten times this.
  std::chrono::nanoseconds retry_backoff = std::chrono::milliseconds(100);
  /// Retries write nothing twice, and several batches of a partition are on their way at once. Needs
  /// `Acks::all`. Where the broker hands out no producer ids, one batch of a partition is on its way at a
  /// time, and a retry after a lost answer may write it twice.
  bool idempotence = true;
  std::string client_id = "leat-producer";
};

/// What became, or will become, of one sent record. Safe from any thread; cheap to copy. May be dropped:
/// the record is sent all the same.
class LEAT_EXPORT Receipt {
 public:
  /// Waits for the acknowledgement or the final failure, at most the producer's `delivery_timeout`. The
  /// record's batch leaves at once. Not to be called from a callback of Leat's.
  Result<RecordPosition> get() const;
  /// The same for at most `timeout`; `timed_out` then, and the record is still under way.
  Result<RecordPosition> get_for(std::chrono::nanoseconds timeout) const;
  /// Whether `get` would answer at once.
  bool is_ready() const noexcept;

 private:
  friend class client::Access;
  Receipt(std::shared_ptr<client::BatchOutcome> batch, std::uint32_t index);
  std::shared_ptr<client::BatchOutcome> batch_;
  std::uint32_t index_ = 0;
};

/// Told once what became of a record; on a thread of the broker's pool, or, when the caller drives it,
/// inside `run_once`, `get`, `poll`, `flush`, or a `send` that had to wait. Must not block, and must not
/// call anything of Leat's that waits.
using DeliveryCallback = std::function<void(const Result<RecordPosition>&)>;

/// Sends records, gathered into one batch a partition.
///
/// Order: the records that one thread sends to one partition are stored in that order, retries included.
/// A record that fails for good does not hold up those behind it.
/// Buffer full: `send` waits up to `max_block`, driving due work when the caller drives the broker, then
/// fails with `buffer_full`. Nothing is ever dropped silently.
/// Failure: what a retry may cure is retried until `delivery_timeout`; then the receipt has the last error.
/// Threads: all calls from any thread. After a fork the child's calls fail with `closed`.
/// Movable; destruction is `close()`.
class LEAT_EXPORT Producer {
 public:
  Producer(Producer&&) noexcept;
  Producer& operator=(Producer&&) noexcept;
  ~Producer();

  /// Copies the message into its batch and returns. All errors are in the receipt, these at once:
  /// `message_too_large`, `buffer_full`, `invalid_partitions` (no such partition), `timed_out` or
  /// `unknown_topic_or_partition` (the topic did not show up in time), `closed`.
  Receipt send(const Message& message);
  /// The same; `callback` is told instead, of errors found at once from inside this call.
  void send(const Message& message, DeliveryCallback callback);

  /// Sends what waits and returns when everything sent before has been acknowledged or has failed (which
  /// its receipt tells); `timed_out` when that takes longer.
  Result<void> flush(std::chrono::nanoseconds timeout = std::chrono::minutes(2));

  /// Flushes for at most `timeout`, then fails what is left with `closed`. Later calls do nothing.
  Result<void> close(std::chrono::nanoseconds timeout = std::chrono::minutes(2));

 private:
  friend class client::Access;
  struct LEAT_HIDDEN Impl;
  explicit Producer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
