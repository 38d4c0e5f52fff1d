#include "broker/effective_config.h"

#include "config/log_settings.h"

namespace leat::broker {
namespace {

constexpr std::int8_t topic_resource = 2, broker_resource = 4;

config::Overrides overrides_of(const metadata::Image& image, const metadata::ConfigResource& resource) {
  const auto found = image.configs.find(resource);
  if (found == image.configs.end()) return {};
  return {found->second.begin(), found->second.end()};
}

config::BrokerOverrides broker_overrides(const metadata::Image& image, NodeId self) {
  return {overrides_of(image, {broker_resource, ""}), overrides_of(image, {broker_resource, std::to_string(self)})};
}

Result<void> check_broker(const config::BrokerConfig& started_with, const metadata::Image& image, NodeId self,
                          const std::string& broker, const metadata::Configs& set) {
  config::BrokerOverrides overrides = broker_overrides(image, self);
  for (const auto& [name, value] : set) {
    if (auto good = config::check_broker_override(started_with.table(), name, value, !broker.empty()); !good)
      return good;
    (broker.empty() ? overrides.cluster : overrides.broker).insert_or_assign(name, value);
  }
  const auto effective = started_with.with(overrides);
  const std::int64_t least = effective.get(config::log_cleaner_min_compaction_lag_ms);
  const std::int64_t most = effective.get(config::log_cleaner_max_compaction_lag_ms);
  if (least <= most) return {};
  return Error{Errc::invalid_request, "log.cleaner.min.compaction.lag.ms would be " + std::to_string(least) +
                                          ", but must not be above log.cleaner.max.compaction.lag.ms, which is " +
                                          std::to_string(most)};
}

std::optional<std::string> list_default(const config::SettingTable& table, std::int8_t type, const std::string& name) {
  const auto scope = type == topic_resource ? config::Scope::topic : config::Scope::broker;
  const config::SettingInfo* setting = table.find(scope, name);
  if (!setting || setting->type != config::Type::list) return std::nullopt;
  return config::to_text(config::fallback_value(*setting));
}

}  // namespace

config::BrokerConfig effective_config(const config::BrokerConfig& started_with, const metadata::Image& image,
                                      NodeId self) {
  return started_with.with(broker_overrides(image, self));
}

config::TopicConfig effective_topic_config(const config::BrokerConfig& effective, const metadata::Image& image,
                                           const std::string& topic) {
  return {effective, overrides_of(image, {topic_resource, topic})};
}

bool broker_configs_differ(const metadata::Image& before, const metadata::Image& after, NodeId self) {
  for (const std::string& name : {std::string(), std::to_string(self)})
    if (overrides_of(before, {broker_resource, name}) != overrides_of(after, {broker_resource, name})) return true;
  return false;
}

metadata::ConfigRules config_rules(config::BrokerConfig started_with, NodeId self) {
  using metadata::Configs;
  using metadata::Image;
  return {.check_topic = [started_with, self](const Image& image, const Configs& configs) -> Result<void> {
            return config::check_topic_overrides(effective_config(started_with, image, self),
                                                 {configs.begin(), configs.end()});
          },
          .check_broker = [started_with, self](const Image& image, const std::string& broker, const Configs& set) {
            return check_broker(started_with, image, self, broker, set);
          },
          .list_default = [started_with](std::int8_t type, const std::string& name) {
            return list_default(started_with.table(), type, name);
          },
          .describe_topic = [started_with, self](const Image& image, const Configs& configs) {
            std::vector<metadata::TopicConfigRow> rows;
            const config::TopicConfig topic(effective_config(started_with, image, self),
                                            {configs.begin(), configs.end()});
            for (auto& row : topic.describe())
              rows.push_back({std::move(row.name), std::move(row.value), row.read_only,
                              static_cast<std::int8_t>(row.source), row.sensitive});
            return rows;
          }};
}

}  // namespace leat::broker
