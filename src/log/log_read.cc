#include <algorithm>
#include <limits>

#include "log/batch_scan.h"
#include "log/log_core.h"
#include "record/record_reader.h"
#include "record/scratch.h"

namespace leat::log {
namespace {

/// The segment that holds `offset`, or the last one that begins below it.
std::size_t segment_of(const SegmentList& segments, Offset offset) {
  const auto above = std::ranges::upper_bound(segments, offset, {}, [](const auto& s) { return s->base; });
  return above == segments.begin() ? 0 : static_cast<std::size_t>(above - segments.begin() - 1);
}

/// One segment as a reader may see it: what lies below the log end that was published.
struct Visible {
  const Segment& segment;
  std::uint64_t bytes;
  Offset end;  ///< the next segment's base, or the log end
};

template <class View>
Visible visible(const View& view, std::size_t index) {
  const Segment& segment = *(*view.segments)[index];
  if (segment.base == view.end.segment_base) return {segment, view.end.file_position, view.end.offset};
  const bool is_last = index + 1 == view.segments->size();
  return {segment, segment.size.load(std::memory_order_acquire),
          is_last ? view.end.offset : (*view.segments)[index + 1]->base};
}

struct Cut {
  std::uint64_t position = 0;
  Offset next = 0;
};

/// Where to stop: behind the last batch that ends at `limit` bytes or before, and below offset `below`.
Result<Cut> find_cut(const Visible& in, const BatchPlace& first, std::uint64_t limit, Offset below) {
  if (in.bytes <= limit && in.end <= below) return Cut{in.bytes, in.end};
  LEAT_TRY(const std::uint64_t indexed, in.segment.indexed_position(below - 1, limit));
  Cut cut{first.position + first.size, first.last_offset + 1};
  const bool skips = indexed > cut.position;
  HeaderScan scan(*in.segment.file, skips ? indexed : cut.position, in.bytes);
  for (bool is_first = true;; is_first = false) {
    LEAT_TRY(const auto batch, scan.next());
    if (!batch) return cut;
    if (skips && is_first) cut = {scan.position(), batch->base_offset()};
    if (scan.next_position() > limit || batch->last_offset() >= below) return cut;
    cut = {scan.next_position(), batch->next_offset()};
  }
}

/// The aborted transactions that overlap [from, below), which begins in segment `index` (E10).
Result<std::vector<AbortedTransaction>> aborted_between(const SegmentList& segments, std::size_t index, Offset from,
                                                        Offset below) {
  std::vector<AbortedTransaction> found;
  for (bool is_all = false; index < segments.size() && !is_all; ++index)
    LEAT_CHECK(segments[index]->aborted.visit_behind(
        [&](const AbortedTransaction& each) { return each.last_offset < from; },
        [&](const AbortedTransaction& each) {
          if (each.first_offset < below) found.push_back(each);
          is_all = each.last_stable_offset >= below;
          return !is_all;
        }));
  return found;
}

/// Shows the records of a batch to `visit` until it returns false.
template <class Visitor>
Result<void> for_each_record(const record::BatchView& batch, Visitor visit) {
  record::Scratch scratch;
  LEAT_TRY(auto reader, record::RecordReader::open(batch, scratch.buffer()));
  for (record::RecordView record;;) {
    LEAT_TRY(const bool more, reader.next(record));
    if (!more || !visit(record)) return {};
  }
}

}  // namespace

Result<ReadRange> Log::Core::read(const ReadLimits& limits) const {
  const View now = snapshot();
  if (limits.from < now.start || limits.from > now.end.offset)
    return Error{Errc::offset_out_of_range, directory + ": offset " + std::to_string(limits.from) +
                                                " is not in " + std::to_string(now.start) + ".." +
                                                std::to_string(now.end.offset)};
  ReadRange range;
  range.first = range.next = limits.from;
  const Offset below = std::min(limits.below, now.end.offset);
  for (std::size_t i = segment_of(*now.segments, limits.from); i < now.segments->size(); ++i) {
    const Visible in = visible(now, i);
    if (limits.from >= below || in.segment.base >= below) break;
    LEAT_TRY(const auto first, in.segment.find(limits.from, in.bytes));
    if (!first) continue;
    if (first->last_offset >= below) break;
    if (first->size > limits.max_bytes && !limits.at_least_one_batch) break;
    const std::uint64_t limit = first->position + std::max<std::uint64_t>(limits.max_bytes, first->size);
    LEAT_TRY(const Cut cut, find_cut(in, *first, limit, below));
    range.bytes = cut.position - first->position;
    range.first = first->base_offset;
    range.next = cut.next;
    LEAT_TRY(FileSlice slice, in.segment.file->slice(first->position, range.bytes));
    range.slices.push_back(std::move(slice));
    if (limits.with_aborted) {
      LEAT_TRY(range.aborted, aborted_between(*now.segments, i, limits.from, range.next));
    }
    break;
  }
  return range;
}

Result<OffsetAndTimestamp> Log::Core::find_by_time(TimestampMs timestamp, Offset below) const {
  const View now = snapshot();
  below = std::min(below, now.end.offset);
  std::vector<std::byte> whole;
  for (std::size_t i = segment_of(*now.segments, now.start); i < now.segments->size(); ++i) {
    const Visible in = visible(now, i);
    if (in.segment.base >= below) break;
    LEAT_TRY(const auto largest, in.segment.largest());
    // A segment without any timestamp known may have lost its time index: it is looked through.
    if (largest.timestamp >= 0 && largest.timestamp < timestamp) continue;
    LEAT_TRY(const auto entry, in.segment.times.last_where([&](const TimeEntry& e) {
      return e.timestamp <= timestamp;
    }));
    const Offset from = entry ? in.segment.base + entry->relative_offset : in.segment.base;
    LEAT_TRY(const std::uint64_t start, in.segment.indexed_position(from, in.bytes));
    HeaderScan scan(*in.segment.file, start, in.bytes);
    for (;;) {
      LEAT_TRY(const auto batch, scan.next());
      if (!batch || batch->base_offset() >= below) break;
      if (batch->max_timestamp() < timestamp || batch->last_offset() < now.start ||
          batch->magic() != record::current_magic)
        continue;
      LEAT_TRY(const auto body, read_batch(*in.segment.file, scan.position(), batch->size(), whole));
      OffsetAndTimestamp found;
      LEAT_CHECK(for_each_record(body, [&](const record::RecordView& record) {
        if (record.timestamp >= timestamp && record.offset >= now.start && record.offset < below)
          found = {record.offset, record.timestamp, body.leader_epoch()};
        return found.offset < 0;
      }));
      if (found.offset >= 0) return found;
    }
  }
  return OffsetAndTimestamp{};
}

Result<OffsetAndTimestamp> Log::Core::find_max_timestamp(Offset below) const {
  const View now = snapshot();
  below = std::min(below, now.end.offset);
  OffsetAndTimestamp best;
  std::vector<std::byte> whole;
  for (std::size_t i = segment_of(*now.segments, now.start); i < now.segments->size(); ++i) {
    const Visible in = visible(now, i);
    if (in.segment.base >= below) break;
    LEAT_TRY(auto largest, in.segment.largest());
    if (largest.timestamp >= 0 && largest.timestamp <= best.timestamp) continue;
    const bool is_inside = in.end <= below && in.segment.base >= now.start && largest.timestamp >= 0;
    LEAT_TRY(const std::uint64_t start,
             in.segment.indexed_position(is_inside ? largest.last_offset : now.start, in.bytes));
    HeaderScan scan(*in.segment.file, start, in.bytes, 64 << 10);
    for (;;) {
      LEAT_TRY(const auto batch, scan.next());
      if (!batch || batch->base_offset() >= below) break;
      if (batch->max_timestamp() <= best.timestamp || batch->last_offset() < now.start ||
          batch->magic() != record::current_magic)
        continue;
      LEAT_TRY(const auto body, read_batch(*in.segment.file, scan.position(), batch->size(), whole));
      // Of a batch that reaches over an end of the range, only some records count.
      LEAT_CHECK(for_each_record(body, [&](const record::RecordView& record) {
        if (record.timestamp > best.timestamp && record.offset >= now.start && record.offset < below)
          best = {record.offset, record.timestamp, body.leader_epoch()};
        return best.timestamp < body.max_timestamp();
      }));
      if (is_inside && best.timestamp == largest.timestamp) break;
    }
  }
  return best;
}

}  // namespace leat::log
