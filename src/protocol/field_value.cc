#include "protocol/field_value.h"

#include <algorithm>

namespace leat::protocol {

namespace {

bool all_default(const StructSchema& schema, const void* structure) {
  return std::ranges::all_of(schema.fields, [&](const FieldSchema& field) {
    return is_default(field, member(field, structure));
  });
}

}  // namespace

bool is_default(const FieldSchema& field, const void* value) {
  if (field.access) {
    std::size_t count = 0;
    const void* held = field.access->view(value, count);
    if (!held || field.null_by_default) return !held && field.null_by_default;
    return field.array ? count == 0 : all_default(*field.structure, held);
  }
  switch (field.type) {
    case FieldType::structure: return all_default(*field.structure, value);
    case FieldType::uuid: return static_cast<const Uuid*>(value)->is_zero();
    case FieldType::float64: return *static_cast<const double*>(value) == 0;
    case FieldType::string: {
      const std::string* text = text_of(field.optional, value);
      return field.null_by_default ? !text : text && text->empty();
    }
    case FieldType::bytes:
    case FieldType::records: {
      const auto& payload = *static_cast<const Payload*>(value);
      return field.null_by_default ? payload.is_null() : !payload.is_null() && payload.empty();
    }
    default: return load_integer(field.type, value) == field.fallback;
  }
}

}  // namespace leat::protocol
