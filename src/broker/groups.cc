#include <algorithm>
#include <iterator>

#include "broker/gather.h"
#include "broker/group_request.h"
#include "broker/handlers.h"

/// ListGroups, DescribeGroups and DeleteGroups: each group, or each shard, is asked by itself.
namespace leat::broker {

void handle_list_groups(Services& services, const RequestContext& context, protocol::ListGroupsRequest& request,
                        Respond respond) {
  struct Part {
    Errc error = Errc::none;
    group::ListedGroups listed;
  };
  const auto shards = services.groups.shards();
  auto parts = std::make_shared<std::vector<Part>>(shards.size());
  auto gather = std::make_shared<Gather<protocol::ListGroupsResponse>>([parts, respond](Answer answer) {
    auto& response = *answer.message.get_if<protocol::ListGroupsResponse>();
    for (Part& part : *parts) {
      // A list that lacks some groups would be taken for the whole (I24).
      if (part.error != Errc::none) {
        response.error_code = wire_code(part.error);
        response.groups.clear();
        break;
      }
      std::ranges::move(part.listed.groups, std::back_inserter(response.groups));
    }
    respond(std::move(answer));
  });
  for (std::size_t i = 0; i < shards.size(); ++i) {
    gather->expect();
    GroupCoordinator::ask<group::ListedGroups>(
        shards[i], group::ListGroups{asker_of(context), request.states_filter, request.types_filter},
        [parts, gather, i](Result<group::ListedGroups> listed) {
          if (listed) (*parts)[i].listed = std::move(*listed);
          else (*parts)[i].error = listed.error().code;
          gather->arrived();
        });
  }
  gather->arrived();
}

void handle_describe_groups(Services& services, const RequestContext& context,
                            protocol::DescribeGroupsRequest& request, Respond respond) {
  using Described = protocol::DescribeGroupsResponse::DescribedGroup;
  auto gather = std::make_shared<Gather<protocol::DescribeGroupsResponse>>(std::move(respond));
  gather->response.groups.resize(request.groups.size());
  for (std::size_t i = 0; i < request.groups.size(); ++i) {
    gather->expect();
    services.groups.ask<Described>(request.groups[i], group::DescribeGroup{asker_of(context), request.groups[i]},
                                   [gather, i, name = request.groups[i]](Result<Described> described) {
                                     Described& slot = gather->response.groups[i];
                                     if (described) slot = std::move(*described);
                                     else slot.error_code = wire_code(described.error().code);
                                     slot.group_id = name;
                                     gather->arrived();
                                   });
  }
  gather->arrived();
}

void handle_delete_groups(Services& services, const RequestContext& context, protocol::DeleteGroupsRequest& request,
                          Respond respond) {
  auto gather = std::make_shared<Gather<protocol::DeleteGroupsResponse>>(std::move(respond));
  gather->response.results.resize(request.groups_names.size());
  for (std::size_t i = 0; i < request.groups_names.size(); ++i) {
    const std::string& name = request.groups_names[i];
    gather->response.results[i].group_id = name;
    gather->expect();
    services.groups.ask<group::DeletedGroup>(
        name, group::DeleteGroup{asker_of(context), name}, [gather, i](Result<group::DeletedGroup> deleted) {
          gather->response.results[i].error_code = wire_code(deleted ? deleted->error : deleted.error().code);
          gather->arrived();
        });
  }
  gather->arrived();
}

}  // namespace leat::broker
