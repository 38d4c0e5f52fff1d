#include "config/nearest_name.h"

#include <algorithm>
#include <vector>

namespace leat::config {

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t apart = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (apart > limit) return limit + 1;
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    if (std::ranges::min(row) > limit) return limit + 1;
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return std::min(last[b.size()], limit + 1);
}

std::string_view nearest_name(std::string_view misspelt, std::span<const std::string_view> names) {
  // No name of a setting is longer than 64 characters or so; a much longer key is nobody's misspelling.
  if (misspelt.size() > 256) return {};
  std::size_t best = std::max<std::size_t>(misspelt.size() / 3, 1) + 1;
  std::string_view nearest;
  for (const std::string_view name : names) {
    const std::size_t distance = edit_distance(misspelt, name, best - 1);
    if (distance < best) best = distance, nearest = name;
    if (best == 0) break;
  }
  return nearest;
}

}  // namespace leat::config
