#include "config/description.h"

namespace leat::config {

std::vector<Synonym> static_synonyms(const SettingValues::Entry& entry) {
  std::vector<Synonym> synonyms;
  const std::string name(entry.setting->name);
  if (entry.source != Source::fallback) {
    synonyms.push_back({name, to_text(entry.value), entry.source});
    if (const Value fallback = fallback_value(*entry.setting); is_set(fallback))
      synonyms.push_back({name, to_text(fallback), Source::fallback});
  } else if (is_set(entry.value)) {
    synonyms.push_back({name, to_text(entry.value), Source::fallback});
  }
  return synonyms;
}

ConfigRow describe_entry(const SettingValues::Entry& entry, std::vector<Synonym> synonyms) {
  const SettingInfo& setting = *entry.setting;
  ConfigRow row{.name = std::string(setting.name),
                .source = entry.source,
                .type = setting.type,
                .synonyms = std::move(synonyms),
                .read_only = setting.change == Change::read_only,
                .sensitive = setting.sensitive,
                .documentation = setting.doc};
  if (is_set(entry.value) && !setting.sensitive) row.value = to_text(entry.value);
  if (setting.sensitive)
    for (Synonym& synonym : row.synonyms) synonym.value.reset();
  return row;
}

}  // namespace leat::config
