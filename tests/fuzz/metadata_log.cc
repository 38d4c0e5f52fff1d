#include "log_fuzz.h"
#include "metadata/image_builder.h"
#include "quorum/metadata_log.h"

using namespace leat;

/// The cluster's own files: quorum-state, a snapshot, the log, and the image that their records make.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto choice = input.number<std::uint8_t>();
  fuzz::Machine machine;
  const std::string directory = "data/__cluster_metadata-0/";
  if (choice & 1) machine.put(directory + "quorum-state", input.part());
  if (choice & 2) machine.put(directory + "00000000000000000000-0000000000.checkpoint", input.part());
  if (choice & 4) machine.put(directory + "00000000000000000020-0000000001.checkpoint", input.part());
  if (choice & 8) machine.put(directory + "00000000000000000000.log", input.part());
  metadata::ImageBuilder builder;
  auto log = quorum::MetadataLog::open(machine.disk, machine.scheduler, {.directory = "data/__cluster_metadata-0"}, {});
  if (log) {
    auto replayed = (*log)->replay((*log)->end(), [&](const auto& batch) -> Result<void> {
      return batch.is_control ? Result<void>() : builder.apply_batch(batch.values, batch.last_offset, batch.epoch);
    });
    if (replayed) (void)(*log)->lead();
  }
  // The rest is records by themselves, which would need a fitting CRC in a batch.
  while (!input.empty()) {
    const auto record = input.part();
    (void)builder.apply_batch({Bytes(record)}, 1, 1);
  }
  (void)builder.publish();
  return 0;
}
