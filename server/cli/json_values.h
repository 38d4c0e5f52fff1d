#pragma once

#include <leat/record.h>
#include <leat/result.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat::cli {

/// Which Protobuf message the values are.
struct MessageChoice {
  /// The .proto file; empty: values are bytes and shown as they are.
  std::string file;
  std::string message;
  std::vector<std::string> import_paths;
  /// Written in the schema registry's framing under this id.
  std::optional<std::int32_t> schema_id;
  /// Read also what the registry's framing says to be another message.
  bool ignore_message_indexes = false;
};

/// --protobuf, --message and --proto-path.
void add_message_choice(CLI::App& command, MessageChoice& choice);

/// Values that are written and read as JSON. Not for several threads at once.
class JsonValues {
 public:
  virtual ~JsonValues() = default;
  /// Null where values are bytes. `not_found`: no such message, and which there are; `corrupt`: what is wrong where in
  /// the file; `unsupported`: this program was built without Protobuf.
  static Result<std::unique_ptr<JsonValues>> open(const MessageChoice& choice);

  /// On one line. The error begins with the record's position.
  virtual Result<std::string> to_json(const Record& record) = 0;
  virtual Result<std::string> to_value(std::string_view json) = 0;
};

}  // namespace leat::cli
