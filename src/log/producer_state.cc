#include "log/producer_state.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/crc32c.h"
#include "base/errors.h"
#include "base/wire.h"
#include "record/control_record.h"
#include "record/record_reader.h"

namespace leat::log {
namespace {
constexpr std::size_t snapshot_header_size = 10;
constexpr std::size_t snapshot_entry_size = 46;
constexpr std::int16_t snapshot_version = 1;
constexpr std::int64_t sequences = std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1;

std::int32_t sequence_before(std::int32_t sequence, std::int32_t delta) {
  return static_cast<std::int32_t>((std::int64_t{sequence} - delta + sequences) % sequences);
}

ProducerBatch batch_of(const record::BatchView& batch) {
  return {batch.base_sequence(), batch.last_sequence(), batch.base_offset(), batch.last_offset(),
          batch.max_timestamp()};
}

/// The coordinator's epoch in a marker; nothing when the batch is no marker, or only its header is there.
std::optional<record::TransactionMarker> marker_of(const record::BatchView& batch) {
  std::vector<std::byte> scratch;
  auto reader = record::RecordReader::open(batch, scratch);
  record::RecordView record;
  if (!reader) return std::nullopt;
  const auto more = reader->next(record);
  if (!more || !*more) return std::nullopt;
  auto marker = record::parse_marker(record.key, record.value);
  if (!marker) return std::nullopt;
  return *marker;
}
}  // namespace

Result<std::optional<ProducerBatch>> ProducerStates::check(const record::BatchView& batch) const {
  const std::optional<ProducerBatch> fresh;
  if (!batch.has_producer_id()) return fresh;
  const auto found = entries_.find(batch.producer_id());
  if (found == entries_.end()) return fresh;  // C6
  const ProducerEntry& entry = found->second;
  const auto told = [&] {
    return "producer " + std::to_string(batch.producer_id()) + ": sequence " +
           std::to_string(batch.base_sequence()) + " at epoch " + std::to_string(batch.producer_epoch());
  };
  if (entry.transaction_first_offset >= 0 && !batch.is_transactional())  // E5
    return Error{Errc::invalid_txn_state, told() + " is outside the transaction that it has open"};
  if (batch.producer_epoch() < entry.epoch)
    return Error{Errc::invalid_producer_epoch, told() + ", current epoch " + std::to_string(entry.epoch)};
  if (batch.producer_epoch() > entry.epoch) {
    if (batch.base_sequence() == 0 || entry.epoch < 0) return fresh;
    return Error{Errc::out_of_order_sequence_number, told() + ", a new epoch starts at 0"};
  }
  for (const ProducerBatch& earlier : entry.batches)
    if (earlier.first_sequence == batch.base_sequence() && earlier.last_sequence == batch.last_sequence())
      return std::optional(earlier);  // C2
  const std::int32_t last = entry.batches.empty() ? -1 : entry.batches.back().last_sequence;
  if (batch.base_sequence() == record::advance_sequence(last, 1)) return fresh;
  return Error{Errc::out_of_order_sequence_number, told() + ", last sequence " + std::to_string(last)};
}

std::optional<AbortedTransaction> ProducerStates::update(const record::BatchView& batch) {
  if (!batch.has_producer_id()) return std::nullopt;
  const auto marker = batch.is_control() ? marker_of(batch) : std::nullopt;
  if (batch.is_control() && !marker) return std::nullopt;  // compaction left it empty
  ProducerEntry& entry = entries_[batch.producer_id()];
  if (batch.producer_epoch() > entry.epoch) {
    entry.epoch = batch.producer_epoch();
    entry.batches.clear();
  }
  entry.last_timestamp = batch.max_timestamp();
  if (marker) {
    entry.coordinator_epoch = marker->coordinator_epoch;
    return end_transaction(entry, batch, marker->commit);
  }
  if (batch.is_transactional() && entry.transaction_first_offset < 0) {
    entry.transaction_first_offset = batch.base_offset();
    open_.insert(batch.base_offset());
  }
  if (entry.batches.size() == ProducerEntry::window) entry.batches.erase(entry.batches.begin());
  entry.batches.push_back(batch_of(batch));
  return std::nullopt;
}

std::optional<AbortedTransaction> ProducerStates::end_transaction(ProducerEntry& entry,
                                                                  const record::BatchView& marker, bool commit) {
  const Offset first = std::exchange(entry.transaction_first_offset, no_offset);
  if (first < 0) return std::nullopt;  // it wrote nothing here
  open_.erase(first);
  ended_.emplace(first, marker.base_offset());
  if (commit) return std::nullopt;
  return AbortedTransaction{.producer_id = marker.producer_id(),
                            .first_offset = first,
                            .last_offset = marker.base_offset(),
                            .last_stable_offset = open_.empty() ? marker.next_offset() : *open_.begin()};
}

std::optional<Offset> ProducerStates::first_unstable_offset() const {
  std::optional<Offset> first;
  if (!open_.empty()) first = *open_.begin();
  if (!ended_.empty() && (!first || ended_.begin()->first < *first)) first = ended_.begin()->first;
  return first;
}

void ProducerStates::forget_ended(Offset high_watermark) {
  std::erase_if(ended_, [&](const auto& item) { return item.second < high_watermark; });
}

bool ProducerStates::recall(const record::BatchView& batch) {
  if (!batch.has_producer_id() || batch.is_control()) return false;
  const auto found = entries_.find(batch.producer_id());
  if (found == entries_.end() || found->second.epoch != batch.producer_epoch()) return false;
  auto& known = found->second.batches;
  if (known.empty() || known.size() == ProducerEntry::window) return false;
  if (batch.last_offset() >= known.front().first_offset ||
      record::advance_sequence(batch.last_sequence(), 1) != known.front().first_sequence)
    return false;
  known.insert(known.begin(), batch_of(batch));
  return true;
}

void ProducerStates::expire(TimestampMs now, std::int64_t expiration_ms) {
  std::erase_if(entries_, [&](const auto& item) {
    return item.second.transaction_first_offset < 0 && now - item.second.last_timestamp >= expiration_ms;
  });
}

void ProducerStates::clear() {
  entries_.clear();
  open_.clear();
  ended_.clear();
}

std::vector<std::byte> ProducerStates::snapshot() const {
  std::vector<std::int64_t> ids;
  for (const auto& [id, entry] : entries_) ids.push_back(id);
  std::ranges::sort(ids);

  std::vector<std::byte> bytes(snapshot_header_size + ids.size() * snapshot_entry_size);
  std::byte* at = bytes.data() + snapshot_header_size;
  const auto put = [&](auto value) {
    store_be(at, value);
    at += sizeof value;
  };
  for (const std::int64_t id : ids) {
    const ProducerEntry& entry = entries_.at(id);
    const ProducerBatch last = entry.batches.empty() ? ProducerBatch{} : entry.batches.back();
    put(id);
    put(entry.epoch);
    put(last.last_sequence);
    put(last.last_offset);
    put(static_cast<std::int32_t>(last.last_offset - last.first_offset));
    put(entry.last_timestamp);
    put(entry.coordinator_epoch);
    put(entry.transaction_first_offset);
  }
  store_be(bytes.data(), snapshot_version);
  store_be(bytes.data() + 6, static_cast<std::int32_t>(ids.size()));
  store_be(bytes.data() + 2, crc32c(Bytes(bytes).subspan(6)));
  return bytes;
}

Result<void> ProducerStates::restore(Bytes snapshot, TimestampMs now, std::int64_t expiration_ms) {
  const auto corrupt = [](std::string why) { return Error{Errc::corrupt, "producer snapshot: " + why}; };
  if (snapshot.size() < snapshot_header_size) return corrupt("cut");
  if (load_be<std::int16_t>(snapshot.data()) != snapshot_version) return corrupt("unknown version");
  if (load_be<std::uint32_t>(snapshot.data() + 2) != crc32c(snapshot.subspan(6))) return corrupt("CRC");
  const auto count = load_be<std::int32_t>(snapshot.data() + 6);
  if (count < 0 || snapshot.size() != snapshot_header_size + static_cast<std::size_t>(count) * snapshot_entry_size)
    return corrupt("length");

  clear();
  const std::byte* at = snapshot.data() + snapshot_header_size;
  const auto take = [&]<class T>(T& value) {
    value = load_be<T>(at);
    at += sizeof(T);
  };
  for (std::int32_t i = 0; i < count; ++i) {
    std::int64_t id = 0;
    std::int32_t delta = 0;
    ProducerEntry entry;
    ProducerBatch last;
    take(id);
    take(entry.epoch);
    take(last.last_sequence);
    take(last.last_offset);
    take(delta);
    take(entry.last_timestamp);
    take(entry.coordinator_epoch);
    take(entry.transaction_first_offset);
    if (last.last_offset >= 0 && delta >= 0) {
      last.first_offset = last.last_offset - delta;
      last.first_sequence = sequence_before(last.last_sequence, delta);
      last.timestamp = entry.last_timestamp;
      entry.batches.push_back(last);
    }
    if (entry.transaction_first_offset >= 0) open_.insert(entry.transaction_first_offset);
    entries_[id] = std::move(entry);
  }
  expire(now, expiration_ms);
  return {};
}

}  // namespace leat::log
