#include <algorithm>
#include <limits>

#include "log/batch_scan.h"
#include "log/file_names.h"
#include "log/log_core.h"

namespace leat::log {
namespace {

constexpr Offset unlimited = std::numeric_limits<Offset>::max();

}  // namespace

Result<void> Log::Core::open(const OpenState& state) {
  LEAT_CHECK(volume.create_directories(directory));
  LEAT_TRY(const auto present, clear_leftovers());
  LEAT_TRY(epochs, LeaderEpochs::load(volume, path_of("leader-epoch-checkpoint")));
  active_created_at = clock.wall_ms();
  dirty = !state.clean;
  recovery_point_max = state.recovery_point;
  LEAT_TRY(const Undecided undecided, load_segments(state, present));
  LEAT_CHECK(find_snapshots(present));
  LEAT_CHECK(settle_log_start(state));
  epochs.forget_from(view.end.offset);
  epochs.truncate_from_start(view.start);
  LEAT_CHECK(epochs.flush());
  LEAT_CHECK(load_producers(undecided));
  recovery_point = std::min(state.clean ? unlimited : state.recovery_point, view.end.offset);
  if (state.clean && snapshots.contains(view.end.offset) && state.recovery_point >= view.end.offset)
    resume = {view.end.offset, view.end.file_position};
  LEAT_CHECK(remove_stray_snapshots(snapshots_to_keep(state.recovery_point)));
  if (!snapshots.contains(view.end.offset)) dirty = true;
  // A process that was killed may have left names that only the page cache knows.
  if (!state.clean || !undecided.empty()) LEAT_CHECK(volume.sync_directory(directory));
  view.durable = view.end.offset;
  return {};
}

/// Where recovery resumed, and may again: the checkpoint file names the same point until the next is written.
std::set<Offset> Log::Core::snapshots_to_keep(Offset recovery_point_of_file) const {
  std::set<Offset> kept{resume.offset};
  if (!snapshots.empty()) kept.insert(*snapshots.rbegin());
  if (const auto above = snapshots.upper_bound(recovery_point_of_file); above != snapshots.begin())
    kept.insert(*std::prev(above));
  return kept;
}

Result<std::shared_ptr<Segment>> Log::Core::open_segment(Offset base) {
  LEAT_TRY(auto file, volume.open(path_of(numbered_name(base, suffix::log)), io::OpenMode::write));
  auto segment = std::make_shared<Segment>(volume, directory, base, std::move(file));
  LEAT_TRY(const std::uint64_t size, segment->file->size());
  segment->size = size;
  return segment;
}

Result<bool> Log::Core::use_indexes(Segment& segment, const std::set<std::string>& present) const {
  const auto has = [&](std::string_view ending) { return present.contains(numbered_name(segment.base, ending)); };
  if (!has(suffix::index) || !has(suffix::time_index)) return false;
  segment.offsets.use_file();
  segment.times.use_file();
  segment.use_time_index();
  if (!has(suffix::txn_index)) return true;
  segment.aborted.use_file();
  std::optional<AbortedTransaction> first;
  LEAT_CHECK(segment.aborted.visit_behind([](const AbortedTransaction&) { return false; },
                                          [&](const AbortedTransaction& each) { return first = each, false; }));
  if (first && first->version > AbortedTransaction::current_version)
    return Error{Errc::corrupt, segment.aborted.file()->path() + ": version " + std::to_string(first->version) +
                                    " is not known to this build"};
  return !first || first->last_offset >= segment.base;
}

Result<Log::Core::Undecided> Log::Core::load_segments(const OpenState& state, const std::set<std::string>& present) {
  Undecided undecided;
  std::vector<Offset> bases;
  for (const std::string& name : present)
    if (const auto base = number_of(name, suffix::log)) bases.push_back(*base);
  std::ranges::sort(bases);

  const Offset trusted = state.clean ? unlimited : state.recovery_point;
  auto list = std::make_shared<SegmentList>();
  Offset next = 0;
  Offset end_of_previous = 0;
  bool previous_was_read = false;
  bool cut = false;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    const Offset base = bases[i];
    const bool is_behind_a_gap = !settings.may_have_gaps && previous_was_read && base >= trusted && base != next;
    if (cut || base < next || is_behind_a_gap) {
      diagnostics.say(LogLevel::warning, "removing " + path_of(numbered_name(base, suffix::log)) +
                                             ", which lies behind what recovery cut off");
      LEAT_CHECK(remove_segment_files(base));
      continue;
    }
    const bool is_last = i + 1 == bases.size();
    const bool is_trusted = state.clean || (!is_last && bases[i + 1] <= trusted);
    LEAT_TRY(auto segment, open_segment(base));
    bool usable = is_trusted;
    if (usable) {
      LEAT_TRY(usable, use_indexes(*segment, present));
    }
    next = base;
    resume = {.offset = base};
    if (usable && is_last) {
      LEAT_TRY(usable, find_end(*segment, next));
    }
    if (!usable) {
      LEAT_TRY(segment, open_segment(base));
      LEAT_TRY(const Recovered recovered, recover_from_checkpoint(segment, is_trusted ? base : trusted,
                                                                  is_trusted ? unlimited : trusted, undecided));
      next = recovered.next;
      dirty = true;
      cut = !recovered.is_whole && !is_trusted;
      if (!is_last && !cut) {
        LEAT_CHECK(segment->flush_indexes());
        for (const auto& file : segment->index_files()) LEAT_CHECK(file->sync());
        segment->offsets.release_memory();
        segment->times.release_memory();
      }
    }
    // An active segment of which nothing but the name reached the disk, behind one that lost its tail.
    if (is_last && previous_was_read && segment->size == 0 && base > end_of_previous) {
      LEAT_CHECK(remove_segment_files(base));
      next = end_of_previous;
      continue;
    }
    end_of_previous = next;
    previous_was_read = !is_trusted;
    list->push_back(std::move(segment));
  }
  if (cut) LEAT_CHECK(volume.sync_directory(directory));
  if (list->empty()) {
    next = state.log_start.value_or(0);
    LEAT_TRY(auto segment, create_segment(next));
    list->push_back(std::move(segment));
    resume = {.offset = next};
    dirty = true;
  }
  const Segment& last = *list->back();
  const Position end{next, last.base, last.size};
  publish(std::move(list), end);
  return undecided;
}

