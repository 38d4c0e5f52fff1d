#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/payload.h"
#include "base/uuid.h"
#include "protocol/schema.h"

namespace leat::protocol {

inline constexpr std::size_t string_size_max = 32767;

/// Types whose values load_integer and store_integer handle: boolean up to uint32.
constexpr bool is_integer(FieldType type) { return type <= FieldType::uint32; }

inline std::int64_t load_integer(FieldType type, const void* from) {
  switch (type) {
    case FieldType::boolean: return *static_cast<const bool*>(from) ? 1 : 0;
    case FieldType::int8: return *static_cast<const std::int8_t*>(from);
    case FieldType::int16: return *static_cast<const std::int16_t*>(from);
    case FieldType::int32: return *static_cast<const std::int32_t*>(from);
    case FieldType::int64: return *static_cast<const std::int64_t*>(from);
    case FieldType::uint16: return *static_cast<const std::uint16_t*>(from);
    case FieldType::uint32: return *static_cast<const std::uint32_t*>(from);
    default: return 0;
  }
}

/// The caller has checked that the value fits.
inline void store_integer(FieldType type, void* to, std::int64_t value) {
  switch (type) {
    case FieldType::boolean: *static_cast<bool*>(to) = value != 0; break;
    case FieldType::int8: *static_cast<std::int8_t*>(to) = static_cast<std::int8_t>(value); break;
    case FieldType::int16: *static_cast<std::int16_t*>(to) = static_cast<std::int16_t>(value); break;
    case FieldType::int32: *static_cast<std::int32_t*>(to) = static_cast<std::int32_t>(value); break;
    case FieldType::int64: *static_cast<std::int64_t*>(to) = value; break;
    case FieldType::uint16: *static_cast<std::uint16_t*>(to) = static_cast<std::uint16_t>(value); break;
    case FieldType::uint32: *static_cast<std::uint32_t*>(to) = static_cast<std::uint32_t>(value); break;
    default: break;
  }
}

inline const void* member(const FieldSchema& field, const void* structure) {
  return static_cast<const std::byte*>(structure) + field.offset;
}
inline void* member(const FieldSchema& field, void* structure) {
  return static_cast<std::byte*>(structure) + field.offset;
}

/// The text of a string field or element; nullptr for null.
inline const std::string* text_of(bool optional, const void* value) {
  if (!optional) return static_cast<const std::string*>(value);
  const auto& held = *static_cast<const std::optional<std::string>*>(value);
  return held ? &*held : nullptr;
}

/// Whether a field has the value that a version without it would give it.
bool is_default(const FieldSchema& field, const void* value);

}  // namespace leat::protocol
