#include "metadata/broker_heartbeat.h"

#include <algorithm>
#include <iterator>

#include "base/errors.h"
#include "metadata/broker_fencing.h"
#include "metadata/broker_registration.h"
#include "metadata/image_builder.h"

namespace leat::metadata {
namespace {

using protocol::BrokerHeartbeatRequest;

bool leads_any(const Image& image, NodeId id) {
  return std::ranges::any_of(image.topics, [&](const auto& topic) {
    return std::ranges::any_of(topic.second->partitions, [&](const auto& entry) { return entry.second.leader == id; });
  });
}

BrokerState present(const BrokerImage& broker, const HeartbeatFacts& facts) {
  if (facts.shutdown_offset) return BrokerState::controlled_shutdown;
  return broker.fenced ? BrokerState::fenced : BrokerState::unfenced;
}

BrokerState next(const Image& image, const BrokerImage& broker, const BrokerHeartbeatRequest& request,
                 const HeartbeatFacts& facts) {
  switch (present(broker, facts)) {
    case BrokerState::fenced:
      if (request.want_shut_down) return BrokerState::shut_down;
      return !request.want_fence && request.current_metadata_offset >= facts.registration_offset
                 ? BrokerState::unfenced
                 : BrokerState::fenced;
    case BrokerState::unfenced:
      if (request.want_fence) return request.want_shut_down ? BrokerState::shut_down : BrokerState::fenced;
      if (!request.want_shut_down) return BrokerState::unfenced;
      return leads_any(image, broker.id) ? BrokerState::controlled_shutdown : BrokerState::shut_down;
    case BrokerState::controlled_shutdown:
      // Every other broker must know its partitions' new leaders before this one goes.
      return !leads_any(image, broker.id) && facts.shutdown_offset <= facts.lowest_active_offset
                 ? BrokerState::shut_down
                 : BrokerState::controlled_shutdown;
    case BrokerState::shut_down: break;
  }
  return BrokerState::shut_down;
}

Records step(const Image& image, NodeId id, BrokerState before, BrokerState after, const LeadershipDefaults& defaults) {
  if (before == after) return {};
  switch (after) {
    case BrokerState::fenced:
    case BrokerState::shut_down: return decide_fence(image, id, defaults);
    case BrokerState::unfenced: return decide_unfence(image, id, defaults);
    case BrokerState::controlled_shutdown: return decide_controlled_shutdown(image, id, defaults);
  }
  return {};
}

}  // namespace

Result<HeartbeatDecision> decide_heartbeat(const Image& image, const BrokerHeartbeatRequest& request,
                                           const HeartbeatFacts& facts, const LeadershipDefaults& defaults) {
  const NodeId id = request.broker_id;
  LEAT_TRY(const BrokerImage* broker, registered_broker(image, id, request.broker_epoch));
  HeartbeatDecision decision;
  decision.next = next(image, *broker, request, facts);

  // Each step decides on what the one before it left.
  ImageBuilder stepwise(image);
  const auto append = [&](Records records) -> Result<void> {
    for (Record& record : records) {
      LEAT_CHECK(stepwise.apply_now(record));
      decision.records.push_back(std::move(record));
    }
    return {};
  };
  LEAT_CHECK(append(step(image, id, present(*broker, facts), decision.next, defaults)));
  if (!request.offline_log_dirs.empty())
    LEAT_CHECK(append(decide_offline_directories(stepwise.image(), id, request.offline_log_dirs, defaults)));
  if (request.cordoned_log_dirs)
    LEAT_CHECK(append(decide_cordoned_directories(stepwise.image(), id, *request.cordoned_log_dirs)));

  decision.response.is_caught_up = request.current_metadata_offset >= facts.registration_offset;
  decision.response.is_fenced = decision.next == BrokerState::fenced || decision.next == BrokerState::shut_down;
  decision.response.should_shut_down = decision.next == BrokerState::shut_down;
  return decision;
}

}  // namespace leat::metadata
