#include <charconv>
#include <cmath>

#include "base/utf8.h"
#include "protocol/base64.h"
#include "protocol/field_value.h"
#include "protocol/json_name.h"
#include "protocol/message.h"

namespace leat::protocol {

namespace {

class JsonWriter {
 public:
  explicit JsonWriter(std::int16_t version) : version_(version) {}

  void structure(const StructSchema& schema, const void* from) {
    out_ += '{';
    bool first = true;
    for (const FieldSchema& one : schema.fields) {
      const void* value = member(one, from);
      if (!one.versions.contains(version_)) continue;
      if (one.tagged.contains(version_) && is_default(one, value)) continue;
      if (!std::exchange(first, false)) out_ += ',';
      text(json_name(one.name));
      out_ += ':';
      field(one, value);
    }
    out_ += '}';
  }
  std::string take() && { return std::move(out_); }

 private:
  void field(const FieldSchema& field, const void* from) {
    if (!field.access) return value(field, field.optional, from);
    std::size_t count = 0;
    const auto* held = static_cast<const std::byte*>(field.access->view(from, count));
    if (!held)
      out_ += "null";
    else if (field.array)
      elements(field, held, count);
    else
      structure(*field.structure, held);
  }

  void elements(const FieldSchema& field, const std::byte* element, std::size_t count) {
    out_ += '[';
    for (std::size_t i = 0; i < count; ++i, element += field.access->element_size) {
      if (i > 0) out_ += ',';
      value(field, false, element);
    }
    out_ += ']';
  }

  void value(const FieldSchema& field, bool optional, const void* from) {
    switch (field.type) {
      case FieldType::structure: structure(*field.structure, from); break;
      case FieldType::boolean: out_ += *static_cast<const bool*>(from) ? "true" : "false"; break;
      case FieldType::float64: number(*static_cast<const double*>(from)); break;
      case FieldType::uuid: text(static_cast<const Uuid*>(from)->to_string()); break;
      case FieldType::string:
        if (const std::string* held = text_of(optional, from))
          text(*held);
        else
          out_ += "null";
        break;
      case FieldType::bytes:
      case FieldType::records: payload(*static_cast<const Payload*>(from)); break;
      default: out_ += std::to_string(load_integer(field.type, from));
    }
  }

  void payload(const Payload& payload) {
    // What cannot be read any more has no better picture than null.
    const auto loaded = payload.in_memory();
    if (!loaded || loaded->is_null())
      out_ += "null";
    else
      text(to_base64(loaded->memory()));
  }

  void number(double value) {
    if (!std::isfinite(value)) return text(std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
    char digits[32];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }

  void text(std::string_view text) {
    out_ += '"';
    while (!text.empty()) {
      const std::size_t size = utf8_size(text);
      if (size <= 1)
        character(size == 1 ? text[0] : '\0', size == 1);
      else
        out_ += text.substr(0, size);
      text.remove_prefix(size == 0 ? 1 : size);
    }
    out_ += '"';
  }

  void character(char c, bool valid) {
    static constexpr char hex[] = "0123456789abcdef";
    if (!valid)
      out_ += "\\ufffd";
    else if (c == '"' || c == '\\')
      (out_ += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      ((out_ += "\\u00") += hex[c >> 4]) += hex[c & 15];
    else
      out_ += c;
  }

  std::int16_t version_;
  std::string out_;
};

}  // namespace

std::string to_json(const MessageSchema& schema, const void* message, std::int16_t version) {
  JsonWriter writer(version);
  writer.structure(*schema.root, message);
  return std::move(writer).take();
}

}  // namespace leat::protocol
