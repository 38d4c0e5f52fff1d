#include "broker/group_request.h"
#include "broker/handlers.h"

/// JoinGroup, SyncGroup, Heartbeat and LeaveGroup: asked of the group's coordinator as they are. A coordinator that still
/// loads takes a heartbeat for a good one, as Kafka's does: there are clients that give up at any other answer.
namespace leat::broker {
namespace {

template <class Response, class Event>
void ask(Services& services, Event event, Respond respond, Errc forgiven = Errc::none) {
  const std::string group = event.request.group_id;
  services.groups.ask<Response>(group, std::move(event), [respond = std::move(respond), forgiven](Result<Response> answer) {
    if (answer) return respond({.message = std::move(*answer)});
    Response refused;
    if (answer.error().code != forgiven) refused.error_code = wire_code(answer.error().code);
    respond({.message = std::move(refused)});
  });
}

}  // namespace

void handle_join_group(Services& services, const RequestContext& context, protocol::JoinGroupRequest& request,
                       Respond respond) {
  ask<protocol::JoinGroupResponse>(
      services, group::Join{asker_of(context), std::move(request), Uuid::random(services.environment.entropy)},
      std::move(respond));
}

void handle_sync_group(Services& services, const RequestContext& context, protocol::SyncGroupRequest& request,
                       Respond respond) {
  ask<protocol::SyncGroupResponse>(services, group::Sync{asker_of(context), std::move(request)}, std::move(respond));
}

void handle_heartbeat(Services& services, const RequestContext& context, protocol::HeartbeatRequest& request,
                      Respond respond) {
  ask<protocol::HeartbeatResponse>(services, group::Heartbeat{asker_of(context), std::move(request)},
                                   std::move(respond), Errc::coordinator_load_in_progress);
}

void handle_leave_group(Services& services, const RequestContext& context, protocol::LeaveGroupRequest& request,
                        Respond respond) {
  ask<protocol::LeaveGroupResponse>(services, group::Leave{asker_of(context), std::move(request)}, std::move(respond));
}

}  // namespace leat::broker
