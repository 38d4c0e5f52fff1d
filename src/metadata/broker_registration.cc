#include "metadata/broker_registration.h"

#include <set>

#include "base/errors.h"
#include "metadata/features.h"
#include "metadata/partition_change.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

using protocol::BrokerRegistrationChangeRecord;
using protocol::RegisterBrokerRecord;

constexpr std::int8_t fence = 1, unfence = -1;

/// Zero and the first 100 values mean "unassigned", "lost" and the like.
bool is_reserved(const Uuid& id) {
  for (std::size_t i = 0; i + 1 < id.bytes.size(); ++i)
    if (id.bytes[i] != std::byte{0}) return false;
  return id.bytes.back() < std::byte{100};
}

Result<void> check_directories(const Image& image, const Registration& registration) {
  const auto bad = [](std::string what) { return Error{Errc::invalid_registration, std::move(what)}; };
  if (registration.log_directories.empty()) return bad("a broker must have a log directory");
  std::set<Uuid> seen;
  for (const Uuid& directory : registration.log_directories) {
    if (is_reserved(directory)) return bad("directory id " + directory.to_string() + " is reserved");
    if (!seen.insert(directory).second) return bad("directory id " + directory.to_string() + " is given twice");
    for (const auto& [id, broker] : image.brokers)
      for (const Uuid& other : broker.log_directories)
        if (id != registration.id && other == directory)
          return bad("directory id " + directory.to_string() + " belongs to broker " + std::to_string(id));
  }
  return {};
}

RegisterBrokerRecord record_of(const BrokerImage& broker, const RecordVersions& versions) {
  RegisterBrokerRecord record;
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
  return record;
}

BrokerRegistrationChangeRecord change_of(const BrokerImage& broker) {
  BrokerRegistrationChangeRecord change;
  change.broker_id = broker.id;
  change.broker_epoch = broker.epoch;
  return change;
}

const BrokerImage* find(const Image& image, NodeId id) {
  const auto found = image.brokers.find(id);
  return found == image.brokers.end() ? nullptr : &found->second;
}

}  // namespace

Result<Records> decide_register(const Image& image, const Registration& registration, Offset next_offset,
                                std::int32_t min_insync_replicas) {
  LEAT_CHECK(check_directories(image, registration));
  LEAT_CHECK(check_features(image));
  Records records;
  if (const BrokerImage* before = find(image, registration.id)) {
    const bool clean = registration.previous_broker_epoch == before->epoch;
    LeadershipRules(image, min_insync_replicas)
        .decide({.leaves = registration.id, .was_unclean = !clean}, records);
  }
  BrokerImage broker;
  broker.id = registration.id;
  broker.epoch = next_offset;
  broker.incarnation = registration.incarnation;
  broker.endpoints = registration.endpoints;
  broker.rack = registration.rack;
  broker.log_directories = registration.log_directories;
  broker.features = declared_features();
  const RecordVersions versions(image);
  records.push_back(make_record(record_of(broker, versions), versions.register_broker()));
  return records;
}

Records decide_fence(const Image& image, NodeId id, std::int32_t min_insync_replicas) {
  const BrokerImage* broker = find(image, id);
  if (!broker || broker->fenced) return {};
  Records records;
  LeadershipRules(image, min_insync_replicas).decide({.leaves = id}, records);
  auto change = change_of(*broker);
  change.fenced = fence;
  records.push_back(make_record(std::move(change)));
  return records;
}

Records decide_unfence(const Image& image, NodeId id, std::int32_t min_insync_replicas) {
  const BrokerImage* broker = find(image, id);
  if (!broker || !broker->fenced) return {};
  Records records;
  auto change = change_of(*broker);
  change.fenced = unfence;
  records.push_back(make_record(std::move(change)));
  LeadershipRules(image, min_insync_replicas).decide({.returns = id}, records);
  return records;
}

Records decide_cordoned_directories(const Image& image, NodeId id) {
  const BrokerImage* broker = find(image, id);
  if (!broker || broker->cordoned_log_directories || !RecordVersions(image).has_cordoned_directories()) return {};
  auto change = change_of(*broker);
  change.cordoned_log_dirs.emplace();
  Records records;
  records.push_back(make_record(std::move(change), 3));
  return records;
}

Records decide_controlled_shutdown(const Image& image, NodeId id, std::int32_t min_insync_replicas) {
  const BrokerImage* broker = find(image, id);
  if (!broker || broker->fenced) return {};
  Records records;
  if (!broker->in_controlled_shutdown) {
    auto change = change_of(*broker);
    change.in_controlled_shutdown = 1;
    records.push_back(make_record(std::move(change), 1));
  }
  LeadershipRules(image, min_insync_replicas).decide({.leaves = id}, records);
  return records;
}

Result<Records> decide_new_endpoints(const Image& image, NodeId id, std::vector<Endpoint> endpoints) {
  const BrokerImage* broker = find(image, id);
  if (!broker)
    return Error{Errc::broker_id_not_registered, "broker " + std::to_string(id) + " is not registered"};
  Records records;
  if (broker->endpoints == endpoints) return records;
  BrokerImage moved = *broker;
  moved.endpoints = std::move(endpoints);
  const RecordVersions versions(image);
  records.push_back(make_record(record_of(moved, versions), versions.register_broker()));
  return records;
}

Records decide_register_controller(const Image& image, NodeId id, const Uuid& incarnation,
                                   const std::vector<Endpoint>& endpoints) {
  Records records;
  if (!RecordVersions(image).has_register_controller()) return records;
  protocol::RegisterControllerRecord record;
  record.controller_id = id;
  record.incarnation_id = incarnation;
  for (const Endpoint& endpoint : endpoints)
    record.end_points.push_back({endpoint.listener, endpoint.host, static_cast<std::uint16_t>(endpoint.port),
                                 endpoint.security_protocol});
  for (const auto& [name, range] : declared_features()) record.features.push_back({name, range.first, range.second});
  records.push_back(make_record(std::move(record)));
  return records;
}

}  // namespace leat::metadata
