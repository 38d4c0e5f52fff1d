#pragma once

#include <span>
#include <string_view>

#include "protocol/api_key.h"
#include "protocol/schema.h"

namespace leat::protocol {

/// Every message there is, sorted by name.
std::span<const MessageSchema* const> all_schemas();

/// These give nullptr where there is no such message, so that numbers off the wire can be asked for.
const MessageSchema* find_schema(std::string_view name);
const MessageSchema* request_schema(ApiKey key);
const MessageSchema* response_schema(ApiKey key);
/// The value of a record of `log`, by its record type.
const MessageSchema* record_schema(RecordLog log, std::int16_t record_type);
/// The key of a record of `log`; only coordinators' logs have keys.
const MessageSchema* record_key_schema(RecordLog log, std::int16_t record_type);

}  // namespace leat::protocol
