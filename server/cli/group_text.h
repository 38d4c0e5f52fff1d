#pragma once

#include <string>

#include "group_report.h"
#include "group_trends.h"

namespace leat::cli {

/// A group for people: a line about it, and a table of its partitions in order.
void append_text(const GroupReport& report, std::string& out);
/// The same with why it is behind, and with rates; the partitions with most before them first.
void append_text(const GroupTrends& trends, const std::string& time, std::string& out);

/// One JSON object and a newline. `trends`: null without.
void append_json(const GroupReport& report, const GroupTrends* trends, std::string& out);

}  // namespace leat::cli
