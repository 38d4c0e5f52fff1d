#include "log_fuzz.h"

using namespace leat;

/// A sound segment whose offset index, time index and transaction index hold any bytes, after a clean stop or not, or
/// after a crash behind a checkpoint.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto choice = input.number<std::uint8_t>();
  const bool clean = choice & 1, has_checkpoint = choice & 2;
  std::vector<std::byte> segment;
  for (Offset base = 0; base < 40; base += 2) {
    const auto batch = fuzz::sample_batch(base);
    segment.insert(segment.end(), batch.begin(), batch.end());
  }
  fuzz::Machine machine;
  machine.put("data/t-0/00000000000000000000.log", segment);
  machine.put("data/t-0/00000000000000000000.index", input.part());
  machine.put("data/t-0/00000000000000000000.timeindex", input.part());
  machine.put("data/t-0/00000000000000000000.txnindex", input.part());
  if (has_checkpoint) machine.put("data/t-0/00000000000000000020.snapshot", log::ProducerStates().snapshot());
  const log::OpenState state{.directory = "data/t-0", .recovery_point = clean ? 40 : has_checkpoint ? 20 : 0, .clean = clean};
  if (!clean) {
    const auto log = log::Log::open(machine.disk, machine.scheduler, state, {});
    fuzz::require(log && (*log)->log_end() == 40, "no index takes a sound batch away");
  }
  fuzz::use(machine, state);
  return 0;
}
