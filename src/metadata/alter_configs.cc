#include "metadata/alter_configs.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/errors.h"
#include "metadata/features.h"
#include "metadata/topic_name.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

using protocol::AlterConfigsRequest;
using protocol::AlterConfigsResponse;
using protocol::IncrementalAlterConfigsRequest;
using protocol::IncrementalAlterConfigsResponse;

constexpr std::int8_t topic_resource = 2, broker_resource = 4;
constexpr std::string_view min_insync_replicas = "min.insync.replicas";
constexpr std::size_t value_size_max = 32767;

enum class Operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

/// One resource of either request.
struct Alteration {
  struct Item {
    std::string name;
    std::int8_t operation = 0;
    std::optional<std::string> value;
  };
  ConfigResource resource;
  std::vector<Item> items;
  bool replaces_all = false;
};

using Elements = std::vector<std::string>;

Elements split(std::string_view text) {
  Elements elements;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) elements.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return elements;
}

std::string join(const Elements& elements) {
  std::string text;
  for (const std::string& element : elements) text += (text.empty() ? "" : ",") + element;
  return text;
}

/// The alterations of one request, each on what the ones before it left.
class Altering {
 public:
  Altering(const Image& image, const ConfigRules& rules) : image_(image), rules_(rules) {}

  Result<void> alter(const Alteration& alteration) {
    const auto& resource = alteration.resource;
    LEAT_CHECK(check_shape(alteration));
    LEAT_CHECK(check_resource(resource));

    const Configs& before = configs_of(resource);
    Configs after = alteration.replaces_all ? Configs() : before;
    for (const auto& item : alteration.items) LEAT_CHECK(apply(resource, item, before, after));
    LEAT_CHECK(check(alteration, before, after));
    write(alteration, before, after);
    return {};
  }

  Records take() {
    if (all_elr_changes_) elr_changes_ = {std::string()};
    if (elr_enabled(image_))
      for (const std::string& topic : elr_changes_) {
        protocol::ClearElrRecord cleared;
        cleared.topic_name = topic;
        records_.push_back(make_record(std::move(cleared)));
      }
    return std::move(records_);
  }

 private:
  static Result<void> check_shape(const Alteration& alteration) {
    std::set<std::string_view> names;
    for (const auto& item : alteration.items)
      if (!names.insert(item.name).second) return Error{Errc::invalid_request, "Error due to duplicate config keys"};
    std::string nulls;
    for (const auto& item : alteration.items)
      if (!item.value && item.operation != static_cast<std::int8_t>(Operation::remove))
        nulls += (nulls.empty() ? "" : ", ") + item.name;
    if (!nulls.empty()) return Error{Errc::invalid_request, "Null value not supported for : " + nulls};
    return {};
  }

  Result<void> check_resource(const ConfigResource& resource) const {
    if (resource.type == broker_resource) return check_broker_name(resource.name);
    if (resource.type == topic_resource) return check_topic_name(resource.name);
    return Error{Errc::invalid_request, "Unknown resource type " + std::to_string(resource.type)};
  }

