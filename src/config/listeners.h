#pragma once

#include <leat/result.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leat::config {

/// One "NAME://host:port" of `listeners` or `advertised.listeners`.
struct Listener {
  /// Upper case, as Kafka makes it: "PLAINTEXT".
  std::string name;
  /// A name or an address, without brackets. Empty: all addresses when listening, this machine's name when advertised.
  std::string host;
  std::uint16_t port = 0;

  /// "PLAINTEXT://[::1]:9092"
  std::string to_string() const;
  friend bool operator==(const Listener&, const Listener&) = default;
};

/// INVALID_CONFIG with one sentence when it is none.
Result<Listener> parse_listener(std::string_view text);

}  // namespace leat::config
