#include "timestamp.h"

#include <chrono>
#include <cstdio>

namespace leat::cli {
namespace {

/// Takes fixed parts off the front of a text.
class Taker {
 public:
  explicit Taker(std::string_view text) : rest_(text) {}
  bool is_done() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `digits` digits, at most `max`.
  bool number(int digits, int max, int& out) {
    out = 0;
    for (; digits > 0; --digits) {
      if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return false;
      out = out * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return out <= max;
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::optional<TimestampMs> parse_iso_time(std::string_view text) {
  using namespace std::chrono;
  Taker in(text);
  int y, m, d, hour = 0, minute = 0, second = 0, millisecond = 0, zone_hour = 0, zone_minute = 0, sign = 1;
  if (!in.number(4, 9999, y) || !in.take('-') || !in.number(2, 12, m) || !in.take('-') || !in.number(2, 31, d))
    return std::nullopt;
  if (in.take('T') || in.take(' ')) {
    if (!in.number(2, 23, hour) || !in.take(':') || !in.number(2, 59, minute)) return std::nullopt;
    if (in.take(':')) {
      if (!in.number(2, 59, second)) return std::nullopt;
      if (in.take('.') && !in.number(3, 999, millisecond)) return std::nullopt;
    }
    if (!in.take('Z') && !in.is_done()) {
      if (in.take('-'))
        sign = -1;
      else if (!in.take('+'))
        return std::nullopt;
      if (!in.number(2, 23, zone_hour) || !in.take(':') || !in.number(2, 59, zone_minute)) return std::nullopt;
    }
  }
  const year_month_day date(year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d)));
  if (!in.is_done() || !date.ok()) return std::nullopt;
  const auto time = sys_days(date).time_since_epoch() + hours(hour) + minutes(minute) + seconds(second) +
                    milliseconds(millisecond) - sign * (hours(zone_hour) + minutes(zone_minute));
  return duration_cast<milliseconds>(time).count();
}

std::string iso_time(TimestampMs timestamp) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(timestamp)};
  const auto days_only = floor<days>(time);
  const year_month_day date(days_only);
  const hh_mm_ss clock(time - days_only);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

}  // namespace leat::cli
