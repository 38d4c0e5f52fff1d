#include <leat/log.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/assert.h"
#include "base/errors.h"
#include "client/fetched_partition.h"
#include "client/fork_guard.h"
#include "io/caller_driven_executor.h"
#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "log/checkpoint_text.h"
#include "log/log.h"
#include "log/retention.h"
#include "record/batch_builder.h"

namespace leat {
namespace {

// The directory is laid out as a Kafka log directory with one partition.
constexpr std::string_view partition_name = "log-0";
const TopicPartition partition{"log", 0};
constexpr LeaderEpoch only_epoch = 0;

std::vector<record::HeaderView> views(const std::vector<Header>& headers) {
  std::vector<record::HeaderView> result;
  for (const Header& header : headers) result.push_back({header.key, header.value});
  return result;
}

/// The offset that a checkpoint file has for the partition; nothing without one.
Result<std::optional<Offset>> read_offset(io::Volume& volume, const std::string& path) {
  const auto text = io::read_text(volume, path);
  if (!text && text.error().code == Errc::not_found) return std::optional<Offset>();
  if (!text) return text.error();
  LEAT_TRY(const auto lines, log::parse_checkpoint(*text, 3));
  for (const auto& line : lines)
    if (line[0] == partition.topic) {
      LEAT_TRY(const Offset offset, log::parse_integer<Offset>(line[2]));
      return std::optional(offset);
    }
  return std::optional<Offset>();
}

Result<void> write_offset(io::Volume& volume, const std::string& path, Offset offset) {
  return io::replace_text(volume, path, log::format_checkpoint({partition.topic + " 0 " + std::to_string(offset)}));
}

}  // namespace

struct Log::Impl {
  explicit Impl(std::string directory, LogOptions options)
      : directory(std::move(directory)), options(std::move(options)), clock(this->options.wall_clock), executor(clock),
        volume(executor, {.max_open_descriptors = std::max<std::size_t>(this->options.max_open_files, 4)}) {}

  ~Impl() { (void)close(); }

  std::string path(std::string_view name) const { return directory + "/" + std::string(name); }
  std::string clean_marker() const { return path(".kafka_cleanshutdown"); }
  std::string recovery_points() const { return path("recovery-point-offset-checkpoint"); }
  std::string start_offsets() const { return path("log-start-offset-checkpoint"); }

  Result<void> open();
  Result<std::int64_t> append(std::span<const LogEntry> entries);
  Result<void> make_durable(std::unique_lock<std::mutex>& guard, Offset end);
  Result<void> sync_files(std::vector<std::shared_ptr<io::File>> files);
  Result<void> checkpoint();
  Result<void> close();
  /// Where every public call begins. Asks about forks first: the parent's other threads may have held the mutex.
  Result<std::unique_lock<std::mutex>> enter() const {
    LEAT_CHECK(fork.check());
    std::unique_lock guard(mutex);
    LEAT_CHECK(check_open());
    return guard;
  }
  Result<void> check_open() const {
    if (!log) return Error{Errc::closed, "the log in " + directory + " was closed"};
    return {};
  }
  Offset visible_end() const {
    return options.sync == SyncMode::each_append ? log->durable_end() : log->log_end();
  }

  const std::string directory;
  const LogOptions options;
  const client::ForkGuard fork;
  io::SystemClock clock;
  io::CallerDrivenExecutor executor;  ///< the threads that append do the work
  io::PosixVolume volume;

