#include "base/uuid.h"

#include <cstdint>
#include <cstring>

namespace leat {
namespace {
constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return -1;
}

/// The first 100 values are reserved for internal use (files.md 3).
bool is_reserved(const Uuid& id) {
  for (int i = 0; i < 15; ++i)
    if (id.bytes[i] != std::byte{0}) return false;
  return id.bytes[15] < std::byte{100};
}
}  // namespace

std::string Uuid::to_string() const {
  std::string text;
  text.reserve(22);
  std::uint32_t bits = 0;
  int held = 0;
  for (std::byte b : bytes) {
    bits = bits << 8 | std::to_integer<std::uint32_t>(b);
    for (held += 8; held >= 6; held -= 6) text += alphabet[bits >> (held - 6) & 63];
  }
  return text += alphabet[bits << (6 - held) & 63];
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() == 24 && text.substr(22) == "==") text.remove_suffix(2);
  if (text.size() != 22) return std::nullopt;
  Uuid id;
  std::uint32_t bits = 0;
  int held = 0;
  std::size_t at = 0;
  for (char c : text) {
    const int value = digit(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if ((held += 6) >= 8 && at < 16) {
      held -= 8;
      id.bytes[at++] = static_cast<std::byte>(bits >> held);
    }
  }
  return id;
}

Uuid Uuid::random(Entropy& entropy) {
  for (;;) {
    Uuid id;
    const std::uint64_t words[2] = {entropy.next(), entropy.next()};
    std::memcpy(id.bytes.data(), words, 16);
    id.bytes[6] = (id.bytes[6] & std::byte{0x0f}) | std::byte{0x40};
    id.bytes[8] = (id.bytes[8] & std::byte{0x3f}) | std::byte{0x80};
    if (!is_reserved(id) && id.to_string().front() != '-') return id;
  }
}

Uuid Uuid::metadata_topic() {
  Uuid id;
  id.bytes[15] = std::byte{1};
  return id;
}

std::size_t UuidHash::operator()(const Uuid& id) const noexcept {
  std::uint64_t words[2];
  std::memcpy(words, id.bytes.data(), 16);
  return words[0] ^ words[1] * 0x9e3779b97f4a7c15u;
}

}  // namespace leat