Result<bool> Log::Core::find_end(Segment& segment, Offset& next) const {
  LEAT_TRY(const auto entry, segment.offsets.last());
  const std::uint64_t start = entry ? static_cast<std::uint64_t>(entry->position) : 0;
  if (start > segment.size) return false;
  HeaderScan scan(*segment.file, start, segment.size);
  for (bool is_first = true;; is_first = false) {
    auto batch = scan.next();
    if (!batch) {
      if (batch.error().code == Errc::corrupt) return false;
      return std::move(batch).error();
    }
    if (!*batch) return scan.next_position() == segment.size;
    const record::BatchView& found = **batch;
    if (is_first && entry && found.last_offset() != segment.base + entry->relative_offset) return false;
    if (found.base_offset() < next) return false;
    segment.note_timestamp(found);
    next = found.next_offset();
  }
}

Result<Log::Core::Recovered> Log::Core::recover_from_checkpoint(std::shared_ptr<Segment>& segment, Offset trusted,
                                                                Offset doubted, Undecided& undecided) {
  LEAT_TRY(Start start, find_start(*segment, trusted));
  if (!start.is_resumed) {
    LEAT_TRY(segment, open_segment(segment->base));  // without what was looked at in its index files
  }
  LEAT_TRY(Recovered found, recover(*segment, start, doubted));
  if (found.next < start.known) {
    diagnostics.say(LogLevel::warning, segment->file->path() + " lacks what a checkpoint had on disk: reading all of it");
    LEAT_TRY(segment, open_segment(segment->base));
    start = {.known = segment->base};
    LEAT_TRY(found, recover(*segment, start, doubted));
  }
  if (found.has_markers) undecided.emplace(segment->base, start.known);
  resume = {start.known, start.position};
  return found;
}

Result<Log::Core::Start> Log::Core::find_start(Segment& segment, Offset trusted) {
  LEAT_TRY(const auto entries, volume.list(directory));
  std::set<Offset> places;
  for (const io::DirectoryEntry& entry : entries)
    if (const auto number = number_of(entry.name, suffix::snapshot); number && *number > segment.base && *number <= trusted)
      places.insert(*number);
  for (auto place = places.rbegin(); place != places.rend(); ++place) {
    LEAT_TRY(const auto start, start_at(segment, *place));
    if (start) return *start;
  }
  return Start{.known = segment.base};
}

