#include "log/verify.h"

#include <algorithm>
#include <limits>
#include <set>
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

  Result<Verified> run();

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
  /// The transactions that ended in an abort here, as the batches say, against the transaction index.
  Result<void> compare(const std::vector<AbortedTransaction>& aborted, Offset base);
  /// The snapshots up to `offset`, all in front of which has been read.
  Result<void> snapshots_up_to(Offset offset);
  void compare(const ProducerStates& kept, const std::string& path);
  void leftover(const io::DirectoryEntry& entry);
  Result<void> load_epochs();

  void find(const std::string& path, std::uint64_t position, std::string what, Severity severity = Severity::error) {
    findings_.push_back({severity, path, position, std::move(what)});
  }
  std::string path_of(std::string_view name) const { return directory_ + "/" + std::string(name); }

  io::Volume& volume_;
  const std::string directory_;
  std::vector<Finding> findings_;
  LeaderEpochs epochs_;
  Offset next_ = 0;
  LeaderEpoch epoch_ = no_epoch;
  Offset first_base_ = no_offset;
  Offset last_base_ = no_offset;
  ProducerStates producers_;    ///< as the batches so far tell
  std::set<Offset> snapshots_;  ///< that are still to be looked at
};

Result<Verified> Verification::run() {
  LEAT_CHECK(load_epochs());
  LEAT_TRY(const auto entries, volume_.list(directory_));
  std::vector<Offset> bases;
  for (const io::DirectoryEntry& entry : entries) {
    if (const auto base = number_of(entry.name, suffix::log)) bases.push_back(*base);
    else if (const auto number = number_of(entry.name, suffix::snapshot)) snapshots_.insert(*number);
  }
  std::ranges::sort(bases);
  if (!bases.empty()) first_base_ = bases.front(), last_base_ = bases.back();
  for (const io::DirectoryEntry& entry : entries) leftover(entry);
  for (const Offset base : bases) LEAT_CHECK(segment(base));
  LEAT_CHECK(snapshots_up_to(next_));
  for (const Offset number : snapshots_)
    find(path_of(numbered_name(number, suffix::snapshot)), 0, "is above the log's end, which is " + std::to_string(next_),
         Severity::warning);
  std::ranges::sort(findings_, {}, [](const Finding& each) { return std::tie(each.file, each.position, each.what); });
  return Verified{std::move(findings_), std::max<Offset>(first_base_, 0), next_};
}

void Verification::leftover(const io::DirectoryEntry& entry) {
  if (entry.is_directory) return;
  const std::string path = path_of(entry.name);
  const auto ends = [&](std::string_view ending) { return entry.name.ends_with(ending); };
  if (ends(suffix::deleted)) return find(path, 0, "waits to be removed", Severity::note);
  if (ends(".tmp") || ends(".part")) return find(path, 0, "a file that was never put in its place", Severity::note);
  if (ends(suffix::cleaned) || ends(suffix::swap))
    return find(path, 0, "a compaction was interrupted; the next start ends it", Severity::warning);
  for (const std::string_view ending : {suffix::log, suffix::index, suffix::time_index, suffix::txn_index, suffix::snapshot}) {
    if (!ends(ending)) continue;
    const auto number = number_of(entry.name, ending);
    if (!number) return find(path, 0, "no broker starts with it: the name has no number");
    if (ending == suffix::log || ending == suffix::snapshot) return;
    const std::string log = path_of(numbered_name(*number, suffix::log));
    if (!volume_.exists(log).value_or(true)) find(path, 0, "an index without a log", Severity::warning);
    return;
  }
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
    // Of the active segment it may be in memory only.
    if (base != last_base_) find(index.path, 0, "is missing", Severity::warning);
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
  std::vector<AbortedTransaction> aborted;
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
    LEAT_CHECK(snapshots_up_to(batch->base_offset()));
    if (batch->has_producer_id())
      if (const auto ended = producers_.update(*batch)) aborted.push_back(*ended);
    next_ = batch->next_offset();
  }
  if (scan.next_position() != end)
    find(path, scan.next_position(), std::to_string(end - scan.next_position()) + " bytes to the end are no batch");
  report_rest(offsets);
  report_rest(times);
  return compare(aborted, base);
}

