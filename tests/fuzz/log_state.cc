#include "log_fuzz.h"

using namespace leat;

/// A sound segment beside a producer snapshot and a leader epoch checkpoint with any bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto choice = input.number<std::uint8_t>();
  std::vector<std::byte> segment;
  for (Offset base = 0; base < 40; base += 2) {
    const auto batch = fuzz::sample_batch(base);
    segment.insert(segment.end(), batch.begin(), batch.end());
  }
  fuzz::Machine machine;
  machine.put("data/t-0/00000000000000000000.log", segment);
  machine.put("data/t-0/leader-epoch-checkpoint", input.part());
  machine.put(choice & 2 ? "data/t-0/00000000000000000040.snapshot" : "data/t-0/00000000000000000020.snapshot", input.rest());
  const bool clean = choice & 1;
  fuzz::use(machine, {.directory = "data/t-0", .recovery_point = clean ? 40 : 0, .clean = clean});
  return 0;
}
