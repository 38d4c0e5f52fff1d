#include "log/verify.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/errors.h"
#include "log/batch_scan.h"
#include "log/file_names.h"
#include "log/index_file.h"
#include "log/leader_epochs.h"
#include "log/producer_state.h"

namespace leat::log {
namespace {

class Verification {
 public:
  Verification(io::Volume& volume, const std::string& directory) : volume_(volume), directory_(directory) {}

  Result<std::vector<Finding>> run();

 private:
  template <class Entry>
  struct Index {
    std::string path;
    std::vector<Entry> entries;
    std::size_t at = 0;  ///< the next one to be held against a batch
  };

  template <class Entry>
  Result<Index<Entry>> read_index(Offset base, std::string_view ending);
  Result<void> segment(Offset base);
  void compare(Index<OffsetEntry>& index, const record::BatchView& batch, std::uint64_t position, Offset base);
  void compare(Index<TimeEntry>& index, const record::BatchView& batch, Offset base);
  template <class Entry>
  void report_rest(const Index<Entry>& index);
  void check_epoch(const std::string& path, const record::BatchView& batch, std::uint64_t position);
  Result<void> snapshot(const std::string& path);
  Result<void> load_epochs();

  void find(const std::string& path, std::uint64_t position, std::string what) {
    findings_.push_back({path, position, std::move(what)});
  }
  std::string path_of(std::string_view name) const { return directory_ + "/" + std::string(name); }