  mutable std::mutex mutex;
  std::unique_ptr<io::DirectoryLock> lock;
  std::unique_ptr<log::Log> log;
  record::BatchBuilder builder;
  std::condition_variable synced;
  bool is_syncing = false;
  std::int64_t unchecked_bytes = 0;  ///< appended since the last checkpoint
};

Result<void> Log::Impl::open() {
  LEAT_CHECK(volume.create_directories(directory));
  LEAT_TRY(lock, volume.lock(directory));
  log::OpenState state{.directory = path(partition_name)};
  LEAT_TRY(const auto point, read_offset(volume, recovery_points()));
  state.recovery_point = point.value_or(0);
  LEAT_TRY(state.log_start, read_offset(volume, start_offsets()));
  LEAT_TRY(state.clean, volume.exists(clean_marker()));
  if (state.clean) {
    LEAT_CHECK(volume.remove(clean_marker()));
    LEAT_CHECK(volume.sync_directory(directory));
  }
  log::LogSettings settings;
  settings.segment_bytes = options.segment_bytes;
  settings.file_delete_delay_ms = 0;
  LEAT_TRY(log, log::Log::open(volume, clock, std::move(state), settings, {options.log, options.progress}));
  if (!log->leader_epochs().latest()) LEAT_CHECK(log->start_epoch(only_epoch));
  return volume.sync_directory(directory);
}

Result<std::int64_t> Log::Impl::append(std::span<const LogEntry> entries) {
  LEAT_TRY(auto guard, enter());
  const Offset first = log->log_end();
  if (entries.empty()) return first;
  builder.reset({.base_offset = first, .leader_epoch = log->leader_epochs().latest().value_or(only_epoch)});
  for (const LogEntry& entry : entries)
    builder.append(entry.timestamp ? *entry.timestamp : clock.wall_ms(), entry.key, entry.value, views(entry.headers));
  LEAT_TRY(const auto batch, builder.build(static_cast<record::Codec>(options.compression)));
  if (static_cast<std::int64_t>(batch.size()) > options.segment_bytes)
    return Error{Errc::message_too_large, std::to_string(batch.size()) + " bytes are more than segment_bytes"};
  LEAT_CHECK(log->append(batch));
  unchecked_bytes += static_cast<std::int64_t>(batch.size());
  if (options.sync == SyncMode::each_append) LEAT_CHECK(make_durable(guard, log->log_end()));
  return first;
}

/// One thread syncs for all that have appended by then; the others wait for it, or are next.
Result<void> Log::Impl::make_durable(std::unique_lock<std::mutex>& guard, Offset end) {
  for (;;) {
    LEAT_CHECK(check_open());
    if (log->failure()) return *log->failure();
    if (log->durable_end() >= end) return {};
    if (is_syncing) {
      synced.wait(guard);
      continue;
    }
    is_syncing = true;
    const Offset covered = log->log_end();
    auto files = log->unsynced_files();
    guard.unlock();
    auto outcome = sync_files(std::move(files));
    guard.lock();
    is_syncing = false;
    synced.notify_all();
    if (!outcome) {
      log->fail(outcome.error());
      return outcome;
    }
    log->mark_durable(covered);
    if (unchecked_bytes >= options.segment_bytes) LEAT_CHECK(checkpoint());
  }
}

Result<void> Log::Impl::sync_files(std::vector<std::shared_ptr<io::File>> files) {
  struct Outcome {
    Event done;
    Result<void> result;
  };
  auto outcome = std::make_shared<Outcome>();
  volume.sync(std::move(files), [outcome](Result<void> result) {
    outcome->result = std::move(result);
    outcome->done.set();
  });
  while (!executor.wait(outcome->done, executor.now() + std::chrono::hours(1))) continue;
  return outcome->result;
}

Result<void> Log::Impl::checkpoint() {
  LEAT_TRY(const Offset point, log->checkpoint());
  unchecked_bytes = 0;
  LEAT_CHECK(write_offset(volume, recovery_points(), point));
  return write_offset(volume, start_offsets(), log->log_start());
}

Result<void> Log::Impl::close() {
  LEAT_CHECK(fork.check());
  std::unique_lock guard(mutex);
  if (!log) return {};
  synced.wait(guard, [this] { return !is_syncing; });
  auto closed = log->close();
  if (closed) closed = write_offset(volume, recovery_points(), log->log_end());
  if (closed) closed = write_offset(volume, start_offsets(), log->log_start());
  if (closed) closed = io::replace_text(volume, clean_marker(), "{\"version\":0,\"brokerEpoch\":-1}");
  log.reset();
  lock.reset();
  synced.notify_all();
  return closed;
}

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&& other) noexcept {
  client::drop(std::exchange(impl_, std::move(other.impl_)));
  return *this;
}
Log::~Log() { client::drop(std::move(impl_)); }

