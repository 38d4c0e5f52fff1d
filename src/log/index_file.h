#pragma once

#include <leat/result.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/types.h"
#include "base/wire.h"
#include "io/volume.h"
#include "log/aborted_transaction.h"

namespace leat::log {

/// `.index`: the last offset of a batch, relative to the segment's base, and where the batch starts.
struct OffsetEntry {
  static constexpr std::size_t size = 8;
  std::int32_t relative_offset = 0;
  std::int32_t position = 0;

  static OffsetEntry load(const std::byte* at) {
    return {load_be<std::int32_t>(at), load_be<std::int32_t>(at + 4)};
  }
  void store(std::byte* at) const {
    store_be(at, relative_offset);
    store_be(at + 4, position);
  }
  /// Kafka preallocates zeros; the first batch of a segment never gets an entry, so position 0 is one.
  bool is_padding() const { return position == 0; }
};

/// `.timeindex`: the largest timestamp so far, and the last offset of the first batch that has it.
struct TimeEntry {
  static constexpr std::size_t size = 12;
  TimestampMs timestamp = 0;
  std::int32_t relative_offset = 0;

  static TimeEntry load(const std::byte* at) {
    return {load_be<TimestampMs>(at), load_be<std::int32_t>(at + 8)};
  }
  void store(std::byte* at) const {
    store_be(at, timestamp);
    store_be(at + 8, relative_offset);
  }
  bool is_padding() const { return timestamp == 0 && relative_offset == 0; }
};

/// The sorted entries of one index file of one segment. Those added since the segment was opened or
/// created stay in memory, so that appending needs no write of its own; flush() writes them. Those of a
/// sealed segment are read from the file by bisection.
///
/// Threads: one writer (the log's owner), any number of readers.
template <class Entry>
class IndexFile {
 public:
  IndexFile(io::Volume& volume, std::string path) : volume_(volume), path_(std::move(path)) {}

  /// What the file holds, if there is one, becomes the entries at the first use.
  void use_file() {
    std::lock_guard lock(mutex_);
    state_ = State::on_disk;
  }

  /// Takes from the file, if there is one, the entries before the first for which `holds` is false, which is asked in their
  /// order; the rest goes. For a file whose end may be torn, where a bisection would be led astray.
  template <class Predicate>
  Result<void> use_file_while(Predicate holds) {
    use_file();
    LEAT_CHECK(ready());
    std::lock_guard lock(mutex_);
    std::size_t kept = 0;
    std::vector<std::byte> bytes;
    for (bool goes_on = true; goes_on && kept < stored_;) {
      bytes.resize(std::min<std::size_t>(stored_ - kept, 64 * 1024 / Entry::size) * Entry::size);
      LEAT_TRY(const std::size_t got, file_->read_at(kept * Entry::size, bytes));
      if (got != bytes.size()) return Error{Errc::corrupt, file_->path() + " ended early"};
      for (std::size_t at = 0; goes_on && at < bytes.size(); at += Entry::size)
        if ((goes_on = holds(Entry::load(bytes.data() + at)))) ++kept;
    }
    if (kept == stored_) return {};
    stored_ = written_ = kept;
    return file_->truncate(kept * Entry::size);
  }

  Result<std::size_t> size() const {
    LEAT_CHECK(ready());
    std::lock_guard lock(mutex_);
    return stored_ + fresh_.size();
  }

  void add(const Entry& entry) {
    std::lock_guard lock(mutex_);
    fresh_.push_back(entry);
  }

  Result<std::optional<Entry>> last() const {
    return last_where([](const Entry&) { return true; });
  }

  /// The last entry for which `holds`, which must be true for a prefix of the entries.
  template <class Predicate>
  Result<std::optional<Entry>> last_where(Predicate holds) const {
    LEAT_CHECK(ready());
    std::shared_ptr<io::File> file;
    std::size_t stored = 0;
    {
      std::lock_guard lock(mutex_);
      if (!fresh_.empty() && holds(fresh_.front()))
        return std::optional(*(std::ranges::partition_point(fresh_, holds) - 1));
      file = file_;
      stored = stored_;
    }
    LEAT_TRY(const std::size_t count, count_where(file, stored, holds));
    if (count == 0) return std::optional<Entry>();
    LEAT_TRY(const Entry entry, read_entry(*file, count - 1));
    return std::optional(entry);
  }

  /// Shows the entries behind those for which `holds`, a prefix, to `visit` until it returns false.
  template <class Predicate, class Visitor>
  Result<void> visit_behind(Predicate holds, Visitor visit) const {
    LEAT_CHECK(ready());
    std::shared_ptr<io::File> file;
    std::size_t stored = 0;
    std::vector<Entry> fresh;
    {
      std::lock_guard lock(mutex_);
      file = file_;
      stored = stored_;
      fresh = fresh_;
    }
    LEAT_TRY(std::size_t at, count_where(file, stored, holds));
    std::vector<std::byte> bytes;
    while (at < stored) {
      bytes.resize(std::min<std::size_t>(stored - at, 4096 / Entry::size) * Entry::size);
      LEAT_TRY(const std::size_t got, file->read_at(at * Entry::size, bytes));
      if (got != bytes.size()) return Error{Errc::corrupt, file->path() + " ended early"};
      for (std::size_t i = 0; i < bytes.size(); i += Entry::size)
        if (!visit(Entry::load(bytes.data() + i))) return {};
      at += bytes.size() / Entry::size;
    }
    for (const Entry& entry : fresh)
      if (!holds(entry) && !visit(entry)) return {};
    return {};
  }

