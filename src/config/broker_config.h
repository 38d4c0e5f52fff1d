#pragma once

#include "config/description.h"
#include "config/listener_rules.h"
#include "config/property.h"
#include "config/setting_values.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace leat::config {

/// Whose defaults: those of a daemon, or of a broker inside an application.
enum class Face : std::uint8_t { daemon, embedded };

/// What was set at run time, by name, as text: the ConfigRecords of the metadata log.
using Overrides = std::map<std::string, std::string, std::less<>>;

/// What was set for running brokers.
struct BrokerOverrides {
  Overrides cluster;  ///< for every broker
  Overrides broker;   ///< for this one; the stronger

  bool empty() const { return cluster.empty() && broker.empty(); }
};

/// INVALID_REQUEST with one sentence when a broker cannot take the setting while it runs (`one_broker`: for itself
/// alone), or its value is bad. What an administrator asks for must pass this before it is written.
Result<void> check_broker_override(const SettingTable& table, std::string_view name, std::string_view text,
                                   bool one_broker);

/// The configuration of one broker: checked, immutable, cheap to copy, safe to share between threads.
class BrokerConfig {
 public:
  /// `properties` in the order they were given; the last of a name wins (a file's come before `--set`).
  /// INVALID_CONFIG with one sentence that says which key and what to do when a key is unknown to Leat and Kafka, asks
  /// for security or storage that Leat cannot honour, or has a bad value.
  static Result<BrokerConfig> parse(std::span<const Property> properties, const SettingTable& table,
                                    Face face = Face::daemon);
  /// With the settings of built_in_settings.h.
  static Result<BrokerConfig> parse(std::span<const Property> properties, Face face = Face::daemon);

  /// The same broker with what was set while it runs. Total, since the overrides may come from a metadata log that
  /// another broker wrote: one that would not pass check_broker_override is left out and gives a warning.
  BrokerConfig with(const BrokerOverrides& overrides) const;

  template <class T>
  decltype(auto) get(const Setting<T>& setting) const { return state_->values.get(setting); }
  template <class T>
  std::optional<T> find(const Setting<T>& setting) const { return state_->values.find(setting); }
  /// `dynamic_broker`, `dynamic_default_broker`, `static_broker` or `fallback`.
  Source source(const SettingInfo& setting) const { return state_->values.source(setting); }

  /// `process.roles`.
  bool is_broker() const noexcept { return state_->is_broker; }
  bool is_controller() const noexcept { return state_->is_controller; }
  /// What a broker listens on, those of the controller left out. At least one where it is a broker, else none.
  const std::vector<Listener>& listeners() const noexcept { return state_->choice.clients.listeners; }
  /// What clients are told, one for each of listeners(). An empty host stands for this machine's name, and port 0
  /// for the port that was bound.
  const std::vector<Listener>& advertised_listeners() const noexcept { return state_->choice.clients.advertised; }
  /// The same of the controller. A single node may have none.
  const std::vector<Listener>& controller_listeners() const noexcept { return state_->choice.controller.listeners; }
  const std::vector<Listener>& advertised_controller_listeners() const noexcept {
    return state_->choice.controller.advertised;
  }
  /// Of `controller.listener.names`: the first, and whether it is one, opened or not.
  const std::string& controller_listener_name() const noexcept { return state_->choice.controller_names.front(); }
  bool is_controller_listener(std::string_view name) const;
  /// The name of the listener that brokers use among themselves.
  const std::string& inter_broker_listener() const noexcept { return state_->choice.between_brokers; }
  /// Where to ask for the active controller; only host and port count. At least one where this node is no controller.
  const std::vector<Listener>& quorum_servers() const noexcept { return state_->quorum_servers; }
  /// `log.dirs`, else `log.dir`. At least one.
  const StringList& log_dirs() const noexcept { return state_->log_dirs; }
  /// `metadata.log.dir`, else the first of log_dirs().
  const std::string& metadata_log_dir() const noexcept { return state_->metadata_log_dir; }

  /// One sentence for each key of Kafka that is ignored, in the order given.
  const std::vector<std::string>& warnings() const noexcept { return state_->warnings; }
  /// Every broker setting, sorted by name; then what was set at run time that only Kafka has a use for.
  std::vector<ConfigRow> describe() const;
  /// Where the value of a setting comes from or could come from, the strongest first.
  std::vector<Synonym> synonyms(const SettingInfo& setting) const;
  /// What was set for every broker at run time, sorted by name.
  std::vector<ConfigRow> describe_cluster_default() const;

  const SettingTable& table() const noexcept { return state_->table; }
  const SettingValues& values() const noexcept { return state_->values; }

 private:
  struct State {
    SettingTable table;
    SettingValues values;
    bool is_broker = false, is_controller = false;
    ListenerChoice choice;
    std::vector<Listener> quorum_servers;
    StringList log_dirs;
    std::string metadata_log_dir;
    std::vector<std::string> warnings;
    /// With overrides: those that are good, and the state without them.
    BrokerOverrides overrides = {};
    std::shared_ptr<const State> started_with = {};
  };
  friend class BrokerConfigParser;
  explicit BrokerConfig(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace leat::config