Result<void> Verification::compare(const std::vector<AbortedTransaction>& aborted, Offset base) {
  const std::string path = path_of(numbered_name(base, suffix::txn_index));
  std::vector<AbortedTransaction> listed;
  LEAT_TRY(const bool exists, volume_.exists(path));
  if (exists) {
    LEAT_TRY(const std::string text, io::read_text(volume_, path));
    const Bytes bytes(text);
    const std::size_t whole = bytes.size() / AbortedTransaction::size * AbortedTransaction::size;
    for (std::size_t at = 0; at < whole; at += AbortedTransaction::size)
      listed.push_back(AbortedTransaction::load(bytes.data() + at));
    if (whole != bytes.size()) find(path, whole, "its size is no multiple of " + std::to_string(AbortedTransaction::size));
  }
  const auto same = [this](const AbortedTransaction& one, const AbortedTransaction& other) {
    // Where a transaction began is not known when its segment is gone.
    return one.producer_id == other.producer_id && one.last_offset == other.last_offset &&
           (one.first_offset == other.first_offset || std::min(one.first_offset, other.first_offset) < first_base_);
  };
  for (std::size_t i = 0; i < listed.size(); ++i)
    if (std::ranges::none_of(aborted, [&](const auto& each) { return same(each, listed[i]); }) &&
        listed[i].first_offset >= first_base_)
      find(path, i * AbortedTransaction::size, "no transaction of producer " + std::to_string(listed[i].producer_id) +
                                                   " was aborted at offset " + std::to_string(listed[i].last_offset));
  for (const AbortedTransaction& each : aborted)
    if (std::ranges::none_of(listed, [&](const auto& entry) { return same(entry, each); }))
      find(path, 0, "lacks the transaction of producer " + std::to_string(each.producer_id) + " that was aborted at offset " +
                        std::to_string(each.last_offset));
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

Result<void> Verification::snapshots_up_to(Offset offset) {
  while (!snapshots_.empty() && *snapshots_.begin() <= offset) {
    const std::string path = path_of(numbered_name(*snapshots_.begin(), suffix::snapshot));
    snapshots_.erase(snapshots_.begin());
    LEAT_TRY(const std::string text, io::read_text(volume_, path));
    ProducerStates kept;
    if (const auto restored = kept.restore(Bytes(text), 0, std::numeric_limits<std::int64_t>::max()); restored)
      compare(kept, path);
    else
      find(path, 0, restored.error().context, Severity::warning);
  }
  return {};
}

/// Against what the log tells of the same producers up to there. It may have forgotten some: they were silent for long.
void Verification::compare(const ProducerStates& kept, const std::string& path) {
  for (const auto& [id, entry] : kept.entries()) {
    const auto found = producers_.entries().find(id);
    if (found == producers_.entries().end()) {
      if (first_base_ == 0) find(path, 0, "knows producer " + std::to_string(id) + ", which the log does not");
      continue;
    }
    const ProducerEntry& told = found->second;
    const auto last = [](const ProducerEntry& each) { return each.batches.empty() ? ProducerBatch{} : each.batches.back(); };
    const bool is_transaction_known = entry.transaction_first_offset < 0 || entry.transaction_first_offset >= first_base_;
    if (entry.epoch == told.epoch && last(entry).last_sequence == last(told).last_sequence &&
        last(entry).last_offset == last(told).last_offset &&
        (!is_transaction_known || entry.transaction_first_offset == told.transaction_first_offset))
      continue;
    find(path, 0, "says of producer " + std::to_string(id) + " epoch " + std::to_string(entry.epoch) + ", sequence " +
                      std::to_string(last(entry).last_sequence) + " at offset " + std::to_string(last(entry).last_offset) +
                      "; the log says epoch " + std::to_string(told.epoch) + ", sequence " +
                      std::to_string(last(told).last_sequence) + " at offset " + std::to_string(last(told).last_offset));
  }
}

}  // namespace

Result<Verified> verify(io::Volume& volume, const std::string& directory) { return Verification(volume, directory).run(); }

}  // namespace leat::log
