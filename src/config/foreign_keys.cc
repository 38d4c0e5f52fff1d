#include "config/foreign_keys.h"

#include "config/known_keys.h"
#include "config/nearest_name.h"

#include <algorithm>
#include <vector>

namespace leat::config {

namespace {

struct Rule {
  /// A whole key, or the beginning of one when it ends with a dot.
  std::string_view key;
  std::string_view what;
};

/// To ignore one of these would leave data less protected, or elsewhere, than the operator believes.
constexpr Rule refused[] = {
    {"ssl.", "TLS"},
    {"sasl.", "SASL authentication"},
    {"security.", "a security provider"},
    {"listener.name.", "security settings of one listener"},
    {"authorizer.class.name", "authorization"},
    {"super.users", "authorization"},
    {"allow.everyone.if.no.acl.found", "authorization"},
    {"principal.builder.class", "a builder of principals"},
    {"delegation.token.", "delegation tokens"},
    {"remote.", "tiered storage"},
    {"create.topic.policy.class.name", "a policy class"},
    {"alter.config.policy.class.name", "a policy class"},
    {"client.quota.callback.class", "a quota class"},
    {"config.providers", "values kept elsewhere"},
    {"config.providers.", "values kept elsewhere"},
};

/// Keys of servers before Kafka 4.0.
constexpr std::string_view removed[] = {
    "advertised.host.name", "advertised.port", "broker.id.generation.enable", "control.plane.listener.name",
    "host.name", "inter.broker.protocol.version", "log.message.downconversion.enable", "log.message.format.version",
    "log.message.timestamp.difference.max.ms", "offsets.commit.required.acks", "port", "reserved.broker.max.id",
    "zookeeper.",
};

bool matches(std::string_view rule, std::string_view key) {
  return rule.ends_with('.') ? key.starts_with(rule) : key == rule;
}

Error invalid(std::string sentence) { return {Errc::invalid_config, std::move(sentence)}; }

bool is_default(const KnownKey& known, std::string_view text) {
  const std::string_view fallback = known.fallback.value_or("");
  if (known.type == Type::list) return split_list(text) == split_list(fallback);
  return trim(text) == fallback;
}

const Rule* refusal_of(std::string_view key) {
  const auto found = std::ranges::find_if(refused, [&](const Rule& rule) { return matches(rule.key, key); });
  return found == std::end(refused) ? nullptr : found;
}

/// The broker's name for a topic setting that was put into the broker's file.
std::string_view broker_name_of(const SettingTable& table, std::string_view key) {
  const SettingInfo* setting = table.find(Scope::topic, key);
  return setting && setting->inherits[0].setting ? setting->inherits[0].setting->name : std::string_view();
}

}  // namespace

Result<Value> parse_known_value(std::string_view key, Scope scope, std::string_view text) {
  const KnownKey* known = find_known_key(scope, key);
  if (!known) return invalid(quoted(key) + " is no setting of Kafka");
  SettingInfo setting{.name = known->name, .sensitive = known->type == Type::password, .type = known->type};
  if (known->type == Type::int32) setting.min = INT32_MIN, setting.max = INT32_MAX;
  if (known->type == Type::int16) setting.min = INT16_MIN, setting.max = INT16_MAX;
  return parse_value(setting, text);
}

Error unknown_key(const SettingTable& table, Scope scope, std::string_view key) {
  std::vector<std::string_view> names;
  for (const SettingInfo* setting : table.all(scope)) names.push_back(setting->name);
  for (const KnownKey& known : known_keys())
    if (known.scope == scope) names.push_back(known.name);
  const std::string_view nearest = nearest_name(key, names);
  const std::string subject = quoted(key) + (scope == Scope::topic ? " is no setting of a topic" : " is no setting of Leat or Kafka");
  if (!nearest.empty()) return invalid(subject + "; did you mean " + quoted(nearest) + "?");
  return invalid(subject + "; remove it or correct its name");
}

Result<std::string> judge_foreign_key(const SettingTable& table, const Property& property) {
  const std::string_view key = property.key;
  const KnownKey* known = find_known_key(Scope::broker, key);
  if (const Rule* rule = refusal_of(key); rule && !(known && is_default(*known, property.value)))
    return invalid(std::string(quoted(key)) + " asks for " + std::string(rule->what) +
                   ", which Leat cannot honour yet; remove it only if you can do without");
  if (known) {
    if (auto value = parse_known_value(key, Scope::broker, property.value); !value && known->fallback)
      return std::move(value).error();
    return std::string(known->name) + " is ignored: Leat has no use for this setting of Kafka";
  }
  if (std::ranges::any_of(removed, [&](std::string_view rule) { return matches(rule, key); }))
    return invalid(quoted(key) + " is gone since Kafka 4.0; remove it");
  if (const std::string_view name = broker_name_of(table, key); !name.empty())
    return invalid(quoted(key) + " is a setting of topics; the broker's is " + quoted(name));
  return unknown_key(table, Scope::broker, key);
}

}  // namespace leat::config
