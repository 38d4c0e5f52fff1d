#pragma once

#include <leat/bytes.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace leat {

/// CRC-32C (Castagnoli) of `data`. `seed` is the checksum of what comes before it, so that
/// crc32c(b, crc32c(a)) is the checksum of a followed by b. Uses the processor's instruction where it
/// has one. Safe from any thread, never fails.
std::uint32_t crc32c(Bytes data, std::uint32_t seed = 0) noexcept;

/// One way to compute it.
struct Crc32cImplementation {
  std::string_view name;
  std::uint32_t (*compute)(Bytes data, std::uint32_t seed) noexcept;
};

/// Those that run on this processor, the fastest first; for tests and benchmarks.
std::span<const Crc32cImplementation> crc32c_implementations() noexcept;

}  // namespace leat
