#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace leat::cli {

/// Values that a codec finds as hard as text: random capital letters, another stretch of them for each record.
class BenchValues {
 public:
  explicit BenchValues(std::size_t size) : size_(size), letters_(size + variety, 'A') {
    for (char& letter : letters_) letter = static_cast<char>('A' + next() % 26);
  }
  /// Valid as long as this is.
  std::string_view make() { return std::string_view(letters_).substr(next() % variety, size_); }

 private:
  static constexpr std::size_t variety = 1 << 20;
  std::uint64_t next() {  // xorshift64
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    return state_ ^= state_ << 17;
  }

  const std::size_t size_;
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
  std::string letters_;
};

}  // namespace leat::cli
