#include "record/java_hash.h"

#include <cstddef>
#include <limits>

namespace leat::record {
namespace {

struct CodePoint {
  std::uint32_t value;
  std::size_t size;
};

CodePoint decode(std::string_view text) {
  constexpr std::uint32_t replacement = 0xfffd;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return {replacement, 1};
  std::uint32_t value = lead & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (i >= text.size() || (byte(i) & 0xc0) != 0x80) return {replacement, i};
    value = value << 6 | (byte(i) & 0x3f);
    // The second byte tells overlong forms, surrogates and values above U+10FFFF.
    const bool bad_second = i == 1 && ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
                                       (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f));
    if (bad_second) return {replacement, 1};
  }
  return {value, size};
}

}  // namespace

std::int32_t java_hash(std::string_view utf8) noexcept {
  std::uint32_t hash = 0;
  const auto add = [&](std::uint32_t unit) { hash = 31 * hash + unit; };
  while (!utf8.empty()) {
    const auto [value, size] = decode(utf8);
    utf8.remove_prefix(size);
    if (value < 0x10000) {
      add(value);
    } else {
      add(0xd800 + ((value - 0x10000) >> 10));
      add(0xdc00 + ((value - 0x10000) & 0x3ff));
    }
  }
  return static_cast<std::int32_t>(hash);
}

std::int32_t partition_for_id(std::string_view id, std::int32_t partitions) noexcept {
  const std::int32_t hash = java_hash(id);
  const std::int32_t positive = hash == std::numeric_limits<std::int32_t>::min() ? 0 : hash < 0 ? -hash : hash;
  return positive % partitions;
}

}  // namespace leat::record
