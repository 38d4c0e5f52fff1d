#pragma once

#include "config/broker_config.h"
#include "config/log_config.h"

#include <map>
#include <string>
#include <vector>

namespace leat::config {

/// What was set for one topic.
using TopicOverrides = Overrides;

/// INVALID_CONFIG with one sentence when a name is none of a topic's settings, Leat cannot honour it, or its value is
/// bad. What an administrator asks for must pass this before it is written.
Result<void> check_topic_overrides(const BrokerConfig& broker, const TopicOverrides& overrides);

/// The effective settings of one topic: what was set for it, over the broker's, over the defaults. Immutable, safe to
/// share between threads.
class TopicConfig {
 public:
  /// Total, since the overrides may come from a metadata log that another broker wrote: one that would not pass
  /// check_topic_overrides is left out and gives a warning.
  TopicConfig(const BrokerConfig& broker, const TopicOverrides& overrides);

  const LogConfig& log() const noexcept { return log_; }
  template <class T>
  decltype(auto) get(const Setting<T>& setting) const { return values_.get(setting); }
  template <class T>
  std::optional<T> find(const Setting<T>& setting) const { return values_.find(setting); }
  Source source(const SettingInfo& setting) const { return values_.source(setting); }

  const std::vector<std::string>& warnings() const noexcept { return warnings_; }
  /// Every topic setting, sorted by name.
  std::vector<ConfigRow> describe() const;

 private:
  BrokerConfig broker_;
  SettingValues values_;
  std::vector<std::string> warnings_;
  LogConfig log_;
};

}  // namespace leat::config
