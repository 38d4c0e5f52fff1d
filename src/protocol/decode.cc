#include <algorithm>
#include <bit>

#include "base/wire.h"
#include "protocol/decoder.h"
#include "protocol/field_value.h"
#include "protocol/message.h"

namespace leat::protocol {

Result<void> Decoder::message(const MessageSchema& schema, void* message, std::int16_t version) {
  const FieldPath path{nullptr, schema.name};
  if (!schema.versions.contains(version))
    return path.error(Errc::unsupported_version, "no version " + std::to_string(version));
  version_ = version;
  flexible_ = schema.flexible.contains(version);
  if (structure(*schema.root, message, path)) return {};
  return std::move(*error_);
}

bool Decoder::structure(const StructSchema& schema, void* into, const FieldPath& path) {
  for (const FieldSchema& one : schema.fields) {
    if (!one.versions.contains(version_) || one.tagged.contains(version_)) continue;
    if (!field(one, member(one, into), path)) return false;
  }
  return !flexible_ || tagged_section(schema, into, path);
}

bool Decoder::tagged_section(const StructSchema& schema, void* into, const FieldPath& path) {
  std::uint32_t count = 0;
  if (!uvarint(count, path)) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t tag = 0;
    std::uint32_t size = 0;
    if (!uvarint(tag, path) || !uvarint(size, path) || !need(size, path)) return false;
    const auto found = std::ranges::find_if(schema.tagged, [&](std::uint8_t index) {
      return schema.fields[index].tag == tag && schema.fields[index].tagged.contains(version_);
    });
    if (found == schema.tagged.end())
      at_ += size;
    else if (!tagged_field(schema.fields[*found], size, into, path))
      return false;
  }
  return true;
}

bool Decoder::tagged_field(const FieldSchema& tagged, std::size_t size, void* into, const FieldPath& path) {
  const std::byte* const outer_end = end_;
  end_ = at_ + size;
  if (!field(tagged, member(tagged, into), path)) return false;
  if (at_ != end_) return fail(FieldPath{&path, tagged.name}, "shorter than its tagged size");
  end_ = outer_end;
  return true;
}

bool Decoder::field(const FieldSchema& field, void* into, const FieldPath& path) {
  FieldPath here{&path, field.name};
  const bool compact = flexible_ && !field.inflexible;
  if (field.array) return array(field, compact, into, here);
  return value(field, field.optional, field.nullable.contains(version_), compact, into, here);
}

bool Decoder::array(const FieldSchema& field, bool compact, void* into, FieldPath& path) {
  std::int64_t count = 0;
  if (!length(compact, 4, field.nullable.contains(version_), count, path)) return false;
  if (count < 0) {
    field.access->set_null(into);
    return true;
  }
  // So that a count alone cannot make us take memory.
  if (static_cast<std::size_t>(count) > remaining() / field.element_size_min)
    return fail(path, "cut: " + std::to_string(count) + " elements do not fit");
  if (!charge(static_cast<std::size_t>(count), field.access->element_size, path)) return false;
  auto* element = static_cast<std::byte*>(field.access->make(into, static_cast<std::size_t>(count)));
  for (path.index = 0; path.index < count; ++path.index, element += field.access->element_size)
    if (!value(field, false, false, compact, element, path)) return false;
  return true;
}

template <class T>
bool Decoder::integer(void* into, const FieldPath& path) {
  if (!need(sizeof(T), path)) return false;
  *static_cast<T*>(into) = load_be<T>(at_);
  at_ += sizeof(T);
  return true;
}

bool Decoder::value(const FieldSchema& field, bool optional, bool nullable, bool compact, void* into,
                    const FieldPath& path) {
  switch (field.type) {
    case FieldType::boolean: {
      std::int8_t byte = 0;
      if (!integer<std::int8_t>(&byte, path)) return false;
      *static_cast<bool*>(into) = byte != 0;
      return true;
    }
    case FieldType::int8: return integer<std::int8_t>(into, path);
    case FieldType::int16: return integer<std::int16_t>(into, path);
    case FieldType::int32: return integer<std::int32_t>(into, path);
    case FieldType::int64: return integer<std::int64_t>(into, path);
    case FieldType::uint16: return integer<std::uint16_t>(into, path);
    case FieldType::uint32: return integer<std::uint32_t>(into, path);
    case FieldType::float64: {
      std::uint64_t bits = 0;
      if (!integer<std::uint64_t>(&bits, path)) return false;
      *static_cast<double*>(into) = std::bit_cast<double>(bits);
      return true;
    }
    case FieldType::uuid: {
      auto& bytes = static_cast<Uuid*>(into)->bytes;
      if (!need(bytes.size(), path)) return false;
      std::copy_n(at_, bytes.size(), bytes.begin());
      at_ += bytes.size();
      return true;
    }
    case FieldType::string: return string(optional, nullable, compact, into, path);
    case FieldType::bytes:
    case FieldType::records: return payload(nullable, compact, *static_cast<Payload*>(into), path);
    case FieldType::structure: return nested(field, optional, nullable, into, path);
  }
  return fail(path, "unknown type");
}

