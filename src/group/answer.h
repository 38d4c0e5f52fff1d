#pragma once

#include <leat/error.h>

#include <string>
#include <variant>
#include <vector>

#include "group/event.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/list_groups.h"

namespace leat::group {

/// To CommitOffsets: one an offset, in the order asked.
struct CommitOutcomes {
  std::vector<Errc> errors;
};
/// To FetchOffsets. With an error there are no topics.
struct FetchedOffsets {
  struct Partition {
    std::int32_t partition = 0;
    std::int64_t offset = -1;  ///< -1: none committed
    LeaderEpoch leader_epoch = no_epoch;
    std::string metadata;
  };
  struct Topic {
    std::string topic;
    std::vector<Partition> partitions;
  };
  Errc error = Errc::none;
  std::vector<Topic> topics;
};
/// To DeleteOffsets: `error` for all, or one a partition.
struct DeletedOffsets {
  struct Partition {
    std::int32_t partition = 0;
    Errc error = Errc::none;
  };
  struct Topic {
    std::string topic;
    std::vector<Partition> partitions;
  };
  Errc error = Errc::none;
  std::vector<Topic> topics;
};
struct ListedGroups {
  std::vector<protocol::ListGroupsResponse::ListedGroup> groups;
};
/// To DeleteGroup.
struct DeletedGroup {
  Errc error = Errc::none;
};

using AnswerBody =
    std::variant<protocol::JoinGroupResponse, protocol::SyncGroupResponse, protocol::HeartbeatResponse,
                 protocol::LeaveGroupResponse, CommitOutcomes, FetchedOffsets, DeletedOffsets, ListedGroups,
                 protocol::DescribeGroupsResponse::DescribedGroup, DeletedGroup>;

struct Answer {
  Ticket ticket = 0;
  AnswerBody body;
};

}  // namespace leat::group
