#pragma once

#include <leat/result.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/payload.h"
#include "base/types.h"
#include "client/record_holder.h"
#include "record/batch_view.h"
#include "record/record_reader.h"

namespace leat::client {

/// Batches of one partition that were read, and how far their records have been handed out.
class FetchedPartition {
 public:
  /// Records below `from` are skipped. `batches` must be in memory.
  FetchedPartition(std::string_view topic, std::int32_t partition, Offset from, Payload batches);

  /// Adds records to `holder` until it holds `records_max` or there are no more. Control batches are stepped
  /// over. `corrupt_message` for a bad CRC or batch; what was added before stands.
  Result<void> read(RecordHolder& holder, std::size_t records_max, bool check_crc);
  bool is_exhausted() const { return is_exhausted_; }
  /// The offset after what has been read.
  Offset position() const { return position_; }

 private:
  Result<bool> next_batch(bool check_crc);

  std::string_view topic_;
  std::int32_t partition_;
  Offset position_;
  Payload batches_;
  record::BatchCursor cursor_;
  std::optional<record::RecordReader> reader_;
  Offset batch_end_ = 0;
  std::shared_ptr<std::vector<std::byte>> inflated_;
  bool is_exhausted_ = false;
};

/// The offset after the last whole batch of `batches`, or `from` when there is none.
Offset end_of(Bytes batches, Offset from);

}  // namespace leat::client
