#pragma once

#include <leat/bytes.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leat::protocol {

std::vector<std::byte> from_hex(std::string_view hex);
std::string to_hex(Bytes bytes);
/// The rows of a table under tests/data, without its head line, each split at tabs.
std::vector<std::vector<std::string>> read_table(const std::string& file);

/// A body that Kafka's own serializer made.
struct Vector {
  std::string message;
  std::int16_t version;
  std::string variant;  ///< "full" or "min"
  std::string json;
  std::vector<std::byte> body;

  std::string name() const { return message + " v" + std::to_string(version) + " " + variant; }
};
/// All of tests/data/messages.tsv, read once.
const std::vector<Vector>& vectors();

}  // namespace leat::protocol
