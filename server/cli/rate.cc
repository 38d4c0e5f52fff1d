#include "rate.h"

#include <algorithm>
#include <cstdio>

namespace leat::cli {
namespace {
constexpr double megabyte = 1e6;
}

double Rate::seconds() const { return std::max(1e-9, std::chrono::duration<double>(elapsed).count()); }
double Rate::records_per_second() const { return static_cast<double>(records) / seconds(); }
double Rate::megabytes_per_second() const { return static_cast<double>(bytes) / megabyte / seconds(); }

std::string Rate::text() const {
  return std::to_string(records) + (records == 1 ? " record, " : " records, ") +
         fixed(static_cast<double>(bytes) / megabyte, 2) + " MB in " + fixed(seconds(), 2) +
         " s: " + fixed(records_per_second(), 0) + " records/s, " + fixed(megabytes_per_second(), 2) + " MB/s";
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

}  // namespace leat::cli
