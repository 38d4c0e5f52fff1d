#pragma once

#include <leat/bytes.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/wire.h"

namespace leat::fuzz {

/// Takes a fuzzer's input apart; what is missing reads as zero or as empty. seeds.py writes the same.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const std::byte*>(data), size) {}

  template <class T>
  T number() {
    std::byte bytes[sizeof(T)] = {};
    const std::size_t size = std::min(sizeof(T), rest_.size());
    if (size > 0) std::memcpy(bytes, rest_.data(), size);
    rest_ = rest_.subspan(size);
    return load_be<T>(bytes);
  }
  /// A part of its own, led by its size in two bytes. In memory of exactly its size, so that a sanitizer sees over-reads.
  std::vector<std::byte> part() {
    const std::size_t size = std::min<std::size_t>(number<std::uint16_t>(), rest_.size());
    return take(size);
  }
  std::vector<std::byte> rest() { return take(rest_.size()); }
  bool empty() const { return rest_.empty(); }

 private:
  std::vector<std::byte> take(std::size_t size) {
    std::vector<std::byte> bytes(rest_.data(), rest_.data() + size);
    rest_ = rest_.subspan(size);
    return bytes;
  }
  Bytes rest_;
};

/// What must hold for any input.
inline void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken rule: %s\n", rule);
  std::abort();
}

}  // namespace leat::fuzz
