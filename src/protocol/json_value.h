#pragma once

#include <leat/result.h>

#include <string>
#include <string_view>
#include <vector>

namespace leat::protocol {

/// A parsed JSON value; as much of JSON as messages need.
struct JsonValue {
  enum class Kind { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;  ///< a string's characters, or a number as it was written
  std::vector<std::string> names;    ///< an object's, in the order of its values
  std::vector<JsonValue> elements;   ///< an array's elements or an object's values

  /// Nesting is limited to 64 levels. The error says at which byte it went wrong.
  static Result<JsonValue> parse(std::string_view text);
};

}  // namespace leat::protocol
