#include "input.h"
#include "record/compression.h"

using namespace leat;

/// Every codec: never more than was allowed, and what was compressed comes back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t inflated_max = 1 << 20;
  fuzz::Input input(data, size);
  const auto choice = input.number<std::uint8_t>();
  const auto codec = record::codec_of_id(choice % 5).value();
  const auto bytes = input.rest();
  std::vector<std::byte> out;
  const auto inflated = record::decompress(codec, bytes, out, inflated_max);
  fuzz::require(out.size() <= (inflated ? inflated_max : 0), "the limit holds, and a failure leaves nothing");
  std::vector<std::byte> packed, back;
  fuzz::require(record::compress(codec, record::default_level, bytes, packed).has_value(), "anything can be compressed");
  fuzz::require(record::decompress(codec, packed, back, bytes.size()).has_value() && back == bytes,
                "what was compressed comes back");
  return 0;
}
