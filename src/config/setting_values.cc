#include "config/setting_values.h"

#include <algorithm>

namespace leat::config {

SettingValues::SettingValues(SettingList settings, bool embedded) {
  entries_.reserve(settings.size());
  for (const SettingInfo* setting : settings) entries_.push_back({setting, fallback_value(*setting, embedded)});
}

std::size_t SettingValues::index_of(const SettingInfo& setting) const {
  const auto found =
      std::ranges::lower_bound(entries_, setting.name, {}, [](const Entry& e) { return e.setting->name; });
  LEAT_ASSERT(found != entries_.end() && found->setting == &setting,
              std::string(setting.name) + " is not in the table of settings");
  return static_cast<std::size_t>(found - entries_.begin());
}

void SettingValues::set(const SettingInfo& setting, Value value, Source source) {
  entries_[index_of(setting)] = {&setting, std::move(value), source};
}

}  // namespace leat::config
