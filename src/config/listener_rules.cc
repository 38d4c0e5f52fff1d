#include "config/listener_rules.h"

#include "config/broker_settings.h"

#include "base/errors.h"

#include <algorithm>
#include <map>

namespace leat::config {

namespace {

Error invalid(std::string sentence) { return {Errc::invalid_config, std::move(sentence)}; }

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return result;
}

bool contains(const std::vector<Listener>& listeners, std::string_view name) {
  return std::ranges::find(listeners, name, &Listener::name) != listeners.end();
}

bool is_any_address(std::string_view host) { return host == "0.0.0.0" || host == "::"; }

Result<std::vector<Listener>> parse_listeners(const SettingInfo& setting, const StringList& texts) {
  std::vector<Listener> all;
  for (const std::string& text : texts) {
    auto listener = parse_listener(text);
    if (!listener) return wrap(std::move(listener).error(), setting.name);
    if (contains(all, listener->name))
      return invalid(std::string(setting.name) + " has two listeners of the name " + listener->name +
                     "; give each its own name");
    all.push_back(*listener);
  }
  return all;
}

using Protocols = std::map<std::string, std::string>;

Result<Protocols> parse_protocols(const StringList& entries) {
  static constexpr std::string_view protocols[] = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"};
  Protocols map;
  for (const std::string& entry : entries) {
    const std::size_t colon = entry.find(':');
    const std::string name = upper(trim(std::string_view(entry).substr(0, colon)));
    const std::string protocol = colon == std::string::npos ? "" : upper(trim(std::string_view(entry).substr(colon + 1)));
    if (name.empty() || std::ranges::find(protocols, protocol) == std::end(protocols))
      return invalid("listener.security.protocol.map has " + quoted(entry) +
                     ", but must be name:protocol with PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
    if (!map.emplace(name, protocol).second)
      return invalid("listener.security.protocol.map names " + name + " twice; remove one of them");
  }
  return map;
}

Result<void> check_protocol(const Listener& listener, const Protocols& protocols) {
  const auto found = protocols.find(listener.name);
  if (found == protocols.end())
    return invalid("the listener " + listener.name + " has no security protocol; add " + listener.name +
                   ":PLAINTEXT to listener.security.protocol.map");
  if (found->second == "PLAINTEXT") return {};
  return invalid("the listener " + listener.name + " asks for " + found->second +
                 ", which Leat cannot honour yet; use PLAINTEXT where the network is trusted");
}

/// What clients are told of a listener that `advertised.listeners` does not mention.
Listener as_advertised(Listener listener) {
  if (is_any_address(listener.host)) listener.host.clear();
  return listener;
}

Result<std::string> find_between_brokers(const SettingValues& values, const std::vector<Listener>& listeners) {
  if (const std::string& protocol = values.get(security_inter_broker_protocol); protocol != "PLAINTEXT")
    return invalid("security.inter.broker.protocol is " + protocol +
                   ", which Leat cannot honour yet; use PLAINTEXT where the network is trusted");
  const auto name = values.find(inter_broker_listener_name);
  if (!name) return contains(listeners, "PLAINTEXT") ? "PLAINTEXT" : listeners.front().name;
  if (contains(listeners, upper(*name))) return upper(*name);
  return invalid("inter.broker.listener.name is " + quoted(*name) + ", but must be one of listeners; add it there");
}

Result<void> check_addresses(const std::vector<Listener>& listeners) {
  for (auto a = listeners.begin(); a != listeners.end(); ++a)
    for (auto b = a + 1; b != listeners.end(); ++b)
      if (a->port != 0 && a->port == b->port && a->host == b->host)
        return invalid("the listeners " + a->name + " and " + b->name + " have one address, " + a->host + ":" +
                       std::to_string(a->port) + "; give each its own port");
  return {};
}

Result<void> check_roles(const SettingValues& values, const ListenerChoice& choice) {
  const StringList& roles = values.get(process_roles);
  const auto has = [&](std::string_view role) { return std::ranges::find(roles, role) != roles.end(); };
  const auto& clients = choice.clients.listeners;
  const auto& controller = choice.controller.listeners;
  if (has("broker") && clients.empty())
    return invalid("listeners has none for clients; add one such as PLAINTEXT://127.0.0.1:9092");
  if (!has("broker") && !clients.empty())
    return invalid("listeners has " + clients.front().name + ", which a node without the role broker does not open; leave "
                   "only those of controller.listener.names");
  if (!has("controller") && !controller.empty())
    return invalid("listeners has " + controller.front().name + ", which a node without the role controller does not open; "
                   "remove it");
  if (!has("broker") && controller.empty())
    return invalid("listeners has none of controller.listener.names; add one such as CONTROLLER://127.0.0.1:9093");
  return {};
}

void advertise(ListenerPair& pair, const std::vector<Listener>& given) {
  for (const Listener& listener : pair.listeners) {
    const auto found = std::ranges::find(given, listener.name, &Listener::name);
    pair.advertised.push_back(found == given.end() ? as_advertised(listener) : *found);
  }
}

}  // namespace

Result<ListenerChoice> apply_listener_rules(const SettingValues& values) {
  ListenerChoice choice;
  StringList& controllers = choice.controller_names;
  for (const std::string& name : values.get(controller_listener_names)) controllers.push_back(upper(name));
  LEAT_TRY(Protocols protocols, parse_protocols(split_list(values.get(listener_security_protocol_map))));

  LEAT_TRY(const auto all, parse_listeners(listeners, values.get(listeners)));
  for (const Listener& listener : all) {
    const bool is_controllers = std::ranges::find(controllers, listener.name) != controllers.end();
    (is_controllers ? choice.controller : choice.clients).listeners.push_back(listener);
    // As in Kafka, where a controller's name needs no entry.
    if (!is_controllers || protocols.contains(listener.name)) LEAT_CHECK(check_protocol(listener, protocols));
  }
  LEAT_CHECK(check_roles(values, choice));
  LEAT_CHECK(check_addresses(all));
  if (!choice.clients.listeners.empty()) {
    LEAT_TRY(choice.between_brokers, find_between_brokers(values, choice.clients.listeners));
  }

  LEAT_TRY(const auto given,
           parse_listeners(advertised_listeners, values.find(advertised_listeners).value_or(StringList{})));
  for (const Listener& listener : given) {
    if (!contains(all, listener.name))
      return invalid("advertised.listeners has " + listener.name + ", which is not one of listeners; add it there");
    if (is_any_address(listener.host))
      return invalid("advertised.listeners has " + listener.to_string() +
                     ", to which nobody can connect; name a host that clients can reach");
  }
  advertise(choice.clients, given);
  advertise(choice.controller, given);
  return choice;
}

}  // namespace leat::config
