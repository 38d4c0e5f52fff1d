#pragma once

#include <string>

namespace leat::config {

/// One `key=value` as somebody wrote it.
struct Property {
  std::string key;
  std::string value;
  /// Where it stands, for messages: "server.properties:12", "--set". May be empty.
  std::string origin;

  friend bool operator==(const Property&, const Property&) = default;
};

}  // namespace leat::config
