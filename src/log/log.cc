#include "log/log.h"

#include <algorithm>
#include <limits>

#include "base/crc32c.h"
#include "io/path.h"
#include "log/batch_scan.h"
#include "log/file_names.h"
#include "log/log_core.h"

namespace leat::log {

Result<void> Log::Core::check_writable() const {
  if (failed.load(std::memory_order_acquire)) return *failure;
  if (closed) return Error{Errc::closed, directory + " is closed"};
  return {};
}

Error Log::Core::fail(Error error) {
  std::lock_guard lock(mutex);
  if (!failed.load(std::memory_order_relaxed)) {
    failure = wrap(error, directory);
    failed.store(true, std::memory_order_release);
    diagnostics.say(LogLevel::error, "no more appends until it is opened again, when the disk is " +
                                         std::string(error.code == Errc::disk_full ? "less full: " : "well: ") +
                                         failure->to_string());
  }
  return error;
}

void Log::Core::publish(std::shared_ptr<const SegmentList> segments, Position end) {
  std::lock_guard lock(mutex);
  view.segments = std::move(segments);
  view.end = end;
}

Result<Log::Core::Incoming> Log::Core::inspect(Bytes batches) const {
  Incoming incoming;
  record::BatchCursor cursor(batches);
  for (Offset expected = view.end.offset;;) {
    LEAT_TRY(const auto batch, cursor.next());
    if (!batch) break;
    if (batch->magic() != record::current_magic)
      return Error{Errc::unsupported_for_message_format, "magic " + std::to_string(batch->magic())};
    if (batch->base_offset() < expected || batch->last_offset() < batch->base_offset())  // L1
      return Error{Errc::corrupt_message, "a batch at offset " + std::to_string(batch->base_offset()) +
                                              " cannot follow log end " + std::to_string(expected)};
    if (incoming.first < 0) incoming.first = batch->base_offset();
    incoming.last = batch->last_offset();
    incoming.largest_timestamp = std::max(incoming.largest_timestamp, batch->max_timestamp());
    expected = batch->next_offset();
  }
  if (!cursor.rest().empty() || incoming.first < 0)
    return Error{Errc::corrupt_message, "an append must be whole batches"};
  return incoming;
}

std::int64_t Log::Core::jitter() const {
  const std::int64_t limit = std::min(settings.segment_jitter_ms, settings.segment_ms);
  if (limit <= 0) return 0;
  const std::string name = path_of(numbered_name(active().base, suffix::log));
  return static_cast<std::int64_t>(crc32c(Bytes(name))) % limit;
}

Result<bool> Log::Core::is_too_old(TimestampMs incoming) {
  if (view.end.file_position == 0) return false;
  if (!first_timestamp) {
    HeaderScan scan(*active().file, 0, view.end.file_position);
    LEAT_TRY(const auto first, scan.next());
    first_timestamp = first ? first->max_timestamp() : no_timestamp;
  }
  const std::int64_t age_max = settings.segment_ms - jitter();
  if (*first_timestamp < 0) return clock.wall_ms() - active_created_at > age_max;
  return incoming - *first_timestamp > age_max;
}

Result<bool> Log::Core::must_roll(const Incoming& incoming, std::size_t bytes) {
  constexpr std::int64_t relative_max = std::numeric_limits<std::int32_t>::max();
  const auto size = static_cast<std::int64_t>(view.end.file_position);
  const auto added = static_cast<std::int64_t>(bytes);
  if (incoming.last - active().base > relative_max) return true;
  if (size > 0 && size > std::min(settings.segment_bytes, relative_max) - added) return true;
  const auto entries_max = static_cast<std::size_t>(settings.segment_index_bytes);
  LEAT_TRY(const std::size_t offsets, active().offsets.size());
  LEAT_TRY(const std::size_t times, active().times.size());
  if (offsets >= entries_max / OffsetEntry::size || times + 1 >= entries_max / TimeEntry::size) return true;
  return is_too_old(incoming.largest_timestamp);
}

Result<void> Log::Core::append(Bytes batches) {
  LEAT_CHECK(check_writable());
  LEAT_TRY(const Incoming incoming, inspect(batches));
  LEAT_TRY(const bool roll, guard(must_roll(incoming, batches.size())));
  if (roll) LEAT_CHECK(guard(roll_to(std::max(incoming.first, view.end.offset))));
  if (incoming.last - active().base > std::numeric_limits<std::int32_t>::max())
    return Error{Errc::corrupt_message, "offsets of one append are too far apart"};
  dirty = true;
  return guard(write(batches));
}

Result<void> Log::Core::write(Bytes batches) {
  Segment& segment = active();
  const std::uint64_t start = view.end.file_position;
  record::BatchCursor epoch_cursor(batches);
  for (auto batch = epoch_cursor.next(); *batch; batch = epoch_cursor.next())
    epochs.assign((*batch)->leader_epoch(), (*batch)->base_offset());  // L5
  LEAT_CHECK(segment.file->write_at(start, batches));

  Position end = view.end;
  record::BatchCursor cursor(batches);
  for (auto batch = cursor.next(); *batch; batch = cursor.next()) {
    if (end.file_position == 0) first_timestamp = (*batch)->max_timestamp();
    segment.note(**batch, end.file_position, settings.index_interval_bytes);
    if (const auto aborted = producers.update(**batch)) LEAT_CHECK(segment.note_aborted(*aborted));
    end.file_position += (*batch)->size();
    end.offset = (*batch)->next_offset();
  }
  segment.size.store(end.file_position, std::memory_order_release);
  std::lock_guard lock(mutex);
  view.end = end;
  return {};
}

Result<std::shared_ptr<Segment>> Log::Core::create_segment(Offset base) {
  LEAT_CHECK(remove_segment_files(base));
  LEAT_TRY(auto file, volume.open(path_of(numbered_name(base, suffix::log)), io::OpenMode::create_truncate));
  return std::make_shared<Segment>(volume, directory, base, std::move(file));
}

Result<std::shared_ptr<io::File>> Log::Core::write_producer_snapshot(Offset end) {
  const std::string path = path_of(numbered_name(end, suffix::snapshot));
  LEAT_TRY(auto file, volume.open(path, io::OpenMode::create_truncate));
  LEAT_CHECK(file->write_at(0, producers.snapshot()));
  snapshots.insert(end);
  return file;
}

Result<void> Log::Core::seal_active(Offset next_base) {
  Segment& segment = active();
  LEAT_CHECK(segment.flush_indexes());
  segment.offsets.release_memory();
  segment.times.release_memory();
  LEAT_TRY(auto snapshot, write_producer_snapshot(next_base));
  std::vector<std::shared_ptr<io::File>> files = segment.index_files();
  files.insert(files.end(), {segment.file, std::move(snapshot)});
  std::lock_guard lock(mutex);
  for (auto& file : files) unsynced.push_back({view.end.offset, std::move(file)});
  return {};
}

Result<void> Log::Core::roll_to(Offset base) {
  const bool was_empty = view.end.file_position == 0;
  if (was_empty && active().base == base) return {};
  dirty = true;
  auto list = std::make_shared<SegmentList>(*view.segments);
  if (was_empty)
    list->pop_back();
  else
    LEAT_CHECK(seal_active(base));
  LEAT_TRY(auto fresh, create_segment(base));
  list->push_back(std::move(fresh));
  const Offset emptied = active().base;
  publish(std::move(list), {view.end.offset, base, 0});
  // After a cut: recovery would not look at a segment that ends below it.
  if (view.durable < base && base <= recovery_point_max) LEAT_CHECK(sync_all());
  resume = {.offset = base};
  first_timestamp.reset();
  active_created_at = clock.wall_ms();
  return was_empty ? remove_segment_files(emptied) : Result<void>{};
}

std::vector<std::shared_ptr<io::File>> Log::Core::unsynced_files() const {
  std::lock_guard lock(mutex);
  std::vector<std::shared_ptr<io::File>> files;
  for (const Unsynced& entry : unsynced) files.push_back(entry.file);
  if (view.durable < view.end.offset && view.end.file_position > 0)
    files.push_back(view.segments->back()->file);
  return files;
}

void Log::Core::mark_durable(Offset end) {
  std::lock_guard lock(mutex);
  if (failed.load(std::memory_order_relaxed)) return;
  end = std::min(end, view.end.offset);
  // A segment sealed exactly at `end` may have been sealed after the round began: its turn comes later.
  std::erase_if(unsynced, [&](const Unsynced& entry) { return entry.below < end; });
  view.durable = std::max(view.durable, end);
}

void Log::Core::all_is_durable() {
  std::lock_guard lock(mutex);
  unsynced.clear();
  view.durable = view.end.offset;
}

Result<void> Log::Core::sync_all() {
  for (const auto& file : unsynced_files()) LEAT_CHECK(file->sync());
  all_is_durable();
  return {};
}

Result<std::vector<std::shared_ptr<io::File>>> Log::Core::begin_checkpoint() {
  LEAT_CHECK(check_writable());
  Staged next;
  {
    std::lock_guard lock(mutex);
    next.point = view.durable;
    for (const Unsynced& entry : unsynced)
      if (entry.below <= view.durable) next.files.push_back(entry.file);
  }
  const auto fresh = static_cast<std::int64_t>(view.end.file_position - resume.position);
  // Below what the checkpoint file may say already, a snapshot would be believed before it is durable.
  if (fresh >= settings.resume_bytes && view.end.offset > recovery_point_max) {
    LEAT_CHECK(guard(active().flush_indexes()));
    LEAT_TRY(auto snapshot, guard(write_producer_snapshot(view.end.offset)));
    next.files = unsynced_files();
    std::ranges::move(active().index_files(), std::back_inserter(next.files));
    next.files.push_back(std::move(snapshot));
    next.point = view.end.offset;
    next.resume = Resume{view.end.offset, view.end.file_position};
  }
  LEAT_TRY(auto epochs_file, guard(epochs.stage()));
  next.has_epochs = epochs_file != nullptr;
  if (epochs_file) next.files.push_back(std::move(epochs_file));
  staged = std::move(next);
  return staged->files;
}

Result<Offset> Log::Core::end_checkpoint() {
  LEAT_CHECK(check_writable());
  if (!staged) return recovery_point;
  const Staged done = *std::exchange(staged, std::nullopt);
  if (done.has_epochs) {
    LEAT_CHECK(guard(epochs.install()));
    LEAT_CHECK(guard(volume.sync_directory(directory)));
  }
  {
    std::lock_guard lock(mutex);
    std::erase_if(unsynced, [&](const Unsynced& entry) {
      return std::ranges::find(done.files, entry.file) != done.files.end();
    });
    view.durable = std::max(view.durable, done.point);
  }
  recovery_point = done.point;
  recovery_point_max = std::max(recovery_point_max, done.point);
  if (!done.resume) return recovery_point;
  // The one before stays: the checkpoint file says so until its owner has written the next.
  const Offset before = resume.offset;
  if (active().base <= done.point) resume = *done.resume;
  LEAT_CHECK(guard(remove_stray_snapshots({before, done.point})));
  return recovery_point;
}

Result<Offset> Log::Core::checkpoint() {
  LEAT_TRY(const auto files, begin_checkpoint());
  for (const auto& file : files) LEAT_CHECK(guard(file->sync()));
  if (!files.empty()) LEAT_CHECK(guard(volume.sync_directory(directory)));
  return end_checkpoint();
}

Result<std::vector<std::shared_ptr<io::File>>> Log::Core::begin_close() {
  if (failed.load(std::memory_order_acquire)) return *failure;
  std::vector<std::shared_ptr<io::File>> files;
  if (closed) return files;
  closed = true;
  staged.reset();
  // A term that brought no batch needs no line on disk: the next one replaces it.
  if (!dirty) return files;
  files = unsynced_files();
  LEAT_CHECK(guard(active().flush_indexes()));
  LEAT_TRY(auto snapshot, guard(write_producer_snapshot(view.end.offset)));
  LEAT_TRY(auto staged, guard(epochs.stage()));
  std::ranges::move(active().index_files(), std::back_inserter(files));
  files.push_back(std::move(snapshot));
  if (staged) files.push_back(std::move(staged));
  return files;
}

Result<void> Log::Core::end_close() {
  if (!dirty) return {};
  LEAT_CHECK(guard(epochs.install()));
  dirty = false;
  all_is_durable();
  return {};
}

Result<void> Log::Core::close() {
  if (closed) return {};
  LEAT_TRY(const auto files, begin_close());
  if (files.empty()) return {};
  for (const auto& file : files) LEAT_CHECK(guard(file->sync()));
  LEAT_CHECK(end_close());
  LEAT_CHECK(guard(volume.sync_directory(directory)));
  return guard(volume.sync_directory(io::parent_path(io::normal_path(directory))));
}

Log::Log(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(io::Volume& volume, const Clock& clock, OpenState state,
                                       LogSettings settings, const Diagnostics& diagnostics) {
  auto core = std::make_unique<Core>(volume, clock, state.directory, settings, diagnostics);
  auto opened = core->open(state);
  if (!opened) return wrap(std::move(opened).error(), "opening " + state.directory);
  return std::unique_ptr<Log>(new Log(std::move(core)));
}

Result<void> Log::append(Bytes batches) { return core_->append(batches); }

Result<void> Log::start_epoch(LeaderEpoch epoch) {
  LEAT_CHECK(core_->check_writable());
  core_->epochs.assign(epoch, core_->view.end.offset);
  return {};
}

Result<void> Log::roll() {
  LEAT_CHECK(core_->check_writable());
  return core_->guard(core_->roll_to(core_->view.end.offset));
}

Result<void> Log::truncate_to(Offset offset) {
  LEAT_CHECK(core_->check_writable());
  return core_->guard(core_->truncate_to(offset));
}
Result<void> Log::restart_at(Offset offset) {
  LEAT_CHECK(core_->check_writable());
  return core_->guard(core_->restart_at(offset));
}
Result<void> Log::raise_log_start(Offset offset) {
  LEAT_CHECK(move_log_start(offset));
  return drop_unreachable();
}
Result<void> Log::move_log_start(Offset offset) {
  LEAT_CHECK(core_->check_writable());
  if (offset > core_->view.end.offset)
    return Error{Errc::offset_out_of_range, "log start cannot pass the log end"};
  return core_->guard(core_->move_log_start(offset));
}
Result<void> Log::drop_unreachable() {
  LEAT_CHECK(core_->check_writable());
  return core_->guard(core_->drop_unreachable());
}
Result<void> Log::sync_names() { return core_->volume.sync_directory(core_->directory); }
Result<Offset> Log::checkpoint() { return core_->checkpoint(); }
Result<std::vector<std::shared_ptr<io::File>>> Log::begin_checkpoint() { return core_->begin_checkpoint(); }
Result<Offset> Log::end_checkpoint() { return core_->end_checkpoint(); }
Result<std::vector<std::shared_ptr<io::File>>> Log::begin_close() { return core_->begin_close(); }
Result<void> Log::end_close() { return core_->end_close(); }
void Log::sync_with_first_batch(std::shared_ptr<io::File> file) {
  std::lock_guard lock(core_->mutex);
  core_->unsynced.push_back({core_->view.end.offset, std::move(file)});
}
Result<void> Log::purge_deleted(TimestampMs now) { return core_->purge_deleted(now); }
void Log::reconfigure(LogSettings settings) { core_->settings = settings; }
Result<void> Log::close() { return core_->close(); }

Offset Log::log_start() const { return core_->snapshot().start; }
Offset Log::first_base() const { return core_->snapshot().segments->front()->base; }
Offset Log::log_end() const { return core_->snapshot().end.offset; }
Position Log::end_position() const { return core_->snapshot().end; }
Offset Log::durable_end() const { return core_->snapshot().durable; }
const std::string& Log::directory() const { return core_->directory; }

std::size_t Log::size_bytes() const {
  std::size_t total = 0;
  for (const auto& segment : *core_->snapshot().segments)
    total += segment->size.load(std::memory_order_acquire);
  return total;
}

const std::optional<Error>& Log::failure() const {
  static const std::optional<Error> none;
  return core_->failed.load(std::memory_order_acquire) ? core_->failure : none;
}

std::vector<std::shared_ptr<io::File>> Log::unsynced_files() const { return core_->unsynced_files(); }
void Log::mark_durable(Offset end) { core_->mark_durable(end); }
void Log::fail(Error error) { core_->fail(std::move(error)); }

Result<ReadRange> Log::read(const ReadLimits& limits) const { return core_->read(limits); }
Result<OffsetAndTimestamp> Log::find_by_time(TimestampMs timestamp, Offset below) const {
  return core_->find_by_time(timestamp, below);
}
Result<OffsetAndTimestamp> Log::find_max_timestamp(Offset below) const {
  return core_->find_max_timestamp(below);
}

LeaderEpochs& Log::leader_epochs() { return core_->epochs; }
ProducerStates& Log::producers() { return core_->producers; }

std::vector<Log::SegmentInfo> Log::segments() const {
  std::vector<SegmentInfo> infos;
  const auto list = core_->snapshot().segments;
  for (const auto& segment : *list) {
    SegmentInfo info{segment->base, segment->size.load(std::memory_order_acquire), no_timestamp};
    const auto largest = segment->largest();
    if (largest) info.largest_timestamp = largest->timestamp;
    if (info.largest_timestamp < 0)
      info.largest_timestamp = core_->volume.modified_at(segment->file->path()).value_or(no_timestamp);
    infos.push_back(info);
  }
  return infos;
}

}  // namespace leat::log
