#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace leat::cli {

/// Whether a file of this name, one of a log directory or a partition, holds entries and not batches.
bool holds_entries(std::string_view name);

/// Appends a line for each entry of such a file, or a JSON object with `json`; what is none is called INVALID. Returns how
/// many places are.
std::size_t report_entries(std::string_view name, std::string_view content, bool json, std::string& out);

}  // namespace leat::cli
