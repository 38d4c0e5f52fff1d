#include <algorithm>
#include <limits>

#include "log/batch_scan.h"
#include "log/file_names.h"
#include "log/log_core.h"

namespace leat::log {
namespace {

constexpr std::string_view numbered_suffixes[] = {suffix::log,      suffix::index,   suffix::time_index,
                                                  suffix::txn_index, suffix::snapshot, suffix::cleaned,
                                                  suffix::swap};

bool must_have_number(std::string_view name) {
  return std::ranges::any_of(numbered_suffixes, [&](auto ending) { return name.ends_with(ending); });
}

/// The offset behind the last whole batch of a file.
Result<Offset> next_offset(const io::File& file, Offset base) {
  LEAT_TRY(const std::uint64_t size, file.size());
  HeaderScan scan(file, 0, size, 64 << 10);
  for (Offset next = base;;) {
    LEAT_TRY(const auto batch, scan.next());
    if (!batch) return next;
    next = batch->next_offset();
  }
}

bool is_compaction_leftover(std::string_view name, Offset cleaned_min) {
  if (name.ends_with(suffix::cleaned)) return true;
  return name.ends_with(suffix::swap) && *leading_number(name) >= cleaned_min;
}

}  // namespace

Result<std::set<std::string>> Log::Core::clear_leftovers() {
  LEAT_TRY(const auto entries, volume.list(directory));
  std::set<std::string> present;
  for (const io::DirectoryEntry& entry : entries) {
    if (entry.is_directory) continue;
    if (must_have_number(entry.name) && !leading_number(entry.name))
      return Error{Errc::corrupt, path_of(entry.name) + ": a number must be in front of the dot"};
    present.insert(entry.name);
  }
  const auto remove_where = [&](auto predicate) -> Result<void> {
    for (auto at = present.begin(); at != present.end();) {
      if (!predicate(*at)) {
        ++at;
        continue;
      }
      LEAT_CHECK(volume.remove(path_of(*at)));
      at = present.erase(at);
    }
    return {};
  };
  LEAT_CHECK(remove_where([](const std::string& name) {
    return name.ends_with(suffix::deleted) && !name.ends_with(".checkpoint.deleted");
  }));
  Offset cleaned_min = std::numeric_limits<Offset>::max();
  for (const std::string& name : present)
    if (name.ends_with(suffix::cleaned)) cleaned_min = std::min(cleaned_min, *leading_number(name));
  LEAT_CHECK(remove_where([&](const std::string& name) { return is_compaction_leftover(name, cleaned_min); }));

  // Compaction was about to put its segments in the place of those of the same range.
  Offset low = std::numeric_limits<Offset>::max();
  Offset high = 0;
  for (const std::string& name : present) {
    if (!name.ends_with(".log.swap")) continue;
    const Offset base = *leading_number(name);
    LEAT_TRY(const auto file, volume.open(path_of(name), io::OpenMode::read));
    LEAT_TRY(const Offset next, next_offset(*file, base));
    low = std::min(low, base);
    high = std::max(high, next);
  }
  LEAT_CHECK(remove_where([&](const std::string& name) {
    const auto number = leading_number(name);
    return must_have_number(name) && !name.ends_with(suffix::swap) && *number >= low && *number < high;
  }));
  for (const std::string& name : std::set(present)) {
    if (!name.ends_with(suffix::swap)) continue;
    const std::string plain = name.substr(0, name.size() - suffix::swap.size());
    LEAT_CHECK(volume.rename(path_of(name), path_of(plain)));
    present.erase(name);
    present.insert(plain);
  }
  LEAT_CHECK(remove_where([&](const std::string& name) {
    for (const std::string_view ending : {suffix::index, suffix::time_index, suffix::txn_index})
      if (const auto base = number_of(name, ending))
        return !present.contains(numbered_name(*base, suffix::log));
    return false;
  }));
  return present;
}

}  // namespace leat::log
