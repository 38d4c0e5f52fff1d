#include "client/fetched_partition.h"

namespace leat::client {

FetchedPartition::FetchedPartition(std::string_view topic, std::int32_t partition, Offset from, Payload batches)
    : topic_(topic), partition_(partition), position_(from), batches_(std::move(batches)),
      cursor_(batches_.memory()) {}

Result<bool> FetchedPartition::next_batch(bool check_crc) {
  for (;;) {
    auto next = cursor_.next();
    if (!next) return std::move(next).error();
    if (!next->has_value()) return false;
    const record::BatchView batch = **next;
    if (batch.next_offset() <= position_) continue;
    if (check_crc && !batch.check_crc())
      return Error{Errc::corrupt_message, "batch at offset " + std::to_string(batch.base_offset()) + ": bad CRC"};
    if (batch.is_control()) {
      position_ = batch.next_offset();
      continue;
    }
    inflated_ = batch.is_compressed() ? std::make_shared<std::vector<std::byte>>() : nullptr;
    std::vector<std::byte> unused;
    auto reader = record::RecordReader::open(batch, inflated_ ? *inflated_ : unused);
    if (!reader) return std::move(reader).error();
    reader_ = std::move(reader).value();
    batch_end_ = batch.next_offset();
    return true;
  }
}

Result<void> FetchedPartition::read(RecordHolder& holder, std::size_t records_max, bool check_crc) {
  while (holder.size() < records_max) {
    if (!reader_) {
      auto more = next_batch(check_crc);
      if (!more) return std::move(more).error();
      if (!*more) {
        is_exhausted_ = true;
        return {};
      }
    }
    holder.keep(inflated_ ? std::shared_ptr<const void>(inflated_) : batches_.owner());
    record::RecordView record;
    while (holder.size() < records_max) {
      auto more = reader_->next(record);
      if (!more) return std::move(more).error();
      if (!*more) {
        // Compaction may have taken the last ones: the batch's end counts.
        position_ = batch_end_;
        reader_.reset();
        break;
      }
      if (record.offset < position_) continue;
      holder.add(topic_, partition_, record);
      position_ = record.offset + 1;
    }
  }
  return {};
}

Offset end_of(Bytes batches, Offset from) {
  record::BatchCursor cursor(batches);
  Offset end = from;
  for (auto next = cursor.next(); next && next->has_value(); next = cursor.next())
    end = std::max(end, (*next)->next_offset());
  return end;
}

}  // namespace leat::client
