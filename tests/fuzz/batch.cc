#include "base/crc32c.h"
#include "input.h"
#include "record/record_reader.h"
#include "record/validate.h"

using namespace leat;

namespace {

constexpr std::size_t inflated_max = 1 << 20;

/// Makes size, magic and CRC fit, so that the fuzzer gets past them.
void mend(std::vector<std::byte>& batch) {
  if (batch.size() < record::batch_header_size) return;
  store_be<std::int8_t>(batch.data() + record::batch_at::magic, 2);
  store_be(batch.data() + record::batch_at::batch_length,
           static_cast<std::int32_t>(batch.size() - record::batch_prefix_size));
  store_be(batch.data() + record::batch_at::crc, crc32c(Bytes(batch).subspan(record::batch_at::attributes)));
}

void read(const record::BatchView& batch) {
  std::vector<std::byte> scratch;
  auto reader = record::RecordReader::open(batch, scratch, inflated_max);
  if (!reader) return;
  record::RecordView record;
  for (auto more = reader->next(record); more && *more; more = reader->next(record))
    for (const auto header : record.headers) (void)header;
}

}  // namespace

/// What Produce and Fetch carry: the reader, the checks of Produce and the rewriting, with every codec.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto choice = input.number<std::uint8_t>();
  auto bytes = input.rest();
  if (choice & 1) mend(bytes);
  record::BatchCursor cursor(bytes);
  for (auto next = cursor.next(); next && *next; next = cursor.next()) read(**next);

  record::ProduceRules rules{.is_compacted = (choice & 2) != 0, .now = 1'700'000'000'000, .max_decompressed = inflated_max};
  if (choice & 4) rules.timestamp_type = record::TimestampType::log_append_time;
  rules.codec = record::codec_of_id(choice >> 4);
  std::vector<record::RecordError> errors;
  auto produced = record::validate_produced(bytes, rules, &errors);
  if (!produced) return 0;
  auto fresh = record::rebuild(*produced, rules);
  fuzz::require(fresh.has_value() || fresh.error().code == Errc::message_too_large, "what was accepted can be rewritten");
  // Batches that bear the broker's time are no longer what a producer may send.
  if (fresh && !(choice & 4)) {
    auto again = record::validate_produced(*fresh, rules);
    fuzz::require(again && !again->needs_rebuild, "what was rewritten is accepted as it is");
  }
  return 0;
}
