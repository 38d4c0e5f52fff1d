#include "table.h"

#include <algorithm>

namespace leat::cli {
namespace {

// Of UTF-8, near enough: characters and not bytes.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

void append_table(const std::vector<TableRow>& rows, std::string& out) {
  if (rows.empty()) return;
  std::vector<std::size_t> widths(rows.front().size());
  for (const TableRow& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  for (const TableRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) out.append("  ").append(row[i]).append(widths[i] - width(row[i]), ' ');
    while (out.back() == ' ') out.pop_back();
    out += '\n';
  }
}

std::string counted(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

}  // namespace leat::cli
