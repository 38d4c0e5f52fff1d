#pragma once

#include <span>
#include <string_view>

#include "protocol/schema.h"

namespace leat::protocol {

/// Made by the build beside the tables; schema_index.h is the way in.
extern const std::span<const MessageSchema* const> schemas_by_name;          ///< sorted by name
extern const std::span<const MessageSchema* const> request_schemas_by_key;   ///< null where no such key
extern const std::span<const MessageSchema* const> response_schemas_by_key;
extern const std::span<const std::string_view> api_names_by_key;

}  // namespace leat::protocol
