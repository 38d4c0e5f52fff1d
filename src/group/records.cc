#include "group/records.h"

#include <memory>

#include "base/errors.h"
#include "base/types.h"
#include "base/wire.h"
#include "protocol/schema.h"

namespace leat::group {
namespace {

constexpr std::int16_t legacy_offset_key = 0;
constexpr std::int16_t offset_key = 1;
constexpr std::int16_t group_key = 2;

constexpr std::int16_t offset_value = 4;
/// The only version that has a place for an expiry of its own.
constexpr std::int16_t offset_value_with_expiry = 1;
constexpr std::int16_t group_value = 3;

template <protocol::Message T>
Result<std::vector<std::byte>> framed(const T& message, std::int16_t version, std::int16_t schema_version) {
  std::vector<std::byte> out(sizeof(std::int16_t));
  store_be<std::int16_t>(out.data(), version);
  LEAT_TRY(const auto body, protocol::encode_flat(message, schema_version));
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

/// A record's value, whose bytes fields then own what they show.
template <protocol::Message T>
Result<std::optional<T>> value_of(Bytes value) {
  if (value.is_null()) return std::optional<T>();
  if (value.size() < sizeof(std::int16_t)) return Error{Errc::corrupt_message, "a value without a version"};
  const auto version = load_be<std::int16_t>(value.data());
  if (!T::schema().versions.contains(version))
    return Error{Errc::corrupt_message, std::string(T::schema().name) + ": unknown version " + std::to_string(version)};
  const Bytes body = value.subspan(sizeof(std::int16_t));
  auto copy = std::make_shared<const std::vector<std::byte>>(body.begin(), body.end());
  auto message = protocol::decode<T>(Bytes(*copy), version, copy);
  if (!message) return Error{Errc::corrupt_message, std::string(T::schema().name) + ": " + message.error().context};
  return std::optional<T>(std::move(*message));
}

/// A record's key, whose version is its kind; what lies in it is of version 0.
template <protocol::Message T>
Result<T> key_of(Bytes key) {
  auto message = protocol::decode<T>(key.subspan(sizeof(std::int16_t)), 0);
  if (!message) return Error{Errc::corrupt_message, std::string(T::schema().name) + ": " + message.error().context};
  return message;
}

Result<EncodedRecord> encode_one(const OffsetRecord& record) {
  EncodedRecord out;
  LEAT_TRY(out.key, framed(record.key, offset_key, 0));
  if (!record.value) return out;
  const std::int16_t version = record.value->expire_timestamp != no_timestamp ? offset_value_with_expiry : offset_value;
  LEAT_TRY(out.value, framed(*record.value, version, version));
  return out;
}

Result<EncodedRecord> encode_one(const GroupRecord& record) {
  EncodedRecord out;
  LEAT_TRY(out.key, framed(record.key, group_key, 0));
  if (!record.value) return out;
  LEAT_TRY(out.value, framed(*record.value, group_value, group_value));
  return out;
}

Result<OffsetRecord> decode_legacy_offset(Bytes key, Bytes value) {
  LEAT_TRY(auto legacy, key_of<protocol::LegacyOffsetCommitKey>(key));
  OffsetRecord record;
  record.key.group = std::move(legacy.group);
  record.key.topic = std::move(legacy.topic);
  record.key.partition = legacy.partition;
  LEAT_TRY(record.value, value_of<protocol::OffsetCommitValue>(value));
  return record;
}

}  // namespace

Result<EncodedRecord> encode(const Record& record) {
  return std::visit([](const auto& one) { return encode_one(one); }, record);
}

Result<std::optional<Record>> decode(Bytes key, Bytes value) {
  if (key.is_null() || key.size() < sizeof(std::int16_t))
    return Error{Errc::corrupt_message, "a record without a key that says what it is"};
  switch (load_be<std::int16_t>(key.data())) {
    case legacy_offset_key: {
      LEAT_TRY(auto record, decode_legacy_offset(key, value));
      return std::optional<Record>(std::move(record));
    }
    case offset_key: {
      OffsetRecord record;
      LEAT_TRY(record.key, key_of<protocol::OffsetCommitKey>(key));
      LEAT_TRY(record.value, value_of<protocol::OffsetCommitValue>(value));
      return std::optional<Record>(std::move(record));
    }
    case group_key: {
      GroupRecord record;
      LEAT_TRY(record.key, key_of<protocol::GroupMetadataKey>(key));
      LEAT_TRY(record.value, value_of<protocol::GroupMetadataValue>(value));
      return std::optional<Record>(std::move(record));
    }
    default: return std::optional<Record>();
  }
}

}  // namespace leat::group
