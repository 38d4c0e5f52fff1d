#pragma once

#include <leat/result.h>

#include <optional>
#include <vector>

#include "protocol/field_path.h"
#include "protocol/message.h"
#include "protocol/schema.h"

namespace leat::protocol {

/// Writes messages one behind the other into a buffer, and remembers where payloads that are passed on
/// uncopied belong. Functions give false once something is wrong; the first trouble is kept as the error.
class Encoder {
 public:
  Result<void> message(const MessageSchema& schema, const void* message, std::int16_t version);
  Encoded finish() &&;
  /// Leaves room for the int32 that says how long the frame is. The first of all calls.
  void begin_frame();
  /// Fills that in. Refuses what an int32 cannot count.
  Result<Encoded> finish_frame() &&;

 private:
  /// A payload that comes before the byte `at` of the buffer.
  struct Passed {
    std::size_t at;
    Payload payload;
  };

  bool structure(const StructSchema& schema, const void* from, const FieldPath& path);
  bool check_absent(const FieldSchema& field, const void* from, const FieldPath& path);
  bool tagged_section(const StructSchema& schema, const void* from, const FieldPath& path);
  bool field(const FieldSchema& field, const void* from, const FieldPath& path);
  bool array(const FieldSchema& field, bool compact, const void* from, FieldPath& path);
  bool value(const FieldSchema& field, bool optional, bool nullable, bool compact, const void* from,
             const FieldPath& path);
  bool string(const std::string* text, bool nullable, bool compact, const FieldPath& path);
  bool payload(const Payload& payload, bool nullable, bool compact, const FieldPath& path);
  bool nested(const FieldSchema& field, bool optional, bool nullable, const void* from, const FieldPath& path);

  bool null(std::size_t prefix_size, bool nullable, bool compact, const FieldPath& path);
  bool length(std::size_t length, std::size_t prefix_size, bool compact, const FieldPath& path);
  void uvarint(std::uint64_t value);
  void bytes(const void* from, std::size_t size);
  /// Room for that many bytes more, to be filled in before anything else is written.
  std::byte* extend(std::size_t size);
  template <class T>
  void integer(T value);
  /// Puts the size of everything from `from` on in front of it.
  void insert_size(std::size_t from, std::size_t passed_before);
  bool fail(const FieldPath& path, Errc code, std::string_view what);

  // Grows ahead of what is used: appending number by number is most of the work here.
  std::vector<std::byte> buffer_ = std::vector<std::byte>(256);
  std::size_t used_ = 0;
  std::vector<Passed> passed_;
  std::int16_t version_ = 0;
  bool flexible_ = false;
  std::optional<Error> error_;
};

}  // namespace leat::protocol
