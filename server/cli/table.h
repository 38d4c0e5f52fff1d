#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace leat::cli {

using TableRow = std::vector<std::string>;

/// Columns as wide as their widest cell, two spaces before each; all rows have as many cells as the first.
void append_table(const std::vector<TableRow>& rows, std::string& out);

/// "1 record", "2 records"
std::string counted(std::int64_t count, const std::string& noun);

/// What others chose, to be shown: control characters, which could drive the terminal, are question marks.
std::string printable(std::string text);

}  // namespace leat::cli