Result<Log> Log::open(const std::string& directory, LogOptions options) {
  auto impl = std::make_unique<Impl>(directory, std::move(options));
  if (auto ok = impl->open(); !ok) return wrap(std::move(ok).error(), "opening log in '" + directory + "'");
  return Log(std::move(impl));
}

Result<std::int64_t> Log::append(const LogEntry& entry) { return impl_->append({&entry, 1}); }
Result<std::int64_t> Log::append(std::span<const LogEntry> entries) { return impl_->append(entries); }

Result<void> Log::sync() {
  LEAT_TRY(auto guard, impl_->enter());
  return impl_->make_durable(guard, impl_->log->log_end());
}

Result<Records> Log::read(std::int64_t offset, std::size_t max_bytes) const {
  Payload batches;
  {
    // The slices outlive the lock: their bytes are never rewritten.
    LEAT_TRY(const auto guard, impl_->enter());
    if (offset < impl_->log->log_start() || offset > impl_->log->log_end())
      return Error{Errc::offset_out_of_range,
                   "offset " + std::to_string(offset) + " is not in " + std::to_string(impl_->log->log_start()) +
                       ".." + std::to_string(impl_->log->log_end())};
    if (offset >= impl_->visible_end()) return Records();
    LEAT_TRY(auto range, impl_->log->read({.from = offset,
                                           .below = impl_->visible_end(),
                                           .max_bytes = max_bytes,
                                           .at_least_one_batch = true}));
    batches = Payload::of(std::move(range.slices));
  }
  LEAT_TRY(auto bytes, batches.in_memory());
  auto holder = std::make_shared<client::RecordHolder>();
  client::FetchedPartition fetched("", 0, offset, std::move(bytes));
  LEAT_CHECK(fetched.read(*holder, std::size_t(-1), true));
  return client::RecordHolder::seal(holder);
}

Result<std::optional<RecordPosition>> Log::find(std::int64_t timestamp) const {
  LEAT_TRY(const auto guard, impl_->enter());
  LEAT_TRY(const auto found, impl_->log->find_by_time(timestamp, impl_->visible_end()));
  if (found.offset < 0) return std::optional<RecordPosition>();
  return std::optional(RecordPosition{0, found.offset, found.timestamp});
}

std::int64_t Log::start_offset() const {
  const auto guard = impl_->enter();
  return guard ? impl_->log->log_start() : -1;
}

std::int64_t Log::end_offset() const {
  const auto guard = impl_->enter();
  return guard ? impl_->log->log_end() : -1;
}

Result<void> Log::trim_to(std::int64_t offset) {
  LEAT_TRY(auto guard, impl_->enter());
  if (offset > impl_->log->log_end()) return Error{Errc::offset_out_of_range, "above the end of the log"};
  LEAT_CHECK(impl_->make_durable(guard, offset));
  LEAT_CHECK(impl_->log->raise_log_start(offset));
  LEAT_CHECK(impl_->checkpoint());
  return impl_->log->purge_deleted(impl_->clock.wall_ms());
}

Result<void> Log::trim() {
  Offset keep_from;
  {
    LEAT_TRY(const auto guard, impl_->enter());
    const auto segments = impl_->log->segments();
    log::RetentionRules rules;
    if (impl_->options.retention) rules.max_age_ms = impl_->options.retention->count();
    if (impl_->options.retention_bytes) rules.max_bytes = *impl_->options.retention_bytes;
    // The newest file stays: it is being written.
    const std::size_t expired = log::count_expired(segments, impl_->log->log_end(), rules, segments.back().base,
                                                   impl_->clock.wall_ms());
    keep_from = expired == 0 ? impl_->log->log_start() : segments[expired].base;
  }
  return trim_to(keep_from);
}

Result<void> Log::truncate(std::int64_t offset) {
  LEAT_TRY(auto guard, impl_->enter());
  impl_->synced.wait(guard, [this] { return !impl_->is_syncing; });
  LEAT_CHECK(impl_->check_open());
  if (offset < impl_->log->log_start() || offset > impl_->log->log_end())
    return Error{Errc::offset_out_of_range, "offset " + std::to_string(offset) + " is not in the log"};
  LEAT_CHECK(impl_->log->truncate_to(offset));
  return impl_->checkpoint();
}

Result<void> Log::close() { return impl_->close(); }

}  // namespace leat
