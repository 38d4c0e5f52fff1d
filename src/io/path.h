#pragma once

#include <string>
#include <string_view>

namespace leat::io {

/// One spelling for each path: no "//", no "/./", no trailing '/'. ".." is left alone. "" is ".".
std::string normal_path(std::string_view path);
/// "a/b" -> "a", "a" -> ".", "/a" -> "/", "/" -> "/". Expects a normal path.
std::string parent_path(std::string_view path);
/// "a/b" -> "b". Expects a normal path.
std::string_view file_name(std::string_view path);
/// Whether `path` is `directory` or below it. Expects normal paths.
bool is_within(std::string_view path, std::string_view directory);

}  // namespace leat::io
