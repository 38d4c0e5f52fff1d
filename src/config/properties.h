#pragma once

#include "config/property.h"

#include <string_view>
#include <vector>

namespace leat::config {

/// Reads Java's .properties text: comments (# and !), `=`, `:` or blanks as separators, lines continued with a
/// backslash, the escapes \t \n \r \f \uXXXX. Total: any bytes give a list, in the order of the file, later
/// duplicates included; a broken \u escape stands for itself. Bytes above 127 are taken as UTF-8.
/// `file_name` goes into the origins, "server.properties:12", with the first line of each property.
std::vector<Property> parse_properties(std::string_view text, std::string_view file_name);

/// `key=value` of `--set`; without `=` the value is empty.
Property parse_assignment(std::string_view text, std::string_view origin = "--set");

}  // namespace leat::config
