#include "wire_data.h"

#include <fstream>
#include <sstream>

namespace leat::protocol {

std::vector<std::byte> from_hex(std::string_view hex) {
  std::string digits;
  for (const char c : hex)
    if (c != ' ') digits += c;
  std::vector<std::byte> bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(at, 2), nullptr, 16)));
  return bytes;
}

std::string to_hex(Bytes bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const std::byte b : bytes) (hex += digits[std::to_integer<int>(b >> 4)]) += digits[std::to_integer<int>(b & std::byte{15})];
  return hex;
}

std::vector<std::vector<std::string>> read_table(const std::string& file) {
  std::ifstream in(LEAT_TEST_DATA "/" + file);
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    auto& cells = rows.emplace_back();
    std::istringstream cut(line);
    for (std::string cell; std::getline(cut, cell, '\t');) cells.push_back(cell);
  }
  return rows;
}

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = [] {
    std::vector<Vector> vectors;
    for (auto& row : read_table("messages.tsv")) {
      row.resize(5);  // an empty body leaves no last cell
      vectors.push_back({row[0], static_cast<std::int16_t>(std::stoi(row[1])), row[2], row[3], from_hex(row[4])});
    }
    return vectors;
  }();
  return all;
}

}  // namespace leat::protocol
