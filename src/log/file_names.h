#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/types.h"

namespace leat::log {

/// What the numbered files of a partition directory end with (files.md 7).
namespace suffix {
inline constexpr std::string_view log = ".log", index = ".index", time_index = ".timeindex",
                                  txn_index = ".txnindex", snapshot = ".snapshot",
                                  deleted = ".deleted", cleaned = ".cleaned", swap = ".swap";
}

/// "00000000000000000042.log"
std::string numbered_name(Offset number, std::string_view suffix);
/// 42 of "00000000000000000042.log"; nothing when the name does not end so or starts with anything else.
std::optional<Offset> number_of(std::string_view name, std::string_view suffix);
/// The digits that a name starts with, up to the first dot.
std::optional<Offset> leading_number(std::string_view name);

}  // namespace leat::log
