#include <charconv>
#include <limits>

#include "base/errors.h"
#include "protocol/base64.h"
#include "protocol/field_path.h"
#include "protocol/field_value.h"
#include "protocol/json_name.h"
#include "protocol/json_value.h"
#include "protocol/message.h"

namespace leat::protocol {

namespace {

using Kind = JsonValue::Kind;

Error wrong(const FieldPath& path, std::string_view what) { return path.error(Errc::invalid_argument, what); }

template <class T>
bool fits(std::int64_t value) {
  return value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max();
}

bool fits(FieldType type, std::int64_t value) {
  switch (type) {
    case FieldType::int8: return fits<std::int8_t>(value);
    case FieldType::int16: return fits<std::int16_t>(value);
    case FieldType::int32: return fits<std::int32_t>(value);
    case FieldType::uint16: return fits<std::uint16_t>(value);
    case FieldType::uint32: return fits<std::uint32_t>(value);
    default: return true;
  }
}

template <class T>
std::optional<T> number(const JsonValue& json) {
  T value{};
  const char* end = json.text.data() + json.text.size();
  const auto [stop, failure] = std::from_chars(json.text.data(), end, value);
  if (failure != std::errc() || stop != end) return std::nullopt;
  return value;
}

class JsonReader {
 public:
  explicit JsonReader(std::int16_t version) : version_(version) {}

  Result<void> structure(const StructSchema& schema, void* into, const JsonValue& json, const FieldPath& path) {
    if (json.kind != Kind::object) return wrong(path, "not an object");
    for (std::size_t i = 0; i < json.names.size(); ++i) {
      const FieldSchema* found = find(schema, json.names[i]);
      if (!found) return wrong(path, "version " + std::to_string(version_) + " has no field " + json.names[i]);
      FieldPath here{&path, found->name};
      LEAT_CHECK(field(*found, member(*found, into), json.elements[i], here));
    }
    return {};
  }

 private:
  const FieldSchema* find(const StructSchema& schema, std::string_view name) const {
    for (const FieldSchema& one : schema.fields)
      if (one.versions.contains(version_) && json_name(one.name) == name) return &one;
    return nullptr;
  }

  Result<void> field(const FieldSchema& field, void* into, const JsonValue& json, FieldPath& path) {
    if (json.kind == Kind::null) return null(field, into, path);
    if (field.array) return elements(field, into, json, path);
    if (field.access) into = field.access->make(into, 1);
    return value(field, field.optional, into, json, path);
  }

  Result<void> null(const FieldSchema& field, void* into, const FieldPath& path) {
    if (!field.nullable.contains(version_)) return wrong(path, "null");
    if (field.access)
      field.access->set_null(into);
    else if (field.type == FieldType::string)
      static_cast<std::optional<std::string>*>(into)->reset();
    else
      *static_cast<Payload*>(into) = Payload();
    return {};
  }

  Result<void> elements(const FieldSchema& field, void* into, const JsonValue& json, FieldPath& path) {
    if (json.kind != Kind::array) return wrong(path, "not an array");
    auto* element = static_cast<std::byte*>(field.access->make(into, json.elements.size()));
    for (const JsonValue& one : json.elements) {
      ++path.index;
      LEAT_CHECK(value(field, false, element, one, path));
      element += field.access->element_size;
    }
    return {};
  }

  Result<void> value(const FieldSchema& field, bool optional, void* into, const JsonValue& json,
                     const FieldPath& path) {
    switch (field.type) {
      case FieldType::structure: return structure(*field.structure, into, json, path);
      case FieldType::boolean:
        if (json.kind != Kind::boolean) return wrong(path, "neither true nor false");
        *static_cast<bool*>(into) = json.boolean;
        return {};
      case FieldType::float64: return floating(*static_cast<double*>(into), json, path);
      case FieldType::uuid:
      case FieldType::string:
      case FieldType::bytes:
      case FieldType::records:
        if (json.kind != Kind::string) return wrong(path, "not a string");
        return text(field.type, optional, into, json.text, path);
      default: return integer(field.type, into, json, path);
    }
  }

  Result<void> text(FieldType type, bool optional, void* into, const std::string& text, const FieldPath& path) {
    if (type == FieldType::uuid) {
      const std::optional<Uuid> id = Uuid::parse(text);
      if (!id) return wrong(path, "not a uuid");
      *static_cast<Uuid*>(into) = *id;
    } else if (type != FieldType::string) {
      std::optional<std::vector<std::byte>> bytes = from_base64(text);
      if (!bytes) return wrong(path, "not base64");
      *static_cast<Payload*>(into) = Payload::own(std::move(*bytes));
    } else if (optional) {
      *static_cast<std::optional<std::string>*>(into) = text;
    } else {
      *static_cast<std::string*>(into) = text;
    }
    return {};
  }

  Result<void> integer(FieldType type, void* into, const JsonValue& json, const FieldPath& path) {
    const auto value = number<std::int64_t>(json);
    if (json.kind != Kind::number || !value || !fits(type, *value)) return wrong(path, "not an integer that fits");
    store_integer(type, into, *value);
    return {};
  }

  Result<void> floating(double& into, const JsonValue& json, const FieldPath& path) {
    // "NaN" and "Infinity" come as strings, which from_chars reads too.
    const auto value = number<double>(json);
    if (!value) return wrong(path, "not a number");
    into = *value;
    return {};
  }

  std::int16_t version_;
};

}  // namespace

Result<void> from_json(const MessageSchema& schema, void* message, std::int16_t version, std::string_view text) {
  const FieldPath path{nullptr, schema.name};
  if (!schema.versions.contains(version))
    return path.error(Errc::unsupported_version, "no version " + std::to_string(version));
  LEAT_TRY(const JsonValue json, JsonValue::parse(text));
  return JsonReader(version).structure(*schema.root, message, json, path);
}

}  // namespace leat::protocol
