#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/types.h"
#include "base/uuid.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/sync_group.h"

namespace leat::group {

/// Names a request that waits for its answer.
using Ticket = std::uint64_t;

/// Both clocks at the moment of a step: timers run on the one, records carry the other.
struct Now {
  Instant instant{};
  TimestampMs wall = 0;
};

/// Who asks, and how the answer is to be worded.
struct Asker {
  Ticket ticket = 0;
  std::int16_t version = 0;
  std::string client_id;
  std::string client_host;  ///< as DescribeGroups shows it: "/127.0.0.1"
};

struct Join {
  Asker asker;
  protocol::JoinGroupRequest request;
  Uuid fresh;  ///< becomes part of the member's id where one is given out
};
struct Sync {
  Asker asker;
  protocol::SyncGroupRequest request;
};
struct Heartbeat {
  Asker asker;
  protocol::HeartbeatRequest request;
};
struct Leave {
  Asker asker;
  protocol::LeaveGroupRequest request;
};

/// Topics are known to exist.
struct CommitOffsets {
  struct Offset {
    std::string topic;
    Uuid topic_id;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    LeaderEpoch leader_epoch = no_epoch;
    std::string metadata;
  };
  Asker asker;
  std::string group;
  std::int32_t generation = -1;  ///< -1, with no member id: not by a member
  std::string member_id;
  std::optional<std::string> instance_id;
  std::int64_t retention_ms = -1;  ///< J10
  std::vector<Offset> offsets;
};

struct TopicPartitions {
  std::string topic;
  std::vector<std::int32_t> partitions;
};

struct FetchOffsets {
  Asker asker;
  std::string group;
  std::optional<std::string> member_id;                ///< with member_epoch: of a KIP-848 group's member (J7)
  std::int32_t member_epoch = -1;
  std::optional<std::vector<TopicPartitions>> topics;  ///< nothing: all that are committed
};
struct DeleteOffsets {
  Asker asker;
  std::string group;
  std::vector<TopicPartitions> topics;
};
struct ListGroups {
  Asker asker;
  std::vector<std::string> states;  ///< none: all; case is ignored (I24)
  std::vector<std::string> types;
};
struct DescribeGroup {
  Asker asker;
  std::string group;
};
struct DeleteGroup {
  Asker asker;
  std::string group;
};
/// Their committed offsets go (J13).
struct TopicsDeleted {
  std::vector<std::string> topics;
};
/// `next_deadline()` has come.
struct Tick {};

using Event = std::variant<Join, Sync, Heartbeat, Leave, CommitOffsets, FetchOffsets, DeleteOffsets, ListGroups,
                           DescribeGroup, DeleteGroup, TopicsDeleted, Tick>;

}  // namespace leat::group
