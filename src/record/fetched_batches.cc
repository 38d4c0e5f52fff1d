#include "record/fetched_batches.h"

#include <string>

#include "record/batch_view.h"

namespace leat::record {

Result<Bytes> usable_batches(Bytes batches, LeaderEpoch leader_epoch) {
  std::size_t size = 0;
  for (BatchCursor cursor(batches);;) {
    auto batch = cursor.next();
    if (!batch) return std::move(batch).error();
    if (!*batch || (*batch)->leader_epoch() > leader_epoch) break;
    if (!(*batch)->check_crc())
      return Error{Errc::corrupt_message, "a fetched batch at offset " + std::to_string((*batch)->base_offset()) +
                                              " does not have the checksum that it says"};
    size += (*batch)->size();
  }
  return batches.subspan(0, size);
}

}  // namespace leat::record
