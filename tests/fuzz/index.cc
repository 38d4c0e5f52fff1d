#include "log_fuzz.h"

using namespace leat;

/// A sound segment whose offset index, time index and transaction index hold any bytes, after a clean stop or not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const bool clean = input.number<std::uint8_t>() & 1;
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
  fuzz::use(machine, {.directory = "data/t-0", .recovery_point = clean ? 40 : 0, .clean = clean});
  return 0;
}
