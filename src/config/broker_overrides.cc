#include <algorithm>

#include "base/errors.h"
#include "config/broker_config.h"
#include "config/foreign_keys.h"
#include "config/known_keys.h"

/// What is set for a broker while it runs (KIP-226).
namespace leat::config {

namespace {

Error refused(std::string sentence) { return {Errc::invalid_request, std::move(sentence)}; }

/// Settings that Kafka has at run time only; its reassignment tool sets and deletes them.
constexpr std::string_view throttles[] = {"follower.replication.throttled.rate", "leader.replication.throttled.rate",
                                          "replica.alter.log.dirs.io.max.bytes.per.second"};

bool is_throttle(std::string_view name) { return std::ranges::find(throttles, name) != std::end(throttles); }

Result<void> check_value(const SettingTable& table, std::string_view name, std::string_view text) {
  if (const SettingInfo* setting = table.find(Scope::broker, name)) {
    LEAT_CHECK(parse_value(*setting, text));
    return {};
  }
  if (is_throttle(name)) {
    if (const auto number = parse_integer(trim(text)); number && *number >= 0) return {};
    return refused(std::string(name) + " is " + quoted(text) + ", but must be a whole number from 0");
  }
  LEAT_CHECK(judge_foreign_key(table, {std::string(name), std::string(text), {}}));
  return {};
}

ConfigRow foreign_row(std::string_view name, std::string_view text, Source source) {
  const KnownKey* known = find_known_key(Scope::broker, name);
  ConfigRow row{.name = std::string(name), .value = std::string(text), .source = source};
  row.type = known ? known->type : is_throttle(name) ? Type::int64 : Type::string;
  row.sensitive = row.type == Type::password;
  if (row.sensitive) row.value.reset();
  row.synonyms.push_back({row.name, row.value, source});
  return row;
}

}  // namespace

Result<void> check_broker_override(const SettingTable& table, std::string_view name, std::string_view text,
                                   bool one_broker) {
  const SettingInfo* setting = table.find(Scope::broker, name);
  const KnownKey* known = find_known_key(Scope::broker, name);
  const Change change = setting ? setting->change : known ? known->change : Change::cluster_wide;
  if (change == Change::read_only)
    return refused("Cannot update these configs dynamically: [" + std::string(name) + "]");
  if (change == Change::per_broker && !one_broker)
    return refused("Cannot update these configs at default cluster level, broker id must be specified: [" +
                   std::string(name) + "]");
  if (auto good = check_value(table, name, text); !good) return refused(std::move(good).error().context);
  return {};
}

BrokerConfig BrokerConfig::with(const BrokerOverrides& overrides) const {
  auto base = state_->started_with ? state_->started_with : state_;
  if (overrides.empty()) return BrokerConfig(std::move(base));
  auto state = std::make_shared<State>(*base);
  const auto apply = [&](const Overrides& from, Overrides& good, Source source) {
    for (const auto& [name, text] : from) {
      if (auto checked = check_broker_override(table(), name, text, source == Source::dynamic_broker); !checked) {
        state->warnings.push_back(checked.error().context);
        continue;
      }
      good[name] = text;
      if (const SettingInfo* setting = table().find(Scope::broker, name))
        state->values.set(*setting, parse_value(*setting, text).value(), source);
    }
  };
  apply(overrides.cluster, state->overrides.cluster, Source::dynamic_default_broker);
  apply(overrides.broker, state->overrides.broker, Source::dynamic_broker);
  state->started_with = std::move(base);
  return BrokerConfig(std::move(state));
}

std::vector<Synonym> BrokerConfig::synonyms(const SettingInfo& setting) const {
  std::vector<Synonym> all;
  const auto add = [&](const Overrides& overrides, Source source) {
    if (const auto found = overrides.find(setting.name); found != overrides.end())
      all.push_back({found->first, to_text(parse_value(setting, found->second).value()), source});
  };
  add(state_->overrides.broker, Source::dynamic_broker);
  add(state_->overrides.cluster, Source::dynamic_default_broker);
  const State& base = state_->started_with ? *state_->started_with : *state_;
  std::ranges::move(static_synonyms(base.values.entry(setting)), std::back_inserter(all));
  return all;
}

std::vector<ConfigRow> BrokerConfig::describe() const {
  std::vector<ConfigRow> rows;
  for (const auto& entry : values().entries()) rows.push_back(describe_entry(entry, synonyms(*entry.setting)));
  const auto is_own = [&](std::string_view name) { return table().find(Scope::broker, name) != nullptr; };
  const auto& [cluster, broker] = state_->overrides;
  for (const auto& [name, text] : broker)
    if (!is_own(name)) rows.push_back(foreign_row(name, text, Source::dynamic_broker));
  for (const auto& [name, text] : cluster)
    if (!is_own(name) && !broker.contains(name))
      rows.push_back(foreign_row(name, text, Source::dynamic_default_broker));
  return rows;
}

std::vector<ConfigRow> BrokerConfig::describe_cluster_default() const {
  std::vector<ConfigRow> rows;
  for (const auto& [name, text] : state_->overrides.cluster) {
    const SettingInfo* setting = table().find(Scope::broker, name);
    if (!setting) {
      rows.push_back(foreign_row(name, text, Source::dynamic_default_broker));
      continue;
    }
    Value value = parse_value(*setting, text).value();
    std::vector<Synonym> only{{name, to_text(value), Source::dynamic_default_broker}};
    rows.push_back(describe_entry({setting, std::move(value), Source::dynamic_default_broker}, std::move(only)));
  }
  return rows;
}

}  // namespace leat::config
