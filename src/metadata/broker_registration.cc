#include "metadata/broker_registration.h"

#include <set>

#include "base/errors.h"
#include "metadata/directory_id.h"
#include "metadata/features.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

const BrokerImage* find(const Image& image, NodeId id) {
  const auto found = image.brokers.find(id);
  return found == image.brokers.end() ? nullptr : &found->second;
}

Result<void> check_directories(const Image& image, const Registration& registration) {
  const auto bad = [](std::string what) { return Error{Errc::invalid_registration, std::move(what)}; };
  if (registration.log_directories.empty()) return bad("a broker must have a log directory");
  std::set<Uuid> seen;
  for (const Uuid& directory : registration.log_directories) {
    if (directory_id::is_reserved(directory)) return bad("directory id " + directory.to_string() + " is reserved");
    if (!seen.insert(directory).second) return bad("directory id " + directory.to_string() + " is given twice");
    for (const auto& [id, broker] : image.brokers)
      if (id != registration.id && std::ranges::find(broker.log_directories, directory) != broker.log_directories.end())
        return bad("directory id " + directory.to_string() + " belongs to broker " + std::to_string(id));
  }
  return {};
}

/// Every finalised level must be one that the broker declares; what is not finalised is at level 0.
Result<void> check_levels(const Image& image, const Registration& registration, std::int16_t kraft_version) {
  auto finalised = image.features;
  if (kraft_version > 0) finalised[std::string(feature::kraft_version)] = kraft_version;
  const auto unable = [&](const std::string& name, std::int16_t level) {
    return Error{Errc::unsupported_version, "broker " + std::to_string(registration.id) + " does not support level " +
                                                std::to_string(level) + " of " + name};
  };
  for (const auto& [name, range] : registration.features) {
    const auto found = finalised.find(name);
    const std::int16_t level = found == finalised.end() ? std::int16_t{0} : found->second;
    if (level < range.first || level > range.second) return unable(name, level);
  }
  if (!registration.features.contains(std::string(feature::metadata_version)))
    return Error{Errc::invalid_registration,
                 "broker " + std::to_string(registration.id) + " does not declare metadata.version"};
  for (const auto& [name, level] : finalised)
    if (!registration.features.contains(name)) return unable(name, level);
  return {};
}

Result<void> check(const Image& image, const Registration& registration, bool has_session,
                   const RegistrationRules& rules) {
  if (registration.cluster_id != rules.cluster_id)
    return Error{Errc::inconsistent_cluster_id,
                 "this is cluster " + rules.cluster_id + ", not " + registration.cluster_id};
  const BrokerImage* before = find(image, registration.id);
  if (before && has_session && before->incarnation != registration.incarnation)
    return Error{Errc::duplicate_broker_registration,
                 "another broker is registered as " + std::to_string(registration.id) + " and alive"};
  if (RecordVersions(image).has_directories()) LEAT_CHECK(check_directories(image, registration));
  return check_levels(image, registration, rules.kraft_version);
}

}  // namespace

Registration Registration::of(protocol::BrokerRegistrationRequest request) {
  Registration registration{.id = request.broker_id,
                            .cluster_id = std::move(request.cluster_id),
                            .incarnation = request.incarnation_id,
                            .rack = std::move(request.rack),
                            .log_directories = std::move(request.log_dirs)};
  for (auto& listener : request.listeners)
    registration.endpoints.push_back(
        {std::move(listener.name), std::move(listener.host), listener.port, listener.security_protocol});
  for (auto& feature : request.features)
    registration.features[std::move(feature.name)] = {feature.min_supported_version, feature.max_supported_version};
  if (request.previous_broker_epoch >= 0) registration.previous_broker_epoch = request.previous_broker_epoch;
  return registration;
}

