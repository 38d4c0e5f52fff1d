#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace leat::config {

/// How many insertions, deletions, replacements and swaps of neighbours make `a` into `b` (optimal string alignment).
/// `limit` + 1 stands for everything above `limit`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

/// The name that a misspelt one was probably meant to be; empty when none is near (more than a third of it wrong).
std::string_view nearest_name(std::string_view misspelt, std::span<const std::string_view> names);

}  // namespace leat::config
