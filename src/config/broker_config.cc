#include "config/broker_config.h"

#include "config/broker_settings.h"
#include "config/built_in_settings.h"
#include "config/cluster_settings.h"
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
      : state_{table, SettingValues(table.all(Scope::broker), face == Face::embedded), {}, {}, {}, {}, {}, {}, {}, {}} {}

  Result<BrokerConfig> parse(std::span<const Property> properties) {
    for (const Property& property : properties) last_[property.key] = &property;
    for (const Property& property : properties)
      if (last_[property.key] == &property) LEAT_CHECK(take(property));
    find_roles();
    LEAT_CHECK(find_quorum());
    LEAT_CHECK(check_relations());
    LEAT_TRY(state_.choice, apply_listener_rules(values()));
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

  void find_roles() {
    const StringList& roles = values().get(process_roles);
    state_.is_broker = std::ranges::find(roles, "broker") != roles.end();
    state_.is_controller = std::ranges::find(roles, "controller") != roles.end();
  }

  Result<void> find_quorum() {
    const StringList voters = values().get(controller_quorum_voters);
    for (const std::string& voter : voters) {
      const std::size_t at = voter.find('@');
      const auto id = parse_integer(std::string_view(voter).substr(0, at));
      if (at == std::string::npos || !id) return bad_quorum(controller_quorum_voters, voter, "id@host:port");
      if (state_.is_controller && (voters.size() > 1 || *id != values().get(node_id)))
        return invalid("controller.quorum.voters is " + quoted(to_text(values().entry(controller_quorum_voters).value)) +
                       ", but a quorum has one voter yet, and on a controller that is this node, " +
                       std::to_string(values().get(node_id)) + "@host:port; correct or remove it");
      LEAT_CHECK(add_quorum_server(controller_quorum_voters, voter, voter.substr(at + 1)));
    }
    if (voters.empty())
      for (const std::string& server : values().get(controller_quorum_bootstrap_servers))
        LEAT_CHECK(add_quorum_server(controller_quorum_bootstrap_servers, server, server));
    if (state_.is_controller || !state_.quorum_servers.empty()) return {};
    return invalid("a node without the role controller must be told where one is; set controller.quorum.bootstrap.servers "
                   "to host:port");
  }

  Result<void> add_quorum_server(const SettingInfo& setting, const std::string& entry, const std::string& address) {
    const auto parsed = parse_listener("CONTROLLER://" + address);
    if (!parsed || parsed->host.empty() || parsed->port == 0)
      return bad_quorum(setting, entry, &setting == &controller_quorum_voters ? "id@host:port" : "host:port");
    state_.quorum_servers.push_back(*parsed);
    return {};
  }

  static Error bad_quorum(const SettingInfo& setting, const std::string& entry, const std::string& form) {
    return invalid(std::string(setting.name) + " has " + quoted(entry) + ", but must be " + form);
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

bool BrokerConfig::is_controller_listener(std::string_view name) const {
  const auto& names = state_->choice.controller_names;
  return std::ranges::find(names, name) != names.end();
}

}  // namespace leat::config
