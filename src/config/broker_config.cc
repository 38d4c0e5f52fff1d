#include "config/broker_config.h"

#include "config/broker_settings.h"
#include "config/built_in_settings.h"
#include "config/coordinator_settings.h"
#include "config/foreign_keys.h"
#include "config/listener_rules.h"
#include "config/log_settings.h"

#include "base/errors.h"

#include <algorithm>
#include <map>

namespace leat::config {

namespace {

Error invalid(std::string sentence) { return {Errc::invalid_config, std::move(sentence)}; }

Error at(const Property& property, Error error) {
  return property.origin.empty() ? error : wrap(std::move(error), property.origin);
}

}  // namespace

/// One pass over the properties, then the rules that concern more than one of them.
class BrokerConfigParser {
 public:
  BrokerConfigParser(const SettingTable& table, Face face)
      : state_{table, SettingValues(table.all(Scope::broker), face == Face::embedded), {}, {}, {}, {}, {}, {}, {}} {}

  Result<BrokerConfig> parse(std::span<const Property> properties) {
    for (const Property& property : properties) last_[property.key] = &property;
    for (const Property& property : properties)
      if (last_[property.key] == &property) LEAT_CHECK(take(property));
    LEAT_CHECK(check_roles());
    LEAT_CHECK(check_quorum("controller.quorum.voters"));
    LEAT_CHECK(check_quorum("controller.quorum.bootstrap.servers"));
    LEAT_CHECK(check_relations());
    LEAT_TRY(ListenerPair pair, apply_listener_rules(values()));
    state_.listeners = std::move(pair.listeners);
    state_.advertised = std::move(pair.advertised);
    LEAT_CHECK(find_directories());
    return BrokerConfig(std::make_shared<const BrokerConfig::State>(std::move(state_)));
  }

 private:
  SettingValues& values() { return state_.values; }

  Result<void> take(const Property& property) {
    if (property.key.empty()) return at(property, invalid("there is no key before the ="));
    if (property.key == "broker.id") return take_broker_id(property);
    if (const SettingInfo* setting = state_.table.find(Scope::broker, property.key)) return take(property, *setting);
    auto warning = judge_foreign_key(state_.table, property);
    if (!warning) return at(property, std::move(warning).error());
    state_.warnings.push_back(property.origin.empty() ? *warning : property.origin + ": " + *warning);
    return {};
  }

  Result<void> take(const Property& property, const SettingInfo& setting) {
    auto value = parse_value(setting, property.value);
    // A key without a value unsets what has no default, as in Kafka.
    if (trim(property.value).empty() && !setting.fallback.is_set()) return {};
    if (!value) return at(property, std::move(value).error());
    values().set(setting, std::move(value).value(), Source::static_broker);
    return {};
  }

  Result<void> take_broker_id(const Property& property) {
    const std::string_view text = trim(property.value);
    if (text == "-1") return {};
    const auto other = last_.find("node.id");
    if (other == last_.end()) return take(property, node_id);
    if (parse_integer(trim(other->second->value)) == parse_integer(text)) return {};
    return at(property, invalid("broker.id is " + quoted(text) + " but node.id is " + quoted(other->second->value) +
                                "; remove broker.id, which is only another name for it"));
  }

  Result<void> check_roles() {
    if (values().get(process_roles).size() == 2) return {};
    return invalid("process.roles is " + quoted(to_text(values().entry(process_roles).value)) +
                   ", but Leat runs as a single node yet; set it to broker,controller");
  }

  /// One node that names itself is the single node that it is; several would be a cluster that silently is none.
  Result<void> check_quorum(std::string_view key) {
    const auto given = last_.find(key);
    if (given == last_.end()) return {};
    const Property& property = *given->second;
    const StringList nodes = split_list(property.value);
    if (nodes.size() > 1)
      return at(property, invalid(std::string(key) + " names several nodes, but Leat runs as a single node yet; "
                                  "leave only this one or remove it"));
    if (nodes.empty() || key != "controller.quorum.voters") return {};
    const auto id = parse_integer(std::string_view(nodes[0]).substr(0, nodes[0].find('@')));
    if (id == values().get(node_id)) return {};
    return at(property, invalid(std::string(key) + " is " + quoted(nodes[0]) + ", but must name this node, " +
                                std::to_string(values().get(node_id)) + "@host:port; correct or remove it"));
  }

  template <class T>
  Result<void> ordered(const Setting<T>& less, const Setting<T>& more) {
    const T low = values().get(less), high = values().get(more);
    if (low <= high) return {};
    return invalid(std::string(less.name) + " is " + std::to_string(low) + ", but must not be above " +
                   std::string(more.name) + ", which is " + std::to_string(high));
  }

  Result<void> check_relations() {
    LEAT_CHECK(ordered(broker_heartbeat_interval_ms, broker_session_timeout_ms));
    LEAT_CHECK(ordered(group_min_session_timeout_ms, group_max_session_timeout_ms));
    return ordered(log_cleaner_min_compaction_lag_ms, log_cleaner_max_compaction_lag_ms);
  }

  Result<void> find_directories() {
    const auto several = values().find(log_dirs);
    state_.log_dirs = several ? *several : values().get(log_dir);
    if (state_.log_dirs.empty()) return invalid("log.dirs names no directory; name at least one");
    state_.metadata_log_dir = values().find(metadata_log_dir).value_or(state_.log_dirs.front());
    return {};
  }

  BrokerConfig::State state_;
  std::map<std::string_view, const Property*> last_;
};

Result<BrokerConfig> BrokerConfig::parse(std::span<const Property> properties, const SettingTable& table, Face face) {
  return BrokerConfigParser(table, face).parse(properties);
}

Result<BrokerConfig> BrokerConfig::parse(std::span<const Property> properties, Face face) {
  return parse(properties, built_in_settings(), face);
}

}  // namespace leat::config
