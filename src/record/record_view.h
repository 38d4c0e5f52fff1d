#pragma once

#include <leat/bytes.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/types.h"

namespace leat::record {

/// One header of a record. A null value is not an empty one.
struct HeaderView {
  std::string_view key;
  Bytes value;
  friend bool operator==(const HeaderView&, const HeaderView&) = default;
};

/// The headers of a record, decoded one at a time while iterating, from bytes whose structure whoever
/// made the range has checked. A view: valid as long as the record's bytes.
class HeaderRange {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = HeaderView;
    using difference_type = std::ptrdiff_t;
    using pointer = const HeaderView*;
    using reference = const HeaderView&;

    Iterator() noexcept = default;
    Iterator(const std::byte* at, const std::byte* end, std::int32_t left) noexcept
        : at_(at), end_(end), left_(left) {
      if (left_ > 0) read();
    }
    reference operator*() const noexcept { return header_; }
    pointer operator->() const noexcept { return &header_; }
    Iterator& operator++() noexcept {
      if (--left_ > 0) read();
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.left_ == b.left_; }

   private:
    void read() noexcept;

    const std::byte* at_ = nullptr;
    const std::byte* end_ = nullptr;
    std::int32_t left_ = 0;
    HeaderView header_;
  };

  HeaderRange() noexcept = default;
  HeaderRange(const std::byte* begin, const std::byte* end, std::int32_t count) noexcept
      : begin_(begin), end_(end), count_(count) {}

  std::size_t size() const noexcept { return static_cast<std::size_t>(count_); }
  bool empty() const noexcept { return count_ == 0; }
  Iterator begin() const noexcept { return {begin_, end_, count_}; }
  Iterator end() const noexcept { return {}; }
  /// The encoded headers without their count.
  Bytes encoded() const noexcept { return Bytes(begin_, static_cast<std::size_t>(end_ - begin_)); }

 private:
  const std::byte* begin_ = nullptr;
  const std::byte* end_ = nullptr;
  std::int32_t count_ = 0;
};

/// A record as views into the batch (or into the buffer that it was inflated to).
struct RecordView {
  Offset offset = no_offset;
  /// maxTimestamp of the batch when its type is LogAppendTime.
  TimestampMs timestamp = no_timestamp;
  Bytes key;
  Bytes value;
  HeaderRange headers;
};

}  // namespace leat::record
