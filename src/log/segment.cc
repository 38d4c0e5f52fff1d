#include "log/segment.h"

#include <limits>

#include "base/errors.h"
#include "log/batch_scan.h"
#include "log/file_names.h"

namespace leat::log {

Segment::Segment(io::Volume& volume, const std::string& directory, Offset base_offset,
                 std::shared_ptr<io::File> log_file)
    : base(base_offset),
      file(std::move(log_file)),
      offsets(volume, directory + "/" + numbered_name(base_offset, suffix::index)),
      times(volume, directory + "/" + numbered_name(base_offset, suffix::time_index)),
      aborted(volume, directory + "/" + numbered_name(base_offset, suffix::txn_index)) {}

void Segment::note_timestamp(const record::BatchView& batch) {
  std::lock_guard lock(mutex_);
  if (batch.max_timestamp() > largest_.timestamp) largest_ = {batch.max_timestamp(), batch.last_offset()};
}

void Segment::note(const record::BatchView& batch, std::uint64_t position,
                   std::int64_t index_interval_bytes) {
  note_timestamp(batch);
  if (bytes_since_entry_ > index_interval_bytes) {
    offsets.add({static_cast<std::int32_t>(batch.last_offset() - base), static_cast<std::int32_t>(position)});
    const auto last = times.last();
    if (last && largest_.timestamp > (*last ? (*last)->timestamp : no_timestamp))
      times.add({largest_.timestamp, static_cast<std::int32_t>(largest_.last_offset - base)});
    bytes_since_entry_ = 0;
  }
  bytes_since_entry_ += static_cast<std::int64_t>(batch.size());
}

Result<void> Segment::flush_indexes() {
  LEAT_TRY(const Largest newest, largest());
  LEAT_TRY(const auto last, times.last());
  if (newest.timestamp > (last ? last->timestamp : no_timestamp))
    times.add({newest.timestamp, static_cast<std::int32_t>(newest.last_offset - base)});
  LEAT_CHECK(offsets.flush());
  return times.flush();
}

Result<void> Segment::note_aborted(const AbortedTransaction& transaction) {
  aborted.add(transaction);
  LEAT_CHECK(aborted.flush());
  aborted.release_memory();
  return {};
}

std::vector<std::shared_ptr<io::File>> Segment::index_files() const {
  std::vector<std::shared_ptr<io::File>> files = {offsets.file(), times.file(), aborted.file()};
  std::erase(files, nullptr);
  return files;
}

void Segment::use_time_index() {
  std::lock_guard lock(mutex_);
  largest_in_index_ = true;
}

void Segment::reset_statistics() {
  std::lock_guard lock(mutex_);
  largest_ = {};
  bytes_since_entry_ = 0;
}

Result<Segment::Largest> Segment::largest() const {
  {
    std::lock_guard lock(mutex_);
    if (!largest_in_index_) return largest_;
  }
  LEAT_TRY(const auto last, times.last());
  std::lock_guard lock(mutex_);
  if (last && last->timestamp > largest_.timestamp)
    largest_ = {last->timestamp, base + last->relative_offset};
  largest_in_index_ = false;
  return largest_;
}

Result<std::uint64_t> Segment::indexed_position(Offset offset, std::uint64_t position) const {
  LEAT_TRY(const auto entry, offsets.last_where([&](const OffsetEntry& e) {
    return base + e.relative_offset <= offset && static_cast<std::uint64_t>(e.position) <= position;
  }));
  return entry ? static_cast<std::uint64_t>(entry->position) : 0;
}

Result<std::optional<BatchPlace>> Segment::find(Offset offset, std::uint64_t end) const {
  LEAT_TRY(const std::uint64_t start, indexed_position(offset, end));
  HeaderScan scan(*file, start, end);
  for (;;) {
    LEAT_TRY(const auto batch, scan.next());
    if (!batch) return std::optional<BatchPlace>();
    if (batch->last_offset() >= offset)
      return std::optional(
          BatchPlace{scan.position(), batch->size(), batch->base_offset(), batch->last_offset()});
  }
}

std::vector<std::string> segment_files(Offset base) {
  return {numbered_name(base, suffix::index), numbered_name(base, suffix::time_index),
          numbered_name(base, suffix::txn_index), numbered_name(base, suffix::log)};
}

}  // namespace leat::log
