// In place of protobuf_values.cc and proto_file.cc.
#include "json_values.h"

namespace leat::cli {

Result<std::unique_ptr<JsonValues>> JsonValues::open(const MessageChoice& choice) {
  if (choice.file.empty()) return std::unique_ptr<JsonValues>();
  return Error{Errc::unsupported, "this leat was built without Protobuf"};
}

}  // namespace leat::cli
