#pragma once

#include <leat/bytes.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat::protocol {

/// Standard alphabet, with padding.
std::string to_base64(Bytes bytes);
/// Takes it with or without padding; nothing for any other text.
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

}  // namespace leat::protocol
