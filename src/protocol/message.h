#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/payload.h"

namespace leat::protocol {

struct MessageSchema;  // protocol/schema.h: the field table that the one interpreter works from

/// A message type made from src/protocol/schema: a plain struct of the fields of all versions.
///
/// Naming, for `Foo: request key=1 valid=4-18`, field `TopicId: uuid`, struct `FetchTopic`:
///   struct FooRequest { static const MessageSchema& schema(); struct FetchTopic {...}; Uuid topic_id; };
/// Types: bool, std::int8_t..int64_t, uint16/32, double; string -> std::string, nullable string ->
/// std::optional<std::string>; uuid -> Uuid; bytes and records -> Payload; []T -> std::vector<T>,
/// nullable -> std::optional<std::vector<T>>; nullable struct -> std::optional<Struct>. Members start
/// with the schema's defaults. Each is declared in protocol/messages/<family>.h.
template <class T>
concept Message = requires {
  { T::schema() } -> std::same_as<const MessageSchema&>;
};

/// Any one message, owned.
class AnyMessage {
 public:
  AnyMessage() = default;
  template <Message T>
  AnyMessage(T message)
      : schema_(&T::schema()), body_(new T(std::move(message)), [](void* p) { delete static_cast<T*>(p); }) {}
  /// A default-made message of that schema.
  static AnyMessage make(const MessageSchema& schema);

  bool empty() const { return body_ == nullptr; }
  const MessageSchema& schema() const { return *schema_; }
  template <Message T>
  T* get_if() {
    return schema_ == &T::schema() ? static_cast<T*>(body_.get()) : nullptr;
  }
  template <Message T>
  const T* get_if() const {
    return const_cast<AnyMessage*>(this)->get_if<T>();
  }
  void* raw() { return body_.get(); }
  const void* raw() const { return body_.get(); }

 private:
  AnyMessage(const MessageSchema* schema, void* body, void (*destroy)(void*)) : schema_(schema), body_(body, destroy) {}
  const MessageSchema* schema_ = nullptr;
  std::unique_ptr<void, void (*)(void*)> body_{nullptr, [](void*) {}};
};

/// What an encoded message is made of, in order: bytes in memory, and file slices that were in it.
struct Encoded {
  std::vector<Payload> pieces;
  std::size_t size = 0;
  /// All in one buffer; reads the file slices.
  Result<std::vector<std::byte>> flatten() const;
};

/// Encodes the body (no header) at `version`. A payload of more than 1 KiB, or one in files, is passed
/// on as a piece of its own instead of being copied. Errors: the version is not valid; a field is set
/// that this version lacks and that is not ignorable; a null where the version allows none; too long.
Result<Encoded> encode(const MessageSchema& schema, const void* message, std::int16_t version);
/// Decodes the body into a default-made message. Total: any bytes give a message or an error with the field's path.
/// Memory taken is at most 1 MiB and 8 times the input's size: a message that needs more is refused before it is taken.
/// Payload fields view `in`; `owner` keeps it alive. Bytes left over are an error.
Result<void> decode(const MessageSchema& schema, void* message, std::int16_t version, Bytes in,
                    std::shared_ptr<const void> owner = {});
/// JSON with the field names of Kafka's schemas (lower camel case), base64 bytes, base64url uuids; only
/// the fields that exist at `version`.
std::string to_json(const MessageSchema& schema, const void* message, std::int16_t version);

/// The reverse, into a default-made message; a field that is not there keeps its default. Errors: no JSON; a
/// name that is no field at `version`; a value that is not of the field's type.
Result<void> from_json(const MessageSchema& schema, void* message, std::int16_t version, std::string_view text);

template <Message T>
Result<Encoded> encode(const T& message, std::int16_t version) {
  return encode(T::schema(), &message, version);
}
template <Message T>
Result<std::vector<std::byte>> encode_flat(const T& message, std::int16_t version) {
  auto encoded = encode(message, version);
  if (!encoded) return std::move(encoded).error();
  return encoded->flatten();
}
template <Message T>
Result<T> decode(Bytes in, std::int16_t version, std::shared_ptr<const void> owner = {}) {
  T message;
  if (auto ok = decode(T::schema(), &message, version, in, std::move(owner)); !ok)
    return std::move(ok).error();
  return message;
}
template <Message T>
std::string to_json(const T& message, std::int16_t version) {
  return to_json(T::schema(), &message, version);
}
template <Message T>
Result<T> from_json(std::string_view text, std::int16_t version) {
  T message;
  if (auto ok = from_json(T::schema(), &message, version, text); !ok) return std::move(ok).error();
  return message;
}

}  // namespace leat::protocol
