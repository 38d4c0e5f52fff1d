#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace leat {

/// Big-endian integers, as everything on Kafka's wire and disk is. No bounds are checked here.
template <std::integral T>
T load_be(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little)
    value = std::byteswap(value);
  return value;
}

template <std::integral T>
void store_be(std::byte* to, T value) {
  if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little)
    value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

constexpr std::uint32_t zigzag(std::int32_t v) {
  return (static_cast<std::uint32_t>(v) << 1) ^ static_cast<std::uint32_t>(v >> 31);
}
constexpr std::int32_t unzigzag(std::uint32_t v) {
  return static_cast<std::int32_t>(v >> 1) ^ -static_cast<std::int32_t>(v & 1);
}
constexpr std::uint64_t zigzag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

inline constexpr std::size_t max_varint_size = 10;

/// Writes an unsigned varint to `to` (room for max_varint_size) and returns the bytes written.
inline std::size_t store_uvarint(std::byte* to, std::uint64_t value) {
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) to[size++] = static_cast<std::byte>(value | 0x80);
  to[size++] = static_cast<std::byte>(value);
  return size;
}

constexpr std::size_t uvarint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

/// Reads an unsigned varint of at most `max_bytes` (5 for 32 bits, 10 for 64) from [from, end).
/// Returns the bytes read, 0 when it is cut or too long.
inline std::size_t load_uvarint(const std::byte* from, const std::byte* end, std::uint64_t& value,
                                std::size_t max_bytes) {
  value = 0;
  for (std::size_t i = 0; i < max_bytes && from + i < end; ++i) {
    const auto b = std::to_integer<std::uint64_t>(from[i]);
    value |= (b & 0x7f) << (7 * i);
    if (b < 0x80) return i + 1;
  }
  return 0;
}

}  // namespace leat
