#include <algorithm>
#include <array>
#include <cstring>

#include "log/batch_scan.h"
#include "log/file_names.h"
#include "log/log_core.h"

namespace leat::log {
namespace {
constexpr std::uint64_t refill_bytes = 8 << 20;
constexpr std::size_t scan_window = 64 << 10;
using Header = std::array<std::byte, record::batch_header_size>;
}  // namespace

Result<void> Log::Core::remove_snapshot(Offset number) {
  if (snapshots.erase(number) == 0) return {};
  return volume.remove(path_of(numbered_name(number, suffix::snapshot)));
}

Result<void> Log::Core::forget_snapshots_above(Offset end) {
  while (!snapshots.empty() && *snapshots.rbegin() > end) LEAT_CHECK(remove_snapshot(*snapshots.rbegin()));
  return {};
}

Result<void> Log::Core::remove_stray_snapshots(const std::set<Offset>& kept) {
  std::set<Offset> stray = snapshots;
  for (const auto& segment : *view.segments) stray.erase(segment->base);
  for (const Offset number : kept) stray.erase(number);
  for (const Offset number : stray) LEAT_CHECK(remove_snapshot(number));
  return {};
}

Result<void> Log::Core::load_producers(const Undecided& undecided) {
  producers.clear();
  Offset from = view.start;
  const Offset newest = undecided.empty() ? view.end.offset : undecided.begin()->second;
  for (;;) {
    const auto above = snapshots.upper_bound(newest);
    if (above == snapshots.begin()) break;
    const Offset number = *std::prev(above);
    const std::string path = path_of(numbered_name(number, suffix::snapshot));
    LEAT_TRY(const std::string bytes, io::read_text(volume, path));
    const auto restored = producers.restore(bytes, clock.wall_ms(), settings.producer_id_expiration_ms);
    if (restored) {
      from = number;
      break;
    }
    diagnostics.say(LogLevel::warning, "removing " + path + ": " + restored.error().to_string());
    LEAT_CHECK(remove_snapshot(number));
  }
  LEAT_CHECK(replay_producers(from, undecided));
  producers.expire(clock.wall_ms(), settings.producer_id_expiration_ms);
  return refill_windows();
}

Result<void> Log::Core::replay_producers(Offset from, const Undecided& undecided) {
  if (from >= view.end.offset) return {};
  std::vector<std::byte> whole;
  for (std::size_t i = 0; i < view.segments->size(); ++i) {
    if (i + 1 < view.segments->size() && (*view.segments)[i + 1]->base <= from) continue;
    Segment& segment = *(*view.segments)[i];
    const bool is_undecided = undecided.contains(segment.base);
    LEAT_TRY(const auto place, segment.find(from, segment.size));
    if (!place) continue;
    HeaderScan scan(*segment.file, place->position, segment.size, scan_window);
    for (;;) {
      LEAT_TRY(const auto batch, scan.next());
      if (!batch) break;
      if (!batch->has_producer_id()) continue;
      if (!batch->is_control()) {
        producers.update(*batch);
        continue;
      }
      LEAT_TRY(const auto marker, read_batch(*segment.file, scan.position(), batch->size(), whole));
      if (const auto aborted = producers.update(marker); aborted && is_undecided)
        LEAT_CHECK(segment.note_aborted(*aborted));
    }
    if (const auto index = segment.aborted.file(); is_undecided && index) LEAT_CHECK(index->sync());
  }
  return {};
}

Result<void> Log::Core::refill_windows() {
  const bool is_wanted = std::ranges::any_of(producers.entries(), [&](const auto& item) {
    const auto& batches = item.second.batches;
    return !batches.empty() && batches.size() < ProducerEntry::window && batches.front().first_offset > view.start &&
           batches.front().first_sequence != 0;
  });
  if (!is_wanted) return {};
  std::uint64_t left = refill_bytes;
  for (auto at = view.segments->rbegin(); at != view.segments->rend() && left > 0; ++at) {
    const Segment& segment = **at;
    const std::uint64_t size = segment.size;
    LEAT_TRY(const std::uint64_t start,
             segment.indexed_position(view.end.offset, size > left ? size - left : 0));
    left -= std::min(left, size);
    std::vector<Header> tail;
    HeaderScan scan(*segment.file, start, size, scan_window);
    for (;;) {
      LEAT_TRY(const auto batch, scan.next());
      if (!batch) break;
      if (!batch->has_producer_id() || !producers.entries().contains(batch->producer_id())) continue;
      std::memcpy(tail.emplace_back().data(), batch->bytes().data(), sizeof(Header));
    }
    for (auto header = tail.rbegin(); header != tail.rend(); ++header) {
      LEAT_TRY(const auto batch, record::BatchView::parse_header(Bytes(header->data(), header->size())));
      producers.recall(batch);
    }
  }
  return {};
}

}  // namespace leat::log
