#include "protocol/message.h"

#include "base/errors.h"
#include "protocol/schema.h"

namespace leat::protocol {

AnyMessage AnyMessage::make(const MessageSchema& schema) {
  return AnyMessage(&schema, schema.make(), schema.destroy);
}

Result<std::vector<std::byte>> Encoded::flatten() const {
  std::vector<std::byte> out;
  out.reserve(size);
  for (const Payload& piece : pieces) {
    LEAT_TRY(const Payload loaded, piece.in_memory());
    out.insert(out.end(), loaded.memory().begin(), loaded.memory().end());
  }
  return out;
}

}  // namespace leat::protocol
