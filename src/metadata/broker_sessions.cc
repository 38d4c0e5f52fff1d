#include "metadata/broker_sessions.h"

#include <algorithm>
#include <limits>

namespace leat::metadata {

void BrokerSessions::begin(const Image& image, Instant now, NodeId spared) {
  brokers_.clear();
  for (const auto& [id, broker] : image.brokers)
    if (id != spared) brokers_[id] = {.last_contact = now, .registration_offset = broker.fenced ? image.offset : 0};
}

void BrokerSessions::registered(NodeId id, Offset offset, Instant now) {
  brokers_[id] = {.last_contact = now, .registration_offset = offset};
}

void BrokerSessions::contact(NodeId id, Offset metadata_offset, Instant now) {
  const auto found = brokers_.find(id);
  if (found == brokers_.end()) return;
  found->second.last_contact = now;
  found->second.metadata_offset = metadata_offset;
}

void BrokerSessions::shuts_down(NodeId id, Offset offset) {
  const auto found = brokers_.find(id);
  if (found != brokers_.end() && !found->second.shutdown_offset) found->second.shutdown_offset = offset;
}

void BrokerSessions::fenced(NodeId id) {
  const auto found = brokers_.find(id);
  if (found != brokers_.end()) found->second.shutdown_offset.reset();
}

bool BrokerSessions::is_alive(const Image& image, NodeId id, Instant now) const {
  const auto broker = image.brokers.find(id);
  const Session* session = find(id);
  return session && broker != image.brokers.end() && !broker->second.fenced && session->last_contact + timeout_ >= now;
}

std::optional<NodeId> BrokerSessions::expired(const Image& image, Instant now) const {
  std::optional<NodeId> oldest;
  for (const auto& [id, session] : brokers_) {
    const auto broker = image.brokers.find(id);
    if (broker == image.brokers.end() || broker->second.fenced || session.last_contact + timeout_ >= now) continue;
    if (!oldest || session.last_contact < brokers_.at(*oldest).last_contact) oldest = id;
  }
  return oldest;
}

Offset BrokerSessions::registration_offset(NodeId id) const {
  const Session* session = find(id);
  return session ? session->registration_offset : 0;
}

std::optional<Offset> BrokerSessions::shutdown_offset(NodeId id) const {
  const Session* session = find(id);
  return session ? session->shutdown_offset : std::nullopt;
}

Offset BrokerSessions::lowest_active_offset(const Image& image) const {
  Offset lowest = std::numeric_limits<Offset>::max();
  for (const auto& [id, session] : brokers_) {
    const auto broker = image.brokers.find(id);
    if (broker == image.brokers.end() || broker->second.fenced || session.shutdown_offset) continue;
    lowest = std::min(lowest, session.metadata_offset);
  }
  return lowest;
}

}  // namespace leat::metadata
