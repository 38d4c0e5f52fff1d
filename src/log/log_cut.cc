#include <algorithm>
#include <limits>

#include "log/batch_scan.h"
#include "log/file_names.h"
#include "log/log_core.h"

namespace leat::log {

Result<void> Log::Core::truncate_to(Offset offset) {
  // A term that brought no batch may begin where the log ends: it goes all the same, since another one's may begin there.
  if (offset >= view.end.offset) return epochs.truncate_from_end(offset);
  if (offset < view.segments->front()->base) return restart_at(offset);
  dirty = true;
  staged.reset();
  recovery_point = std::min(recovery_point, offset);
  // Everything that stays is made durable first: afterwards the log is durable to its new end.
  LEAT_CHECK(sync_all());
  auto list = std::make_shared<SegmentList>(*view.segments);
  std::vector<Offset> gone;
  while (list->size() > 1 && list->back()->base > offset) {
    gone.push_back(list->back()->base);
    list->pop_back();
  }
  Segment& segment = *list->back();
  const std::uint64_t bytes = segment.size;
  LEAT_TRY(const auto place, segment.find(offset, bytes));
  const std::uint64_t kept = place ? place->position : bytes;
  {
    std::lock_guard lock(mutex);
    view.segments = list;
    view.end = {offset, segment.base, kept};
    view.start = std::min(view.start, offset);
    view.durable = offset;
    segment.size = kept;
  }
  for (const Offset base : gone) LEAT_CHECK(remove_segment_files(base));
  // Before anything that a snapshot vouches for is cut: one that came back would have recovery begin there, and speak of
  // producers that went.
  LEAT_CHECK(forget_snapshots_above(offset));
  LEAT_CHECK(volume.sync_directory(directory));
  LEAT_CHECK(segment.offsets.truncate_where([&](const OffsetEntry& e) {
    return segment.base + e.relative_offset < offset && static_cast<std::uint64_t>(e.position) < kept;
  }));
  LEAT_CHECK(segment.times.truncate_where(
      [&](const TimeEntry& e) { return segment.base + e.relative_offset < offset; }));
  LEAT_CHECK(segment.aborted.truncate_where([&](const AbortedTransaction& e) { return e.last_offset < offset; }));
  LEAT_CHECK(segment.file->truncate(kept));
  LEAT_CHECK(segment.file->sync());
  if (resume.offset > offset) resume = {.offset = segment.base};
  segment.reset_statistics();
  segment.use_time_index();
  Offset next = segment.base;
  LEAT_TRY(const bool found, find_end(segment, next));
  if (!found) return Error{Errc::corrupt, segment.file->path() + ": its index does not lead to its end"};
  first_timestamp.reset();
  LEAT_CHECK(epochs.truncate_from_end(offset));
  return load_producers({});
}

Result<void> Log::Core::restart_at(Offset offset) {
  dirty = true;
  staged.reset();
  recovery_point = offset;
  resume = {.offset = offset};
  const auto old = view.segments;
  for (const auto& segment : *old) LEAT_CHECK(remove_segment_files(segment->base));
  LEAT_CHECK(forget_snapshots_above(no_offset));
  LEAT_TRY(auto fresh, create_segment(offset));
  LEAT_CHECK(fresh->file->sync());
  LEAT_CHECK(volume.sync_directory(directory));
  {
    std::lock_guard lock(mutex);
    view.segments = std::make_shared<SegmentList>(SegmentList{std::move(fresh)});
    view.start = offset;
    view.end = {offset, offset, 0};
    view.durable = offset;
    unsynced.clear();
  }
  first_timestamp.reset();
  active_created_at = clock.wall_ms();
  producers.clear();
  return epochs.truncate_from_end(0);
}

Result<void> Log::Core::move_log_start(Offset offset) {
  if (offset <= view.start) return {};
  {
    std::lock_guard lock(mutex);
    view.start = offset;
  }
  epochs.truncate_from_start(offset);
  dirty = true;
  return {};
}

Result<void> Log::Core::drop_unreachable() {
  auto list = std::make_shared<SegmentList>(*view.segments);
  Doomed fate{clock.wall_ms() + settings.file_delete_delay_ms, {}};
  while (list->size() > 1 && (*list)[1]->base <= view.start) {
    const Offset base = list->front()->base;
    list->erase(list->begin());
    for (std::string& name : segment_files(base)) fate.names.push_back(std::move(name));
    if (snapshots.erase(base) > 0) fate.names.push_back(numbered_name(base, suffix::snapshot));
  }
  if (fate.names.empty()) return {};
  dirty = true;
  {
    std::lock_guard lock(mutex);
    view.segments = std::move(list);
    std::erase_if(unsynced, [&](const Unsynced& entry) {
      return entry.below > 0 && entry.below <= view.segments->front()->base;
    });
  }
  for (std::string& name : fate.names) {
    const std::string gone = name + std::string(suffix::deleted);
    auto renamed = volume.rename(path_of(name), path_of(gone));
    if (!renamed && renamed.error().code != Errc::not_found) return std::move(renamed).error();
    name = gone;
  }
  doomed.push_back(std::move(fate));
  return {};
}

Result<void> Log::Core::purge_deleted(TimestampMs now) {
  for (auto at = doomed.begin(); at != doomed.end();) {
    if (at->due > now) {
      ++at;
      continue;
    }
    for (const std::string& name : at->names) LEAT_CHECK(remove_file(name));
    at = doomed.erase(at);
  }
  return {};
}

}  // namespace leat::log