  /// Keeps the entries for which `holds`, a prefix.
  template <class Predicate>
  Result<void> truncate_where(Predicate holds) {
    LEAT_CHECK(ready());
    LEAT_TRY(const std::size_t kept, count_where(file_, stored_, holds));
    std::lock_guard lock(mutex_);
    fresh_.erase(std::ranges::partition_point(fresh_, holds), fresh_.end());
    written_ = std::min(written_, stored_ + fresh_.size());
    if (kept == stored_) return {};
    fresh_.clear();
    stored_ = written_ = kept;
    return file_->truncate(kept * Entry::size);
  }

  /// Writes what is in memory only, making the file when it is missing, and cuts padding off.
  Result<void> flush() {
    LEAT_CHECK(ready());
    std::lock_guard lock(mutex_);
    if (!file_) {
      LEAT_TRY(file_, volume_.open(path_, io::OpenMode::create));
    }
    const std::size_t total = stored_ + fresh_.size();
    if (written_ < total) {
      std::vector<std::byte> bytes((total - written_) * Entry::size);
      for (std::size_t i = written_; i < total; ++i)
        fresh_[i - stored_].store(bytes.data() + (i - written_) * Entry::size);
      LEAT_CHECK(file_->write_at(written_ * Entry::size, bytes));
      written_ = total;
    }
    LEAT_TRY(const std::uint64_t size, file_->size());
    return size == total * Entry::size ? Result<void>{} : file_->truncate(total * Entry::size);
  }

  /// Forgets what is in memory; flush() first.
  void release_memory() {
    std::lock_guard lock(mutex_);
    stored_ = written_;
    fresh_ = {};
  }

  /// Null until the first flush of a new index.
  std::shared_ptr<io::File> file() const {
    std::lock_guard lock(mutex_);
    return file_;
  }

 private:
  enum class State { ready, on_disk };

  Result<void> ready() const {
    std::lock_guard lock(mutex_);
    if (state_ == State::ready) return {};
    auto file = volume_.open(path_, io::OpenMode::write);
    if (file) {
      LEAT_TRY(const std::uint64_t size, (*file)->size());
      LEAT_TRY(stored_, count_real(**file, size / Entry::size));
      file_ = std::move(file).value();
    } else if (file.error().code != Errc::not_found) {
      return std::move(file).error();
    }
    written_ = stored_;
    state_ = State::ready;
    return {};
  }

  /// Entries in front of zero padding.
  static Result<std::size_t> count_real(const io::File& file, std::size_t count) {
    if (count == 0) return count;
    LEAT_TRY(const Entry last, read_entry(file, count - 1));
    if (!last.is_padding()) return count;
    std::size_t low = 0;
    while (low < count) {
      const std::size_t middle = (low + count) / 2;
      LEAT_TRY(const Entry entry, read_entry(file, middle));
      if (entry.is_padding())
        count = middle;
      else
        low = middle + 1;
    }
    return low;
  }

  static Result<Entry> read_entry(const io::File& file, std::size_t index) {
    std::array<std::byte, Entry::size> bytes;
    LEAT_TRY(const std::size_t got, file.read_at(index * Entry::size, bytes));
    if (got != bytes.size()) return Error{Errc::corrupt, file.path() + " ended early"};
    return Entry::load(bytes.data());
  }

  /// How many of the first `count` entries of the file hold.
  template <class Predicate>
  static Result<std::size_t> count_where(const std::shared_ptr<io::File>& file, std::size_t count,
                                         Predicate holds) {
    constexpr std::size_t at_once = 512 / Entry::size;  // then one read is cheaper than more steps
    std::size_t low = 0;
    while (count - low > at_once) {
      const std::size_t middle = low + (count - low) / 2;
      LEAT_TRY(const Entry entry, read_entry(*file, middle));
      if (holds(entry))
        low = middle + 1;
      else
        count = middle;
    }
    if (low == count) return low;
    std::array<std::byte, at_once * Entry::size> bytes;
    const std::span<std::byte> wanted(bytes.data(), (count - low) * Entry::size);
    LEAT_TRY(const std::size_t got, file->read_at(low * Entry::size, wanted));
    if (got != wanted.size()) return Error{Errc::corrupt, file->path() + " ended early"};
    for (const std::byte* at = bytes.data(); low < count && holds(Entry::load(at)); at += Entry::size) ++low;
    return low;
  }

  io::Volume& volume_;
  const std::string path_;
  mutable std::mutex mutex_;
  mutable State state_ = State::ready;
  mutable std::shared_ptr<io::File> file_;
  mutable std::size_t stored_ = 0;   ///< entries that are only in the file
  mutable std::size_t written_ = 0;  ///< entries that the file has
  std::vector<Entry> fresh_;         ///< the rest; the first `written_ - stored_` are in the file too
};

using OffsetIndex = IndexFile<OffsetEntry>;
using TimeIndex = IndexFile<TimeEntry>;
using TransactionIndex = IndexFile<AbortedTransaction>;

}  // namespace leat::log
