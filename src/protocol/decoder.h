#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <memory>
#include <optional>

#include "base/payload.h"
#include "protocol/field_path.h"
#include "protocol/schema.h"

namespace leat::protocol {

/// Reads one message from the front of some bytes. Functions give false once something is wrong; the
/// first trouble is kept as the error.
class Decoder {
 public:
  Decoder(Bytes in, std::shared_ptr<const void> owner)
      : begin_(in.data()),
        at_(in.data()),
        end_(in.data() + in.size()),
        memory_left_(decoded_free + decoded_per_byte * in.size()),
        owner_(std::move(owner)) {}

  /// What a message may take in memory: arrays of tiny elements would otherwise be dozens of times their wire size.
  /// Messages of real clients stay below six times.
  static constexpr std::size_t decoded_free = std::size_t{1} << 20;
  static constexpr std::size_t decoded_per_byte = 8;

  /// `message` must be default-made.
  Result<void> message(const MessageSchema& schema, void* message, std::int16_t version);
  std::size_t consumed() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }

 private:
  bool structure(const StructSchema& schema, void* into, const FieldPath& path);
  bool tagged_section(const StructSchema& schema, void* into, const FieldPath& path);
  bool tagged_field(const FieldSchema& field, std::size_t size, void* into, const FieldPath& path);
  bool field(const FieldSchema& field, void* into, const FieldPath& path);
  bool array(const FieldSchema& field, bool compact, void* into, FieldPath& path);
  bool value(const FieldSchema& field, bool optional, bool nullable, bool compact, void* into,
             const FieldPath& path);
  bool string(bool optional, bool nullable, bool compact, void* into, const FieldPath& path);
  bool payload(bool nullable, bool compact, Payload& into, const FieldPath& path);
  bool nested(const FieldSchema& field, bool optional, bool nullable, void* into, const FieldPath& path);
  template <class T>
  bool integer(void* into, const FieldPath& path);

  /// Counts what is about to be held.
  bool charge(std::size_t count, std::size_t size, const FieldPath& path);
  /// A length or count of `prefix_size` bytes, or compact; -1 for null, which `nullable` must allow.
  bool length(bool compact, std::size_t prefix_size, bool nullable, std::int64_t& out, const FieldPath& path);
  bool uvarint(std::uint32_t& out, const FieldPath& path);
  bool fail(const FieldPath& path, std::string_view what);
  bool need(std::size_t size, const FieldPath& path) {
    return remaining() >= size || fail(path, "cut");
  }

  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
  std::size_t memory_left_;
  std::shared_ptr<const void> owner_;
  std::int16_t version_ = 0;
  bool flexible_ = false;
  std::optional<Error> error_;
};

}  // namespace leat::protocol
