#include "base/crc32c.h"

#include <array>
#include <atomic>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define LEAT_CRC32C_TARGET __attribute__((target("sse4.2")))
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#if defined(__clang__)
#define LEAT_CRC32C_TARGET __attribute__((target("crc")))
#else
#define LEAT_CRC32C_TARGET __attribute__((target("+crc")))
#endif
#endif

namespace leat {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // reflected

// tables[k][b]: what byte b contributes when k more bytes follow it in an 8-byte step.
constexpr auto tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> t{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? polynomial : 0);
    t[0][b] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t b = 0; b < 256; ++b) t[k][b] = (t[k - 1][b] >> 8) ^ t[0][t[k - 1][b] & 0xff];
  return t;
}();

std::uint64_t load_le64(const std::byte* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
  return word;
}

std::uint32_t crc32c_by_table(Bytes data, std::uint32_t seed) noexcept {
  std::uint32_t crc = ~seed;
  const std::byte* at = data.begin();
  std::size_t left = data.size();
  for (; left >= 8; at += 8, left -= 8) {
    const std::uint64_t word = load_le64(at) ^ crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k) crc ^= tables[7 - k][(word >> (8 * k)) & 0xff];
  }
  for (; left > 0; ++at, --left)
    crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*at)) & 0xff];
  return ~crc;
}

#if defined(LEAT_CRC32C_TARGET)

// The instruction takes one 8-byte step a cycle but answers after three, so three independent strips are
// run side by side and joined by "as if followed by this many zero bytes", which is linear over GF(2).
using Matrix = std::array<std::uint32_t, 32>;

constexpr std::uint32_t times(const Matrix& m, std::uint32_t vector) {
  std::uint32_t product = 0;
  for (std::size_t i = 0; i < 32; ++i)
    if (vector >> i & 1) product ^= m[i];
  return product;
}

using ZerosTable = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr ZerosTable zeros_table(std::size_t log2_of_bytes) {
  Matrix m{};
  m[0] = polynomial;
  for (std::size_t i = 1; i < 32; ++i) m[i] = 1u << (i - 1);
  for (std::size_t n = 0; n < log2_of_bytes + 3; ++n) {
    Matrix square{};
    for (std::size_t i = 0; i < 32; ++i) square[i] = times(m, m[i]);
    m = square;
  }
  ZerosTable table{};
  for (std::size_t k = 0; k < 4; ++k)
    for (std::uint32_t b = 0; b < 256; ++b) table[k][b] = times(m, b << (8 * k));
  return table;
}

constexpr std::size_t long_log2 = 11, short_log2 = 8;
constexpr ZerosTable long_zeros = zeros_table(long_log2);
constexpr ZerosTable short_zeros = zeros_table(short_log2);

inline std::uint32_t append_zeros(const ZerosTable& table, std::uint32_t crc) {
  return table[0][crc & 0xff] ^ table[1][crc >> 8 & 0xff] ^ table[2][crc >> 16 & 0xff] ^ table[3][crc >> 24];
}

#if defined(__x86_64__)
LEAT_CRC32C_TARGET inline std::uint64_t step8(std::uint64_t crc, const std::byte* at) {
  return _mm_crc32_u64(crc, load_le64(at));
}
LEAT_CRC32C_TARGET inline std::uint64_t step1(std::uint64_t crc, std::byte b) {
  return _mm_crc32_u8(static_cast<std::uint32_t>(crc), std::to_integer<std::uint8_t>(b));
}
constexpr std::string_view hardware_name = "sse4.2";
bool has_hardware() { return __builtin_cpu_supports("sse4.2"); }
#else
LEAT_CRC32C_TARGET inline std::uint64_t step8(std::uint64_t crc, const std::byte* at) {
  return __crc32cd(static_cast<std::uint32_t>(crc), load_le64(at));
}
LEAT_CRC32C_TARGET inline std::uint64_t step1(std::uint64_t crc, std::byte b) {
  return __crc32cb(static_cast<std::uint32_t>(crc), std::to_integer<std::uint8_t>(b));
}
constexpr std::string_view hardware_name = "armv8";
bool has_hardware() {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#elif defined(__APPLE__)
  return true;
#else
  return false;
#endif
}
#endif

template <std::size_t log2>
LEAT_CRC32C_TARGET std::uint64_t three_strips(std::uint64_t crc, const std::byte*& at, std::size_t& left,
                                              const ZerosTable& zeros) {
  constexpr std::size_t strip = std::size_t{1} << log2;
  for (; left >= 3 * strip; at += 3 * strip, left -= 3 * strip) {
    std::uint64_t second = 0, third = 0;
    for (std::size_t i = 0; i < strip; i += 8) {
      crc = step8(crc, at + i);
      second = step8(second, at + strip + i);
      third = step8(third, at + 2 * strip + i);
    }
    crc = append_zeros(zeros, static_cast<std::uint32_t>(crc)) ^ second;
    crc = append_zeros(zeros, static_cast<std::uint32_t>(crc)) ^ third;
  }
  return crc;
}

LEAT_CRC32C_TARGET std::uint32_t crc32c_by_hardware(Bytes data, std::uint32_t seed) noexcept {
  std::uint64_t crc = static_cast<std::uint32_t>(~seed);
  const std::byte* at = data.begin();
  std::size_t left = data.size();
  crc = three_strips<long_log2>(crc, at, left, long_zeros);
  crc = three_strips<short_log2>(crc, at, left, short_zeros);
  for (; left >= 8; at += 8, left -= 8) crc = step8(crc, at);
  for (; left > 0; ++at, --left) crc = step1(crc, *at);
  return ~static_cast<std::uint32_t>(crc);
}

constexpr Crc32cImplementation implementations[] = {{hardware_name, crc32c_by_hardware},
                                                    {"table", crc32c_by_table}};
#else
constexpr Crc32cImplementation implementations[] = {{"table", crc32c_by_table}};
bool has_hardware() { return true; }
#endif

std::uint32_t choose_and_compute(Bytes data, std::uint32_t seed) noexcept;

// Starts as the function that chooses, so no call pays for a guard and none runs before initialisation.
constinit std::atomic<decltype(Crc32cImplementation::compute)> chosen = choose_and_compute;

std::uint32_t choose_and_compute(Bytes data, std::uint32_t seed) noexcept {
  const auto fastest = crc32c_implementations().front().compute;
  chosen.store(fastest, std::memory_order_relaxed);
  return fastest(data, seed);
}

}  // namespace

std::uint32_t crc32c(Bytes data, std::uint32_t seed) noexcept {
  return chosen.load(std::memory_order_relaxed)(data, seed);
}

std::span<const Crc32cImplementation> crc32c_implementations() noexcept {
  const std::span<const Crc32cImplementation> all(implementations);
  return has_hardware() ? all : all.last(1);
}

}  // namespace leat
