#pragma once

#include <leat/error.h>

#include <string>
#include <string_view>

namespace leat::protocol {

/// Where in a message the interpreter is; a chain of frames on the stack, put into words only for an error.
struct FieldPath {
  const FieldPath* up = nullptr;
  std::string_view name;
  std::int64_t index = -1;  ///< in the array of that name

  /// "FetchRequest.Topics[3].Partitions"
  std::string to_string() const {
    std::string text = up ? up->to_string() + "." : std::string();
    text += name;
    if (index >= 0) text += "[" + std::to_string(index) + "]";
    return text;
  }
  Error error(Errc code, std::string_view what) const {
    return Error{code, to_string().append(": ").append(what)};
  }
};

}  // namespace leat::protocol