  io::Volume& volume_;
  const std::string directory_;
  std::vector<Finding> findings_;
  LeaderEpochs epochs_;
  Offset next_ = 0;
  LeaderEpoch epoch_ = no_epoch;
  Offset last_base_ = no_offset;
};

Result<std::vector<Finding>> Verification::run() {
  LEAT_CHECK(load_epochs());
  LEAT_TRY(const auto entries, volume_.list(directory_));
  for (const io::DirectoryEntry& entry : entries) last_base_ = number_of(entry.name, suffix::log).value_or(last_base_);
  for (const io::DirectoryEntry& entry : entries) {
    if (const auto base = number_of(entry.name, suffix::log)) LEAT_CHECK(segment(*base));
    if (number_of(entry.name, suffix::snapshot)) LEAT_CHECK(snapshot(path_of(entry.name)));
  }
  std::ranges::sort(findings_, {}, [](const Finding& each) { return std::tie(each.file, each.position); });
  return std::move(findings_);
}

Result<void> Verification::load_epochs() {
  const std::string path = path_of("leader-epoch-checkpoint");
  auto loaded = LeaderEpochs::load(volume_, path);
  if (loaded) {
    epochs_ = std::move(loaded).value();
  } else if (loaded.error().code == Errc::corrupt) {
    find(path, 0, loaded.error().context);
  } else {
    return std::move(loaded).error();
  }
  return {};
}

template <class Entry>
Result<Verification::Index<Entry>> Verification::read_index(Offset base, std::string_view ending) {
  Index<Entry> index{.path = path_of(numbered_name(base, ending)), .entries = {}};
  LEAT_TRY(const bool exists, volume_.exists(index.path));
  if (!exists) {
    if (base != last_base_) find(index.path, 0, "is missing");  // of the active segment it may be in memory only
    return index;
  }
  LEAT_TRY(const std::string text, io::read_text(volume_, index.path));
  const Bytes bytes(text);
  const std::size_t whole = bytes.size() / Entry::size * Entry::size;
  std::size_t at = 0;
  for (; at < whole; at += Entry::size) {
    const Entry entry = Entry::load(bytes.data() + at);
    if (entry.is_padding()) break;
    index.entries.push_back(entry);
  }
  if (whole != bytes.size())
    find(index.path, whole, "its size is no multiple of " + std::to_string(Entry::size));
  const Bytes padding = bytes.subspan(at);
  if (!std::ranges::all_of(padding, [](std::byte byte) { return byte == std::byte{0}; }))
    find(index.path, at, "entries follow an empty one");
  return index;
}

Result<void> Verification::segment(Offset base) {
  const std::string path = path_of(numbered_name(base, suffix::log));
  LEAT_TRY(const auto file, volume_.open(path, io::OpenMode::read));
  LEAT_TRY(const std::uint64_t end, file->size());
  LEAT_TRY(auto offsets, read_index<OffsetEntry>(base, suffix::index));
  LEAT_TRY(auto times, read_index<TimeEntry>(base, suffix::time_index));
  if (base < next_) find(path, 0, "the segment before it ends at offset " + std::to_string(next_));
  next_ = base;
  BatchScan scan(*file, 0, end);
  for (;;) {
    LEAT_TRY(const auto batch, scan.next());
    if (!batch) break;
    if (auto problem = what_is_wrong(*batch, next_, base)) {
      find(path, scan.position(), "a batch " + *problem);
      continue;
    }
    check_epoch(path, *batch, scan.position());
    compare(offsets, *batch, scan.position(), base);
    compare(times, *batch, base);
    next_ = batch->next_offset();
  }
  if (scan.next_position() != end)
    find(path, scan.next_position(), std::to_string(end - scan.next_position()) + " bytes to the end are no batch");
  report_rest(offsets);
  report_rest(times);
  return {};
}

void Verification::check_epoch(const std::string& path, const record::BatchView& batch, std::uint64_t position) {
  const LeaderEpoch epoch = batch.leader_epoch();
  if (epoch < epoch_)
    find(path, position,
         "a batch of leader epoch " + std::to_string(epoch) + " follows one of " + std::to_string(epoch_));
  epoch_ = std::max(epoch, epoch_);
  const auto known = epochs_.epoch_of(batch.base_offset());
  // The file may lack what came last: recovery finds it in the batches.
  if (!known || *known == epoch || (known == epochs_.latest() && epoch > *known)) return;
  find(path_of("leader-epoch-checkpoint"), 0,
       "says epoch " + std::to_string(*known) + " of offset " + std::to_string(batch.base_offset()) +
           ", whose batch has " + std::to_string(epoch));
}

void Verification::compare(Index<OffsetEntry>& index, const record::BatchView& batch, std::uint64_t position,
                           Offset base) {
  for (; index.at < index.entries.size(); ++index.at) {
    const OffsetEntry& entry = index.entries[index.at];
    if (entry.position > 0 && static_cast<std::uint64_t>(entry.position) > position) return;
    if (static_cast<std::uint64_t>(entry.position) == position && base + entry.relative_offset == batch.last_offset())
      continue;
    find(index.path, index.at * OffsetEntry::size,
         "offset " + std::to_string(base + entry.relative_offset) + " at position " + std::to_string(entry.position) +
             " is no batch of the log");
  }
}

void Verification::compare(Index<TimeEntry>& index, const record::BatchView& batch, Offset base) {
  for (; index.at < index.entries.size(); ++index.at) {
    const TimeEntry& entry = index.entries[index.at];
    const Offset offset = base + entry.relative_offset;
    if (offset > batch.last_offset()) return;
    if (offset >= batch.base_offset() && entry.timestamp == batch.max_timestamp()) continue;
    find(index.path, index.at * TimeEntry::size,
         "timestamp " + std::to_string(entry.timestamp) + " at offset " + std::to_string(offset) +
             " is not what its batch has");
  }
}

template <class Entry>
void Verification::report_rest(const Index<Entry>& index) {
  if (index.at < index.entries.size())
    find(index.path, index.at * Entry::size, "its entries from here on point behind the last good batch");
}

Result<void> Verification::snapshot(const std::string& path) {
  LEAT_TRY(const std::string text, io::read_text(volume_, path));
  ProducerStates producers;
  const auto restored = producers.restore(Bytes(text), 0, std::numeric_limits<std::int64_t>::max());
  if (!restored) find(path, 0, restored.error().context);
  return {};
}

}  // namespace

Result<std::vector<Finding>> verify(io::Volume& volume, const std::string& directory) {
  return Verification(volume, directory).run();
}

}  // namespace leat::log
