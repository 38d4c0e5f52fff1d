#include "record/murmur2.h"

#include <bit>
#include <cstring>

namespace leat::record {

std::uint32_t murmur2(Bytes key) noexcept {
  constexpr std::uint32_t m = 0x5bd1e995, seed = 0x9747b28c;
  const std::byte* at = key.begin();
  std::size_t left = key.size();
  std::uint32_t h = seed ^ static_cast<std::uint32_t>(left);
  for (; left >= 4; at += 4, left -= 4) {
    std::uint32_t k;
    std::memcpy(&k, at, 4);
    if constexpr (std::endian::native == std::endian::big) k = std::byteswap(k);
    k *= m;
    k ^= k >> 24;
    k *= m;
    h = (h * m) ^ k;
  }
  if (left > 0) {
    for (std::size_t i = 0; i < left; ++i) h ^= std::to_integer<std::uint32_t>(at[i]) << (8 * i);
    h *= m;
  }
  h ^= h >> 13;
  h *= m;
  return h ^ (h >> 15);
}

}  // namespace leat::record