Result<std::optional<Log::Core::Start>> Log::Core::start_at(Segment& segment, Offset snapshot) {
  constexpr std::optional<Start> none;
  LEAT_TRY(const std::string bytes, io::read_text(volume, path_of(numbered_name(snapshot, suffix::snapshot))));
  if (!ProducerStates().restore(bytes, 0, 0)) return none;
  const Offset below = snapshot - segment.base;
  OffsetEntry last;
  LEAT_CHECK(segment.offsets.use_file_while([&, before = OffsetEntry{}](const OffsetEntry& entry) mutable {
    const bool rises = entry.relative_offset > before.relative_offset && entry.position > before.position;
    if (!rises || entry.relative_offset >= below) return false;
    last = before = entry;
    return true;
  }));
  if (last.is_padding()) return none;
  // It may be anything after all: what is read from there on must be a batch, and the one that the entry names.
  BatchScan scan(*segment.file, static_cast<std::uint64_t>(last.position), segment.size);
  LEAT_TRY(const auto batch, scan.next());
  if (!batch || what_is_wrong(*batch, segment.base, segment.base) ||
      batch->last_offset() != segment.base + last.relative_offset)
    return none;
  LEAT_CHECK(segment.times.use_file_while([&, before = TimeEntry{no_timestamp, 0}](const TimeEntry& entry) mutable {
    const bool rises = entry.timestamp > before.timestamp && entry.relative_offset >= before.relative_offset;
    before = entry;
    return rises && entry.relative_offset < below;
  }));
  LEAT_CHECK(segment.aborted.use_file_while([&, before = segment.base - 1](const AbortedTransaction& entry) mutable {
    const bool rises = entry.first_offset < entry.last_offset && entry.last_offset > before;
    before = entry.last_offset;
    return rises && entry.version == AbortedTransaction::current_version && entry.last_offset < snapshot;
  }));
  return Start{.known = snapshot, .position = static_cast<std::uint64_t>(last.position), .is_resumed = true};
}

Result<Log::Core::Recovered> Log::Core::recover(Segment& segment, const Start& start, Offset doubted) {
  // What an earlier process wrote may be in the page cache only, and after a failed sync the cache shows
  // what the disk does not have: write it out, forget it, and believe what is read then.
  LEAT_CHECK(segment.file->sync());
  LEAT_CHECK(segment.file->drop_cached(start.position));
  const std::uint64_t size = segment.size;
  diagnostics.say(LogLevel::info, "recovering " + segment.file->path() + ", " + std::to_string(size - start.position) +
                                      " of " + std::to_string(size) + " bytes");
  segment.reset_statistics();
  if (start.is_resumed) segment.use_time_index();
  else LEAT_CHECK(remove_file(numbered_name(segment.base, suffix::txn_index)));
  Recovered found{.next = segment.base};
  BatchScan scan(*segment.file, start.position, size);
  std::uint64_t valid = start.position;
  for (;;) {
    LEAT_TRY(const auto batch, scan.next());
    if (!batch || what_is_wrong(*batch, found.next, segment.base)) break;
    // A batch's CRC does not cover its base offset, of which a torn sector may have left a part.
    const bool follows = batch->base_offset() == found.next || (start.is_resumed && scan.position() == start.position);
    if (!follows && !settings.may_have_gaps && batch->last_offset() >= doubted) break;
    segment.note(*batch, scan.position(), settings.index_interval_bytes);
    epochs.assign(batch->leader_epoch(), batch->base_offset());
    found.has_markers |= batch->is_control() && batch->has_producer_id() && batch->last_offset() >= start.known;
    found.next = batch->next_offset();
    valid = scan.next_position();
  }
  segment.size = valid;
  found.is_whole = valid == size;
  if (found.is_whole) return found;
  diagnostics.say(LogLevel::warning, "cutting " + segment.file->path() + " from " + std::to_string(size) +
                                         " to " + std::to_string(valid) + " bytes, at offset " +
                                         std::to_string(found.next));
  LEAT_CHECK(segment.file->truncate(valid));
  LEAT_CHECK(segment.file->sync());
  return found;
}

Result<void> Log::Core::remove_file(std::string_view name) {
  auto removed = volume.remove(path_of(name));
  if (!removed && removed.error().code == Errc::not_found) return {};
  return removed;
}

Result<void> Log::Core::remove_segment_files(Offset base) {
  for (const std::string& name : segment_files(base)) LEAT_CHECK(remove_file(name));
  return {};
}

Result<void> Log::Core::settle_log_start(const OpenState& state) {
  view.start = std::max(view.segments->front()->base, state.log_start.value_or(0));
  if (view.start > view.end.offset) {
    diagnostics.say(LogLevel::warning, directory + " ends at " + std::to_string(view.end.offset) +
                                           ", below its log start " + std::to_string(view.start) +
                                           ": it restarts empty there");
    return restart_at(view.start);
  }
  auto list = std::make_shared<SegmentList>(*view.segments);
  const std::size_t before = list->size();
  while (list->size() > 1 && (*list)[1]->base <= view.start) {
    const Offset base = list->front()->base;
    list->erase(list->begin());
    LEAT_CHECK(remove_segment_files(base));
    LEAT_CHECK(remove_snapshot(base));
  }
  const bool has_fewer = list->size() < before;
  publish(std::move(list), view.end);
  // The next checkpoint leaves a start out that is a segment's base, so names that came back would bring records back.
  return has_fewer ? volume.sync_directory(directory) : Result<void>();
}

Result<void> Log::Core::find_snapshots(const std::set<std::string>& present) {
  for (const std::string& name : present)
    if (const auto number = number_of(name, suffix::snapshot)) snapshots.insert(*number);
  return forget_snapshots_above(view.end.offset);
}

}  // namespace leat::log
