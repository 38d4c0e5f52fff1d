#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/wire.h"
#include "protocol/encoder.h"
#include "protocol/field_value.h"

namespace leat::protocol {

namespace {

/// Above this size it is cheaper to send a piece more than to copy.
constexpr std::size_t copied_payload_max = 1024;

}  // namespace

Result<void> Encoder::message(const MessageSchema& schema, const void* message, std::int16_t version) {
  const FieldPath path{nullptr, schema.name};
  if (!schema.versions.contains(version))
    return path.error(Errc::unsupported_version, "no version " + std::to_string(version));
  version_ = version;
  flexible_ = schema.flexible.contains(version);
  if (structure(*schema.root, message, path)) return {};
  return std::move(*error_);
}

bool Encoder::structure(const StructSchema& schema, const void* from, const FieldPath& path) {
  for (const FieldSchema& one : schema.fields) {
    const void* value = member(one, from);
    if (!one.versions.contains(version_)) {
      if (!check_absent(one, value, path)) return false;
    } else if (!one.tagged.contains(version_)) {
      if (!field(one, value, path)) return false;
    }
  }
  return !flexible_ || tagged_section(schema, from, path);
}

bool Encoder::check_absent(const FieldSchema& absent, const void* from, const FieldPath& path) {
  if (absent.ignorable || is_default(absent, from)) return true;
  return fail(FieldPath{&path, absent.name}, Errc::unsupported_version,
              "set, but version " + std::to_string(version_) + " has no such field");
}

bool Encoder::tagged_section(const StructSchema& schema, const void* from, const FieldPath& path) {
  const auto is_sent = [&](const FieldSchema& one) {
    return one.tagged.contains(version_) && !is_default(one, member(one, from));
  };
  std::uint32_t count = 0;
  for (const std::uint8_t index : schema.tagged) count += is_sent(schema.fields[index]) ? 1 : 0;
  uvarint(count);
  if (count == 0) return true;
  for (const std::uint8_t index : schema.tagged) {
    const FieldSchema& one = schema.fields[index];
    if (!is_sent(one)) continue;
    uvarint(one.tag);
    const std::size_t start = used_;
    const std::size_t passed_before = passed_.size();
    if (!field(one, member(one, from), path)) return false;
    insert_size(start, passed_before);
  }
  return true;
}

void Encoder::insert_size(std::size_t from, std::size_t passed_before) {
  std::size_t size = used_ - from;
  for (std::size_t i = passed_before; i < passed_.size(); ++i) size += passed_[i].payload.size();
  std::byte prefix[max_varint_size];
  const std::size_t prefix_size = store_uvarint(prefix, size);
  const std::size_t written = used_ - from;
  extend(prefix_size);
  std::byte* const at = buffer_.data() + from;
  std::memmove(at + prefix_size, at, written);
  std::memcpy(at, prefix, prefix_size);
  for (std::size_t i = passed_before; i < passed_.size(); ++i) passed_[i].at += prefix_size;
}

bool Encoder::field(const FieldSchema& field, const void* from, const FieldPath& path) {
  FieldPath here{&path, field.name};
  const bool compact = flexible_ && !field.inflexible;
  if (field.array) return array(field, compact, from, here);
  return value(field, field.optional, field.nullable.contains(version_), compact, from, here);
}

bool Encoder::array(const FieldSchema& field, bool compact, const void* from, FieldPath& path) {
  std::size_t count = 0;
  const auto* element = static_cast<const std::byte*>(field.access->view(from, count));
  if (!element) return null(4, field.nullable.contains(version_), compact, path);
  if (!length(count, 4, compact, path)) return false;
  for (std::size_t i = 0; i < count; ++i, element += field.access->element_size) {
    path.index = static_cast<std::int64_t>(i);
    if (!value(field, false, false, compact, element, path)) return false;
  }
  return true;
}

bool Encoder::value(const FieldSchema& field, bool optional, bool nullable, bool compact, const void* from,
                    const FieldPath& path) {
  switch (field.type) {
    case FieldType::boolean: integer<std::int8_t>(*static_cast<const bool*>(from) ? 1 : 0); return true;
    case FieldType::int8: integer(*static_cast<const std::int8_t*>(from)); return true;
    case FieldType::int16: integer(*static_cast<const std::int16_t*>(from)); return true;
    case FieldType::int32: integer(*static_cast<const std::int32_t*>(from)); return true;
    case FieldType::int64: integer(*static_cast<const std::int64_t*>(from)); return true;
    case FieldType::uint16: integer(*static_cast<const std::uint16_t*>(from)); return true;
    case FieldType::uint32: integer(*static_cast<const std::uint32_t*>(from)); return true;
    case FieldType::float64:
      integer(std::bit_cast<std::uint64_t>(*static_cast<const double*>(from)));
      return true;
    case FieldType::uuid: {
      const auto& id = static_cast<const Uuid*>(from)->bytes;
      bytes(id.data(), id.size());
      return true;
    }
    case FieldType::string: return string(text_of(optional, from), nullable, compact, path);
    case FieldType::bytes:
    case FieldType::records: return payload(*static_cast<const Payload*>(from), nullable, compact, path);
    case FieldType::structure: return nested(field, optional, nullable, from, path);
  }
  return fail(path, Errc::invalid_argument, "unknown type");
}

bool Encoder::string(const std::string* text, bool nullable, bool compact, const FieldPath& path) {
  if (!text) return null(2, nullable, compact, path);
  if (text->size() > string_size_max) return fail(path, Errc::invalid_argument, "string too long");
  if (!length(text->size(), 2, compact, path)) return false;
  bytes(text->data(), text->size());
  return true;
}

bool Encoder::payload(const Payload& payload, bool nullable, bool compact, const FieldPath& path) {
  if (payload.is_null()) return null(4, nullable, compact, path);
  const std::size_t size = payload.size();
  if (!length(size, 4, compact, path)) return false;
  if (payload.is_in_files() || size > copied_payload_max)
    passed_.push_back({used_, payload});
  else
    bytes(payload.memory().data(), size);
  return true;
}

bool Encoder::nested(const FieldSchema& field, bool optional, bool nullable, const void* from,
                     const FieldPath& path) {
  std::size_t count = 0;
  const void* structure_at = optional ? field.access->view(from, count) : from;
  if (!structure_at && !nullable) return fail(path, Errc::invalid_argument, "null");
  if (nullable) integer<std::int8_t>(structure_at ? 1 : -1);
  return !structure_at || structure(*field.structure, structure_at, path);
}

bool Encoder::null(std::size_t prefix_size, bool nullable, bool compact, const FieldPath& path) {
  if (!nullable) return fail(path, Errc::invalid_argument, "null");
  if (compact)
    uvarint(0);
  else if (prefix_size == 2)
    integer<std::int16_t>(-1);
  else
    integer<std::int32_t>(-1);
  return true;
}

bool Encoder::length(std::size_t length, std::size_t prefix_size, bool compact, const FieldPath& path) {
  if (length >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    return fail(path, Errc::invalid_argument, "too long");
  if (compact)
    uvarint(length + 1);
  else if (prefix_size == 2)
    integer(static_cast<std::int16_t>(length));
  else
    integer(static_cast<std::int32_t>(length));
  return true;
}

void Encoder::uvarint(std::uint64_t value) {
  std::byte encoded[max_varint_size];
  bytes(encoded, store_uvarint(encoded, value));
}

void Encoder::bytes(const void* from, std::size_t size) {
  if (size > 0) std::memcpy(extend(size), from, size);
}

std::byte* Encoder::extend(std::size_t size) {
  if (buffer_.size() - used_ < size) buffer_.resize(std::max(2 * buffer_.size(), used_ + size));
  std::byte* const at = buffer_.data() + used_;
  used_ += size;
  return at;
}

template <class T>
void Encoder::integer(T value) {
  store_be(extend(sizeof value), value);
}

bool Encoder::fail(const FieldPath& path, Errc code, std::string_view what) {
  error_ = path.error(code, what);
  return false;
}

Encoded Encoder::finish() && {
  buffer_.resize(used_);
  const auto buffer = std::make_shared<const std::vector<std::byte>>(std::move(buffer_));
  Encoded encoded;
  std::size_t from = 0;
  const auto add_buffer = [&](std::size_t to) {
    if (to > from) encoded.pieces.emplace_back(Bytes(buffer->data() + from, to - from), buffer);
    from = to;
  };
  for (Passed& passed : passed_) {
    add_buffer(passed.at);
    encoded.pieces.push_back(std::move(passed.payload));
  }
  add_buffer(buffer->size());
  for (const Payload& piece : encoded.pieces) encoded.size += piece.size();
  return encoded;
}

Result<Encoded> Encoder::finish_frame() && {
  std::size_t size = used_ - sizeof(std::int32_t);
  for (const Passed& passed : passed_) size += passed.payload.size();
  if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    return Error{Errc::message_too_large, "frame of " + std::to_string(size) + " bytes"};
  store_be(buffer_.data(), static_cast<std::int32_t>(size));
  return std::move(*this).finish();
}

void Encoder::begin_frame() { integer<std::int32_t>(0); }

Result<Encoded> encode(const MessageSchema& schema, const void* message, std::int16_t version) {
  Encoder encoder;
  if (auto done = encoder.message(schema, message, version); !done) return std::move(done).error();
  return std::move(encoder).finish();
}

}  // namespace leat::protocol
