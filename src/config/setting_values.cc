#include "config/setting_values.h"

#include <algorithm>

namespace leat::config {

SettingValues::SettingValues(SettingList settings, bool embedded) {
  entries_.reserve(settings.size());
  for (const SettingInfo* setting : settings) entries_.push_back({setting, fallback_value(*setting, embedded)});
}

const SettingValues::Entry& SettingValues::entry(const SettingInfo& setting) const {
  const auto found =
      std::ranges::lower_bound(entries_, setting.name, {}, [](const Entry& e) { return e.setting->name; });
  LEAT_ASSERT(found != entries_.end() && found->setting == &setting,
              std::string(setting.name) + " is not in the table of settings");
  return *found;
}

void SettingValues::set(const SettingInfo& setting, Value value, Source source) {
  Entry& changed = const_cast<Entry&>(entry(setting));
  changed.value = std::move(value);
  changed.source = source;
}

}  // namespace leat::config
