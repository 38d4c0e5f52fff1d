#pragma once

#include <cstddef>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace leat::record {

inline std::vector<std::byte> from_hex(const std::string& hex) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

/// The rows of tests/data/batches.tsv by name: bytes that Kafka's own serializers made.
inline const std::map<std::string, std::vector<std::byte>>& vectors() {
  static const auto rows = [] {
    std::map<std::string, std::vector<std::byte>> found;
    std::ifstream file(LEAT_TEST_DATA "/batches.tsv");
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      std::istringstream columns(line);
      std::string name, description, hex;
      std::getline(columns, name, '\t');
      std::getline(columns, description, '\t');
      std::getline(columns, hex, '\t');
      found[name] = from_hex(hex);
    }
    return found;
  }();
  return rows;
}

inline std::vector<std::byte> vector_of(const std::string& name) { return vectors().at(name); }

}  // namespace leat::record
