#pragma once

#include <cstdint>

#include "base/wire.h"
#include "record/record_view.h"

namespace leat::record::detail {

/// A record as encoded, before the batch's base values are added.
struct RawRecord {
  std::int64_t timestamp_delta = 0;
  std::int32_t offset_delta = 0;
  Bytes key;
  Bytes value;
  HeaderRange headers;
};

/// base + delta as Java adds: wrapping.
inline std::int64_t add_wrapping(std::int64_t base, std::int64_t delta) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + static_cast<std::uint64_t>(delta));
}

inline bool take_varint(const std::byte*& at, const std::byte* end, std::int32_t& value) noexcept {
  if (at < end && std::to_integer<unsigned>(*at) < 0x80) [[likely]] {
    value = unzigzag(std::to_integer<std::uint32_t>(*at++));
    return true;
  }
  std::uint64_t raw;
  const std::size_t size = load_uvarint(at, end, raw, 5);
  at += size;
  value = unzigzag(static_cast<std::uint32_t>(raw));
  return size != 0;
}

inline bool take_varlong(const std::byte*& at, const std::byte* end, std::int64_t& value) noexcept {
  std::uint64_t raw;
  const std::size_t size = load_uvarint(at, end, raw, 10);
  at += size;
  value = unzigzag(raw);
  return size != 0;
}

/// A length, -1 for null where that is allowed, and that many bytes.
inline bool take_bytes(const std::byte*& at, const std::byte* end, Bytes& bytes) noexcept {
  std::int32_t length;
  if (!take_varint(at, end, length) || length < -1 || length > end - at) return false;
  if (length < 0) {
    bytes = Bytes();
    return true;
  }
  bytes = Bytes(at, static_cast<std::size_t>(length));
  at += length;
  return true;
}

/// Decodes the record at `at` and moves behind it. Returns nullptr, or what is wrong. Checks everything
/// that HeaderRange relies on.
inline const char* parse_record(const std::byte*& at, const std::byte* area_end, RawRecord& record) noexcept {
  std::int32_t length;
  if (!take_varint(at, area_end, length)) return "cut before a record's end";
  if (length < 1 || length > area_end - at) return "record length out of range";
  const std::byte* const end = at + length;
  ++at;  // attributes: none are defined
  if (!take_varlong(at, end, record.timestamp_delta)) return "bad timestamp delta";
  if (!take_varint(at, end, record.offset_delta)) return "bad offset delta";
  if (!take_bytes(at, end, record.key)) return "bad key length";
  if (!take_bytes(at, end, record.value)) return "bad value length";
  std::int32_t headers;
  if (!take_varint(at, end, headers) || headers < 0) return "bad header count";
  const std::byte* const headers_begin = at;
  for (std::int32_t i = 0; i < headers; ++i) {
    Bytes key, value;
    if (!take_bytes(at, end, key) || key.is_null()) return "bad header key";
    if (!take_bytes(at, end, value)) return "bad header value";
  }
  if (at != end) return "bytes left over inside a record";
  record.headers = HeaderRange(headers_begin, end, headers);
  return nullptr;
}

}  // namespace leat::record::detail
