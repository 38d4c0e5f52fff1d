#include "log_fuzz.h"

using namespace leat;

/// Recovery of two segments with any bytes, after an unclean stop.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto second_base = input.number<std::uint8_t>();
  const auto first = input.part();
  const auto second = input.rest();
  fuzz::Machine machine;
  machine.put("data/t-0/00000000000000000000.log", first);
  char name[64];
  std::snprintf(name, sizeof name, "data/t-0/%020d.log", second_base);
  if (second_base > 0) machine.put(name, second);
  fuzz::use(machine, {.directory = "data/t-0"});
  return 0;
}
