#pragma once

#include <span>
#include <string>

#include "broker/api_table.h"

namespace leat::broker {

/// docs/protocol.md: which requests are answered, at which versions, beside the versions of Kafka's broker; and which
/// are not answered.
std::string render_protocol_page(std::span<const Api> table);

}  // namespace leat::broker