Record registration_record(const BrokerImage& broker, const RecordVersions& versions) {
  protocol::RegisterBrokerRecord record;
  record.broker_id = broker.id;
  record.incarnation_id = broker.incarnation;
  record.broker_epoch = broker.epoch;
  for (const Endpoint& endpoint : broker.endpoints)
    record.end_points.push_back({endpoint.listener, endpoint.host, static_cast<std::uint16_t>(endpoint.port),
                                 endpoint.security_protocol});
  for (const auto& [name, range] : broker.features) record.features.push_back({name, range.first, range.second});
  record.rack = broker.rack;
  record.fenced = broker.fenced;
  record.in_controlled_shutdown = broker.in_controlled_shutdown;
  if (versions.has_directories()) record.log_dirs = broker.log_directories;
  if (versions.has_cordoned_directories()) record.cordoned_log_dirs = broker.cordoned_log_directories;
  return make_record(std::move(record), versions.register_broker());
}

Result<Decision<std::int64_t>> decide_register(const Image& image, const Registration& registration, Offset next_offset,
                                               bool has_session, const RegistrationRules& rules) {
  LEAT_CHECK(check(image, registration, has_session, rules));
  const BrokerImage* before = find(image, registration.id);
  const bool same = before && before->incarnation == registration.incarnation;
  Decision<std::int64_t> decision;
  if (before && !same) {
    const bool clean = registration.previous_broker_epoch == before->epoch;
    LeadershipRules(image, rules.leadership)
        .decide({.leaves = registration.id, .was_unclean = !clean}, decision.records);
  }
  BrokerImage broker;
  if (same) broker = *before;
  broker.id = registration.id;
  if (!same) broker.epoch = next_offset;
  broker.incarnation = registration.incarnation;
  broker.endpoints = registration.endpoints;
  broker.rack = registration.rack;
  broker.log_directories = registration.log_directories;
  broker.features = registration.features;
  decision.response = broker.epoch;
  decision.records.push_back(registration_record(broker, RecordVersions(image)));
  return decision;
}

Result<Records> decide_new_endpoints(const Image& image, NodeId id, std::vector<Endpoint> endpoints) {
  const BrokerImage* broker = find(image, id);
  if (!broker)
    return Error{Errc::broker_id_not_registered, "broker " + std::to_string(id) + " is not registered"};
  Records records;
  if (broker->endpoints == endpoints) return records;
  BrokerImage moved = *broker;
  moved.endpoints = std::move(endpoints);
  records.push_back(registration_record(moved, RecordVersions(image)));
  return records;
}

Decision<protocol::UnregisterBrokerResponse> decide_unregister(const Image& image, NodeId id,
                                                               const LeadershipDefaults& defaults) {
  Decision<protocol::UnregisterBrokerResponse> decision;
  const BrokerImage* broker = find(image, id);
  decision.response.error_message = std::nullopt;
  if (!broker) {
    decision.response.error_code = wire_code(Errc::broker_id_not_registered);
    decision.response.error_message = "Broker ID " + std::to_string(id) + " is not currently registered";
    return decision;
  }
  LeadershipRules(image, defaults).decide({.leaves = id}, decision.records);
  protocol::UnregisterBrokerRecord record;
  record.broker_id = id;
  record.broker_epoch = broker->epoch;
  decision.records.push_back(make_record(std::move(record)));
  return decision;
}

protocol::UnregisterBrokerResponse unregister_failed(const protocol::UnregisterBrokerRequest&, const Error& error) {
  protocol::UnregisterBrokerResponse response;
  response.error_code = wire_code(error.code);
  response.error_message = error.context;
  return response;
}

Result<const BrokerImage*> registered_broker(const Image& image, NodeId id, std::int64_t epoch) {
  const BrokerImage* broker = find(image, id);
  if (broker && broker->epoch == epoch) return broker;
  return Error{Errc::stale_broker_epoch,
               "broker " + std::to_string(id) +
                   (broker ? " is registered at epoch " + std::to_string(broker->epoch) + ", not " + std::to_string(epoch)
                           : std::string(" is not registered"))};
}

}  // namespace leat::metadata
