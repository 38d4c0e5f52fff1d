#include "protocol/schema_index.h"

#include <algorithm>

#include "protocol/schema_tables.h"

namespace leat::protocol {

namespace {

const MessageSchema* at_key(std::span<const MessageSchema* const> schemas, ApiKey key) {
  const auto index = static_cast<std::int16_t>(key);
  return index >= 0 && static_cast<std::size_t>(index) < schemas.size() ? schemas[index] : nullptr;
}

const MessageSchema* find_record(RecordLog log, std::int16_t type, bool key) {
  for (const MessageSchema* schema : schemas_by_name)
    if (schema->log == log && schema->id == type && (schema->kind == MessageKind::coordinator_key) == key)
      return schema;
  return nullptr;
}

/// Record types of all logs are small numbers.
constexpr std::size_t record_types_max = 64;
constexpr std::size_t logs = static_cast<std::size_t>(RecordLog::remote_log_metadata) + 1;

struct RecordTable {
  const MessageSchema* of[logs][record_types_max] = {};

  explicit RecordTable(bool keys) {
    for (std::size_t log = 1; log < logs; ++log)
      for (std::size_t type = 0; type < record_types_max; ++type)
        of[log][type] = find_record(static_cast<RecordLog>(log), static_cast<std::int16_t>(type), keys);
  }
  const MessageSchema* find(RecordLog log, std::int16_t type) const {
    const bool known = type >= 0 && static_cast<std::size_t>(type) < record_types_max;
    return known ? of[static_cast<std::size_t>(log)][type] : nullptr;
  }
};

}  // namespace

std::span<const MessageSchema* const> all_schemas() { return schemas_by_name; }

const MessageSchema* find_schema(std::string_view name) {
  const auto found = std::ranges::lower_bound(schemas_by_name, name, {}, &MessageSchema::name);
  return found != schemas_by_name.end() && (*found)->name == name ? *found : nullptr;
}

const MessageSchema* request_schema(ApiKey key) { return at_key(request_schemas_by_key, key); }
const MessageSchema* response_schema(ApiKey key) { return at_key(response_schemas_by_key, key); }

const MessageSchema* record_schema(RecordLog log, std::int16_t record_type) {
  static const RecordTable values(false);
  return values.find(log, record_type);
}

const MessageSchema* record_key_schema(RecordLog log, std::int16_t record_type) {
  static const RecordTable keys(true);
  return keys.find(log, record_type);
}

std::string_view name(ApiKey key) {
  const auto index = static_cast<std::int16_t>(key);
  const bool known = index >= 0 && static_cast<std::size_t>(index) < api_names_by_key.size();
  return known ? api_names_by_key[index] : "unknown";
}

}  // namespace leat::protocol
