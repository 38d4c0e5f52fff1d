#pragma once

#include <leat/admin.h>
#include <leat/consumer.h>
#include <leat/diagnostics.h>
#include <leat/export.h>
#include <leat/host.h>
#include <leat/producer.h>
#include <leat/result.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace leat {

namespace client {
class Access;
}

/// Whose threads do the work that nobody waits for: syncs, deadlines, retention.
enum class Threading {
  pool,           ///< a few threads of the broker's own, all signals blocked
  caller_driven,  ///< none: `Broker::run_once`, and every call that waits, do what is due
};

struct BrokerOptions {
  /// Made when missing. It has one owner at a time: a second open, here or in another process, fails with
  /// `in_use` and says who.
  std::string data_dir = {};
  /// Kafka's broker settings: {"num.partitions", "3"}. A name or value that Kafka would refuse is refused.
  std::map<std::string, std::string> settings = {};
  Threading threading = Threading::pool;
  /// Of the pool.
  std::size_t threads = 2;
  /// The host's threads do it instead, when given; `threading` and `threads` mean nothing then.
  std::shared_ptr<HostExecutor> executor = {};
  /// Unset: the system's.
  WallClock wall_clock = {};
  LogFunction log = {};
  /// How far opening is: recovering logs may take a while after a crash.
  ProgressFunction progress = {};
  /// Told of a broken invariant before the process aborts.
  FatalHandler on_fatal = {};
  /// What clients' requests and answers may hold, in bytes.
  std::size_t memory_limit = 256 * 1024 * 1024;
  /// File descriptors.
  std::size_t max_open_files = 256;
};

/// A Kafka broker inside this process: topics in a directory, producers and consumers without a network.
/// `leat::Server` lets other processes in.
///
/// Durability: what is acknowledged (`Acks::leader` or `all`) is on disk, and only what is on disk is read.
/// A process killed at any instant loses nothing acknowledged.
/// Guest rules: no signal handlers, nothing printed, no state shared between brokers; any number of them live
/// in one process.
/// Threads: all calls from any thread, but when the caller drives it `run_once` and waiting calls from one
/// thread at a time, and where the host lends its threads calls that wait, opening and closing included, not from
/// the only one of them. After a fork the child's calls fail with `closed`; the child must not use the directory.
/// Movable; destruction is `close()`. Producers, consumers and admins may outlive it: their calls then fail
/// with `closed`.
class LEAT_EXPORT Broker {
 public:
  /// Opens the directory, or formats an empty one, and recovers what a crash left. Ready when it returns.
  /// `in_use`, `invalid_config` (which setting and why), `io_error`, `disk_full`, `corrupt`.
  static Result<Broker> open(BrokerOptions options);
  Broker(Broker&&) noexcept;
  Broker& operator=(Broker&&) noexcept;
  ~Broker();

  /// Shorthands for `admin()`'s.
  Result<void> create_topic(const std::string& name, const TopicOptions& options = {});
  Result<void> delete_topic(const std::string& name);
  Result<std::vector<TopicDescription>> topics();
  Result<TopicDescription> describe_topic(const std::string& name);

  Producer producer(ProducerOptions options = {});
  Consumer consumer(ConsumerOptions options = {});
  Admin admin(AdminOptions options = {});

  /// Caller-driven only: does what is due without waiting; returns how many tasks that was.
  std::size_t run_once();

  /// The cluster's id, Kafka's text form.
  const std::string& cluster_id() const;

  /// A clean stop: the next open has nothing to recover. Later calls do nothing; those to anything of this
  /// broker's fail with `closed`.
  Result<void> close();

 private:
  friend class client::Access;
  struct LEAT_HIDDEN Impl;
  explicit Broker(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