bool Decoder::string(bool optional, bool nullable, bool compact, void* into, const FieldPath& path) {
  std::int64_t size = 0;
  if (!length(compact, 2, nullable, size, path)) return false;
  if (size < 0) {
    static_cast<std::optional<std::string>*>(into)->reset();
    return true;
  }
  if (size > static_cast<std::int64_t>(string_size_max)) return fail(path, "string too long");
  if (!need(static_cast<std::size_t>(size), path)) return false;
  if (size >= static_cast<std::int64_t>(sizeof(std::string)) && !charge(1, static_cast<std::size_t>(size), path))
    return false;
  const std::string_view text(reinterpret_cast<const char*>(at_), static_cast<std::size_t>(size));
  at_ += size;
  if (optional)
    static_cast<std::optional<std::string>*>(into)->emplace(text);
  else
    static_cast<std::string*>(into)->assign(text);
  return true;
}

bool Decoder::payload(bool nullable, bool compact, Payload& into, const FieldPath& path) {
  std::int64_t size = 0;
  if (!length(compact, 4, nullable, size, path)) return false;
  if (size < 0) {
    into = Payload();
    return true;
  }
  if (!need(static_cast<std::size_t>(size), path)) return false;
  into = Payload(Bytes(at_, static_cast<std::size_t>(size)), owner_);
  at_ += size;
  return true;
}

bool Decoder::nested(const FieldSchema& field, bool optional, bool nullable, void* into,
                     const FieldPath& path) {
  if (nullable) {
    std::int8_t present = 0;
    if (!integer<std::int8_t>(&present, path)) return false;
    if (present < 0) {
      field.access->set_null(into);
      return true;
    }
  }
  return structure(*field.structure, optional ? field.access->make(into, 1) : into, path);
}

bool Decoder::length(bool compact, std::size_t prefix_size, bool nullable, std::int64_t& out,
                     const FieldPath& path) {
  if (compact) {
    std::uint32_t plus_one = 0;
    if (!uvarint(plus_one, path)) return false;
    out = static_cast<std::int64_t>(plus_one) - 1;
  } else {
    if (!need(prefix_size, path)) return false;
    out = prefix_size == 2 ? load_be<std::int16_t>(at_) : load_be<std::int32_t>(at_);
    at_ += prefix_size;
  }
  if (out < -1) return fail(path, "negative length");
  return out >= 0 || nullable || fail(path, "null");
}

bool Decoder::charge(std::size_t count, std::size_t size, const FieldPath& path) {
  // Both come from one frame and one struct, so the product is far from overflowing.
  const std::size_t memory = count * size;
  if (memory > memory_left_) return fail(path, "too much memory for a message of its size");
  memory_left_ -= memory;
  return true;
}

bool Decoder::uvarint(std::uint32_t& out, const FieldPath& path) {
  std::uint64_t wide = 0;
  const std::size_t size = load_uvarint(at_, end_, wide, 5);
  if (size == 0) return fail(path, remaining() < 5 ? "cut" : "varint too long");
  if (wide > UINT32_MAX) return fail(path, "varint too large");
  at_ += size;
  out = static_cast<std::uint32_t>(wide);
  return true;
}

bool Decoder::fail(const FieldPath& path, std::string_view what) {
  error_ = path.error(Errc::corrupt, what);
  return false;
}

Result<void> decode(const MessageSchema& schema, void* message, std::int16_t version, Bytes in,
                    std::shared_ptr<const void> owner) {
  Decoder decoder(in, std::move(owner));
  if (auto done = decoder.message(schema, message, version); !done) return done;
  if (decoder.remaining() == 0) return {};
  return FieldPath{nullptr, schema.name}.error(
      Errc::corrupt, std::to_string(decoder.remaining()) + " bytes left over");
}

}  // namespace leat::protocol
