#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// A read-only view of bytes that may be null. Null is not empty: a record with a null value is a
/// tombstone, one with an empty value is not.
///
/// Owns nothing: the viewed memory must outlive the view. Safe to copy and to share between threads.
class Bytes {
 public:
  /// Null.
  constexpr Bytes() noexcept = default;
  constexpr Bytes(std::nullptr_t) noexcept {}
  /// The bytes of a NUL-terminated string, without the NUL; null for a null pointer.
  Bytes(const char* text) noexcept : Bytes(text ? Bytes(std::string_view(text)) : Bytes()) {}
  Bytes(std::string_view text) noexcept : Bytes(text.data(), text.size()) {}
  Bytes(const std::string& text) noexcept : Bytes(text.data(), text.size()) {}
  constexpr Bytes(std::span<const std::byte> bytes) noexcept
      : data_(bytes.data() ? bytes.data() : no_bytes), size_(bytes.size()) {}
  constexpr Bytes(std::span<std::byte> bytes) noexcept
      : Bytes(std::span<const std::byte>(bytes)) {}
  Bytes(const std::vector<std::byte>& bytes) noexcept : Bytes(bytes.data(), bytes.size()) {}
  /// Never null, whatever `data` is.
  Bytes(const void* data, std::size_t size) noexcept
      : data_(data ? static_cast<const std::byte*>(data) : no_bytes), size_(size) {}

  constexpr const std::byte* data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool is_null() const noexcept { return data_ == nullptr; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr const std::byte* begin() const noexcept { return data_; }
  constexpr const std::byte* end() const noexcept { return data_ + size_; }
  constexpr std::byte operator[](std::size_t index) const noexcept { return data_[index]; }

  /// The same bytes as text; empty for null.
  std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(data_), size_};
  }
  std::string to_string() const { return std::string(text()); }
  constexpr std::span<const std::byte> span() const noexcept { return {data_, size_}; }
  /// Clamped to what is there.
  constexpr Bytes subspan(std::size_t from, std::size_t count = std::size_t(-1)) const noexcept {
    if (from > size_) from = size_;
    if (count > size_ - from) count = size_ - from;
    return Bytes(std::span<const std::byte>(data_ + from, count));
  }

  /// Same bytes; null equals null only.
  friend bool operator==(const Bytes& a, const Bytes& b) noexcept {
    return a.is_null() == b.is_null() && a.size_ == b.size_ &&
           (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.size_) == 0);
  }

 private:
  static constexpr std::byte no_bytes[1] = {};
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace leat
