#include <algorithm>
#include <set>

#include "base/errors.h"
#include "io/path.h"
#include "log/batch_scan.h"
#include "log/file_names.h"
#include "log/log.h"
#include "log/segment.h"
#include "log/verify.h"

namespace leat::log {
namespace {

/// The segments of which an index is wrong or missing.
std::set<Offset> wrong_indexes(const Verified& verified) {
  std::set<Offset> bases;
  for (const Finding& finding : verified.findings) {
    const std::string_view name = io::file_name(finding.file);
    for (const std::string_view ending : {suffix::index, suffix::time_index, suffix::txn_index})
      if (const auto base = number_of(name, ending)) bases.insert(*base);
  }
  for (const Finding& finding : verified.findings)  // a bad batch
    if (const auto base = number_of(io::file_name(finding.file), suffix::log)) bases.erase(*base);
  return bases;
}

Result<std::shared_ptr<Segment>> open_segment(io::Volume& volume, const std::string& directory, Offset base) {
  LEAT_TRY(auto file, volume.open(directory + "/" + numbered_name(base, suffix::log), io::OpenMode::read));
  auto segment = std::make_shared<Segment>(volume, directory, base, std::move(file));
  LEAT_TRY(const std::uint64_t size, segment->file->size());
  segment->size = size;
  return segment;
}

Result<void> remove_if_there(io::Volume& volume, const std::string& path) {
  auto removed = volume.remove(path);
  if (!removed && removed.error().code == Errc::not_found) return {};
  return removed;
}

}  // namespace

Result<std::vector<std::string>> repair_indexes(io::Volume& volume, const std::string& directory) {
  LEAT_TRY(const Verified verified, verify(volume, directory));
  const auto wrong = wrong_indexes(verified);
  LEAT_TRY(const auto entries, volume.list(directory));
  const std::int64_t interval = LogSettings{}.index_interval_bytes;
  std::vector<std::string> written;
  ProducerStates producers;  // tell what a marker ended, so every batch is looked at
  std::set<Offset> bases;
  for (const io::DirectoryEntry& entry : entries)
    if (const auto base = number_of(entry.name, suffix::log)) bases.insert(*base);
  for (const Offset base : wrong) {
    if (bases.contains(base)) continue;
    for (const std::string_view ending : {suffix::index, suffix::time_index, suffix::txn_index})
      LEAT_CHECK(remove_if_there(volume, directory + "/" + numbered_name(base, ending)));
  }
  for (const Offset base : bases) {
    LEAT_TRY(const auto segment, open_segment(volume, directory, base));
    const bool is_wrong = wrong.contains(base);
    if (is_wrong) LEAT_CHECK(remove_if_there(volume, directory + "/" + numbered_name(base, suffix::txn_index)));
    BatchScan scan(*segment->file, 0, segment->size);
    for (;;) {
      LEAT_TRY(const auto batch, scan.next());
      if (!batch) break;
      if (is_wrong) segment->note(*batch, scan.position(), interval);
      if (!batch->has_producer_id()) continue;
      if (const auto aborted = producers.update(*batch); aborted && is_wrong) LEAT_CHECK(segment->note_aborted(*aborted));
    }
    if (!is_wrong) continue;
    LEAT_CHECK(segment->flush_indexes());
    for (const auto& file : segment->index_files()) {
      LEAT_CHECK(file->sync());
      written.push_back(file->path());
    }
  }
  if (!wrong.empty()) LEAT_CHECK(volume.sync_directory(directory));
  return written;
}

}  // namespace leat::log
