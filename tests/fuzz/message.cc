#include "input.h"
#include "protocol/message.h"
#include "protocol/schema_index.h"

using namespace leat;

/// Any other message (responses, records, coordinators' keys and values), and JSON on the way back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto all = protocol::all_schemas();
  const auto* schema = all[input.number<std::uint16_t>() % all.size()];
  const auto version = input.number<std::int16_t>();
  const auto body = input.rest();
  auto message = protocol::AnyMessage::make(*schema);
  if (!protocol::decode(*schema, message.raw(), version, body)) {
    // Not a message: then perhaps the text of one.
    auto read = protocol::AnyMessage::make(*schema);
    (void)protocol::from_json(*schema, read.raw(), version,
                              {reinterpret_cast<const char*>(body.data()), body.size()});
    return 0;
  }
  fuzz::require(protocol::encode(*schema, message.raw(), version).has_value(), "what was decoded can be encoded");
  return 0;
}
