#include "metadata/broker_fencing.h"

#include <algorithm>

#include "metadata/features.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

constexpr std::int8_t fence = 1, unfence = -1;
constexpr std::int16_t with_shutdown = 1, with_directories = 2, with_cordoned = 3;

protocol::BrokerRegistrationChangeRecord change_of(const BrokerImage& broker) {
  protocol::BrokerRegistrationChangeRecord change;
  change.broker_id = broker.id;
  change.broker_epoch = broker.epoch;
  return change;
}

const BrokerImage* find(const Image& image, NodeId id) {
  const auto found = image.brokers.find(id);
  return found == image.brokers.end() ? nullptr : &found->second;
}

}  // namespace

Records decide_fence(const Image& image, NodeId id, const LeadershipDefaults& defaults) {
  const BrokerImage* broker = find(image, id);
  if (!broker || broker->fenced) return {};
  Records records;
  LeadershipRules(image, defaults).decide({.leaves = id}, records);
  auto change = change_of(*broker);
  change.fenced = fence;
  records.push_back(make_record(std::move(change)));
  return records;
}

Records decide_unfence(const Image& image, NodeId id, const LeadershipDefaults& defaults) {
  const BrokerImage* broker = find(image, id);
  if (!broker || !broker->fenced) return {};
  Records records;
  auto change = change_of(*broker);
  change.fenced = unfence;
  records.push_back(make_record(std::move(change)));
  LeadershipRules(image, defaults).decide({.returns = id}, records);
  return records;
}

Records decide_controlled_shutdown(const Image& image, NodeId id, const LeadershipDefaults& defaults) {
  const BrokerImage* broker = find(image, id);
  if (!broker || broker->fenced) return {};
  Records records;
  if (!broker->in_controlled_shutdown) {
    auto change = change_of(*broker);
    change.in_controlled_shutdown = 1;
    records.push_back(make_record(std::move(change), with_shutdown));
  }
  LeadershipRules(image, defaults).decide({.leaves = id}, records);
  return records;
}

Records decide_offline_directories(const Image& image, NodeId id, const std::vector<Uuid>& offline,
                                   const LeadershipDefaults& defaults) {
  const BrokerImage* broker = find(image, id);
  if (!broker || !RecordVersions(image).has_directories()) return {};
  std::vector<Uuid> lost, left;
  for (const Uuid& directory : broker->log_directories)
    (std::ranges::find(offline, directory) != offline.end() ? lost : left).push_back(directory);
  if (lost.empty()) return {};
  Records records;
  LeadershipRules(image, defaults).decide({.leaves = id, .directories = std::move(lost)}, records);
  auto change = change_of(*broker);
  change.log_dirs = std::move(left);
  records.push_back(make_record(std::move(change), with_directories));
  return records;
}

Records decide_cordoned_directories(const Image& image, NodeId id, std::vector<Uuid> cordoned) {
  const BrokerImage* broker = find(image, id);
  if (!broker || broker->cordoned_log_directories == cordoned || !RecordVersions(image).has_cordoned_directories())
    return {};
  auto change = change_of(*broker);
  change.cordoned_log_dirs = std::move(cordoned);
  Records records;
  records.push_back(make_record(std::move(change), with_cordoned));
  return records;
}

}  // namespace leat::metadata
