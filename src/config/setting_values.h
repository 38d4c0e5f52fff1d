#pragma once

#include "config/setting.h"

#include "base/assert.h"

#include <optional>
#include <type_traits>
#include <vector>

namespace leat::config {

/// The values of all settings of one scope, each with its source. Immutable once filled: share it freely.
class SettingValues {
 public:
  struct Entry {
    const SettingInfo* setting;
    Value value;
    Source source = Source::fallback;
  };

  /// All at their defaults.
  SettingValues(SettingList settings, bool embedded);

  /// The setting must be in the table and have a value; `find` where it may be unset.
  template <class T>
  std::conditional_t<std::is_arithmetic_v<T>, T, const T&> get(const Setting<T>& setting) const {
    const Value& value = entry(setting).value;
    LEAT_ASSERT(is_set(value), std::string(setting.name) + " has no value");
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
      return static_cast<T>(*std::get_if<std::int64_t>(&value));
    else
      return *std::get_if<T>(&value);
  }
  template <class T>
  std::optional<T> find(const Setting<T>& setting) const {
    if (!is_set(entry(setting).value)) return std::nullopt;
    return get(setting);
  }

  Source source(const SettingInfo& setting) const { return entry(setting).source; }
  const Entry& entry(const SettingInfo& setting) const { return entries_[index_of(setting)]; }
  const std::vector<Entry>& entries() const noexcept { return entries_; }

  void set(const SettingInfo& setting, Value value, Source source);

 private:
  std::size_t index_of(const SettingInfo& setting) const;

  std::vector<Entry> entries_;
};

}  // namespace leat::config