  Result<void> check_broker_name(const std::string& name) const {
    if (name.empty()) return {};
    NodeId id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size())
      return Error{Errc::invalid_request, "Node id must be an integer, but it is: " + name};
    if (image_.brokers.contains(id)) return {};
    return Error{Errc::broker_id_not_registered, "No node exists with id " + name};
  }

  static Result<void> check_topic_name(const std::string& name) {
    if (name.empty()) return Error{Errc::invalid_request, "Default topic resources are not allowed."};
    return metadata::check_topic_name(name);
  }

  const Configs& configs_of(const ConfigResource& resource) const {
    static const Configs none;
    const auto found = image_.configs.find(resource);
    return found == image_.configs.end() ? none : found->second;
  }

  Result<void> apply(const ConfigResource& resource, const Alteration::Item& item, const Configs& before,
                     Configs& after) const {
    switch (static_cast<Operation>(item.operation)) {
      case Operation::set: after[item.name] = *item.value; return {};
      case Operation::remove: after.erase(item.name); return {};
      case Operation::append:
      case Operation::subtract: break;
      default: return Error{Errc::invalid_request, "Unknown operations type " + std::to_string(item.operation)};
    }
    const bool appends = item.operation == static_cast<std::int8_t>(Operation::append);
    const auto fallback =
        rules_.list_default ? rules_.list_default(resource.type, item.name) : std::optional<std::string>();
    if (!fallback)
      return Error{Errc::invalid_config, std::string("Can't ") + (appends ? "APPEND" : "SUBTRACT") + " to key " +
                                             item.name + " because its type is not LIST."};
    const auto old = before.find(item.name);
    Elements elements = split(old == before.end() ? *fallback : old->second);
    for (const std::string& element : split(*item.value)) {
      const auto found = std::ranges::find(elements, element);
      if (appends && found == elements.end()) elements.push_back(element);
      if (!appends && found != elements.end()) elements.erase(found);
    }
    after[item.name] = join(elements);
    return {};
  }

  Result<void> check(const Alteration& alteration, const Configs& before, const Configs& after) const {
    const auto& resource = alteration.resource;
    Configs set;
    for (const auto& item : alteration.items)
      if (const auto found = after.find(item.name); found != after.end()) set.insert(*found);
    for (const auto& [name, value] : set)
      if (value.size() > value_size_max)
        return Error{Errc::invalid_config, "The configuration value cannot be added because it exceeds the maximum "
                                           "value size of 32767 bytes."};
    if (resource.type == broker_resource) {
      if (rules_.check_broker) LEAT_CHECK(rules_.check_broker(image_, resource.name, set));
      return check_elr(resource, before, after);
    }
    LEAT_CHECK(check_topic(set, after));
    if (!image_.topic(resource.name))
      return Error{Errc::unknown_topic_or_partition, "The topic '" + resource.name + "' does not exist."};
    return {};
  }

  /// What was there before and would not be good today does not stand in the way of what is asked for.
  Result<void> check_topic(const Configs& set, const Configs& after) const {
    if (!rules_.check_topic) return {};
    Configs all = set;
    for (const auto& [name, value] : after)
      if (!set.contains(name) && rules_.check_topic(image_, {{name, value}})) all.emplace(name, value);
    if (auto good = rules_.check_topic(image_, all); !good) return Error{Errc::invalid_config, good.error().context};
    return {};
  }

  /// With the ELR the cluster has one minimum, and always has it (KIP-966).
  Result<void> check_elr(const ConfigResource& resource, const Configs& before, const Configs& after) const {
    const std::string key(min_insync_replicas);
    if (!elr_enabled(image_) || value_of(before, key) == value_of(after, key)) return {};
    if (!resource.name.empty())
      return Error{Errc::invalid_config, "Broker-level min.insync.replicas cannot be altered while ELR is enabled."};
    if (!after.contains(key))
      return Error{Errc::invalid_config, "Cluster-level min.insync.replicas cannot be removed while ELR is enabled."};
    return {};
  }

  static std::optional<std::string> value_of(const Configs& configs, const std::string& name) {
    const auto found = configs.find(name);
    return found == configs.end() ? std::nullopt : std::optional(found->second);
  }

  void write(const Alteration& alteration, const Configs& before, const Configs& after) {
    const auto& resource = alteration.resource;
    std::vector<std::string> names;
    for (const auto& item : alteration.items) names.push_back(item.name);
    if (alteration.replaces_all)
      for (const auto& [name, value] : before)
        if (!after.contains(name)) names.push_back(name);
    for (const std::string& name : names) {
      auto value = value_of(after, name);
      // A broker's are written unchanged too: it may read again what a value names (KAFKA-14136).
      if (value == value_of(before, name) && resource.type != broker_resource) continue;
      if (name == min_insync_replicas) {
        if (resource.type == broker_resource) all_elr_changes_ = true;
        else elr_changes_.insert(resource.name);
      }
      protocol::ConfigRecord record;
      record.resource_type = resource.type;
      record.resource_name = resource.name;
      record.name = name;
      record.value = std::move(value);
      records_.push_back(make_record(std::move(record)));
    }
  }

  const Image& image_;
  const ConfigRules& rules_;
  Records records_;
  std::set<std::string> elr_changes_;  ///< topics whose minimum changed
  bool all_elr_changes_ = false;
};

template <class Request>
auto answers_for(const Request& request, auto& responses, auto&& error_of) {
  for (const auto& resource : request.resources) {
    auto& answer = responses.emplace_back();
    answer.resource_type = resource.resource_type;
    answer.resource_name = resource.resource_name;
    answer.error_message = std::nullopt;
    if (Result<void> outcome = error_of(resource); !outcome) {
      answer.error_code = wire_code(outcome.error().code);
      answer.error_message = outcome.error().context;
    }
  }
}

template <class Response, class Request>
Decision<Response> decide(const Image& image, const Request& request, const ConfigRules& rules,
                          bool replaces_all) {
  std::multiset<ConfigResource> named;
  for (const auto& resource : request.resources) named.insert({resource.resource_type, resource.resource_name});
  Altering altering(image, rules);
  Decision<Response> decision;
  answers_for(request, decision.response.responses, [&](const auto& resource) -> Result<void> {
    Alteration alteration{.resource = {resource.resource_type, resource.resource_name}, .replaces_all = replaces_all};
    if (named.count(alteration.resource) > 1)
      return Error{Errc::invalid_request, "Each resource must appear at most once."};
    for (const auto& config : resource.configs) {
      auto& item = alteration.items.emplace_back(config.name, std::int8_t{0}, config.value);
      if constexpr (requires { config.config_operation; }) item.operation = config.config_operation;
    }
    return altering.alter(alteration);
  });
  if (!request.validate_only) decision.records = altering.take();
  return decision;
}

template <class Response, class Request>
Response failed(const Request& request, const Error& error) {
  Response response;
  answers_for(request, response.responses, [&](const auto&) -> Result<void> { return error; });
  return response;
}

}  // namespace

Decision<IncrementalAlterConfigsResponse> decide_incremental_alter_configs(const Image& image,
                                                                           const IncrementalAlterConfigsRequest& request,
                                                                           const ConfigRules& rules) {
  return decide<IncrementalAlterConfigsResponse>(image, request, rules, false);
}

Decision<AlterConfigsResponse> decide_alter_configs(const Image& image, const AlterConfigsRequest& request,
                                                    const ConfigRules& rules) {
  return decide<AlterConfigsResponse>(image, request, rules, true);
}

IncrementalAlterConfigsResponse incremental_alter_configs_failed(const IncrementalAlterConfigsRequest& request,
                                                                 const Error& error) {
  return failed<IncrementalAlterConfigsResponse>(request, error);
}

AlterConfigsResponse alter_configs_failed(const AlterConfigsRequest& request, const Error& error) {
  return failed<AlterConfigsResponse>(request, error);
}

}  // namespace leat::metadata
