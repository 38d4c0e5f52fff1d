#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace leat::protocol {

/// What the build makes of src/protocol/schema: constant tables that describe every message, from which
/// one interpreter encodes, decodes and prints any of them at any version.

enum class FieldType : std::uint8_t {
  boolean, int8, int16, int32, int64, uint16, uint32, float64, uuid, string, bytes, records, structure
};

/// Both ends included; empty when low > high.
struct VersionRange {
  std::int16_t low = 0;
  std::int16_t high = -1;

  constexpr bool contains(int version) const { return low <= version && version <= high; }
  constexpr bool empty() const { return low > high; }
  friend constexpr bool operator==(const VersionRange&, const VersionRange&) = default;
};

struct FieldSchema;

struct StructSchema {
  std::string_view name;
  std::span<const FieldSchema> fields;  ///< in wire order
  std::span<const std::uint8_t> tagged; ///< indexes of the fields that have a tag, in rising order of tags
};

/// How to reach what a vector, or an optional around a vector or a struct, holds without knowing its type.
struct HolderAccess {
  std::size_t element_size;
  /// The first element and the number of them; nullptr for null.
  const void* (*view)(const void* holder, std::size_t& count);
  /// Replaces what is held by `count` default-made elements (1 for a struct); the first of them.
  void* (*make)(void* holder, std::size_t count);
  /// Only for an optional.
  void (*set_null)(void* holder);
};

struct FieldSchema {
  std::string_view name;  ///< Kafka's, PascalCase
  FieldType type;
  bool array = false;
  bool optional = false;         ///< held in a std::optional
  bool ignorable = false;        ///< dropped silently where the version lacks it
  bool inflexible = false;       ///< keeps the old encoding in flexible versions (the header's client id)
  bool null_by_default = false;
  std::uint8_t tag = 0;
  std::uint16_t element_size_min = 0;  ///< least bytes an array element takes on the wire
  std::uint32_t offset = 0;            ///< in its struct
  VersionRange versions;
  VersionRange nullable;
  VersionRange tagged;
  std::int64_t fallback = 0;  ///< the default of numbers and booleans
  const StructSchema* structure = nullptr;
  const HolderAccess* access = nullptr;  ///< for arrays and optional structs
};

enum class MessageKind : std::uint8_t {
  request, response, header, data, metadata_record, coordinator_key, coordinator_value
};

/// The log that a record type belongs to; each counts its record types from 0.
enum class RecordLog : std::uint8_t {
  none, cluster_metadata, consumer_offsets, transaction_state, share_group_state, remote_log_metadata
};

/// Where a request is served; bits.
enum class ListenerKind : std::uint8_t { broker = 1, controller = 2 };

struct MessageSchema {
  std::string_view name;
  MessageKind kind;
  std::int16_t id = -1;  ///< the api key, or the record type within `log`; -1 for neither
  RecordLog log = RecordLog::none;
  VersionRange versions;
  VersionRange flexible;
  bool latest_unstable = false;  ///< requests: the last version is not offered by default
  std::uint8_t listeners = 0;    ///< requests: ListenerKind bits
  const StructSchema* root = nullptr;
  void* (*make)() = nullptr;
  void (*destroy)(void*) = nullptr;

  bool served_on(ListenerKind listener) const {
    return (listeners & static_cast<std::uint8_t>(listener)) != 0;
  }
};

}  // namespace leat::protocol
