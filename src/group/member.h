#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/payload.h"
#include "base/types.h"
#include "group/event.h"
#include "protocol/messages/group_records.h"

namespace leat::group {

/// A request that is held back, and how its answer is to be worded.
struct Waiting {
  Ticket ticket = 0;
  std::int16_t version = 0;
};

/// What a member asks for at each join.
struct Terms {
  using Protocol = protocol::JoinGroupRequest::JoinGroupRequestProtocol;
  /// In its order of preference; the bytes are held, not those of the request's buffer.
  std::vector<Protocol> protocols;
  std::chrono::milliseconds rebalance_timeout{0};
  std::chrono::milliseconds session_timeout{0};

  static Terms of(const protocol::JoinGroupRequest& request);
  /// Null where it has no such protocol.
  Payload metadata(std::string_view protocol) const;
  /// The same protocols, in the same order, with the same metadata.
  bool same_protocols(const Terms& other) const;
};

/// One member of a group.
struct Member {
  std::string id;
  std::optional<std::string> instance_id;  ///< of a static member
  std::string client_id;
  std::string client_host;
  Terms terms;
  Payload assignment{Bytes(nullptr, 0)};

  std::optional<Waiting> join;  ///< waits for the rebalance's other members
  std::optional<Waiting> sync;  ///< waits for the leader's assignment
  bool owes_sync = false;       ///< has joined this generation and not asked for its assignment yet
  /// Its first join is still under way: it knows no generation to send heartbeats with.
  bool is_new = false;
  Instant session_end = Instant::max();

  /// What a record says of it, and whether that is what this one is, its assignment aside.
  static Member of(const protocol::GroupMetadataValue::MemberMetadata& record, const std::string& protocol);
  bool is(const protocol::GroupMetadataValue::MemberMetadata& record, std::string_view protocol) const;
  protocol::GroupMetadataValue::MemberMetadata record(std::string_view protocol) const;
  std::size_t memory_bytes() const;
};

/// `client_id-uuid`, or `instance_id-uuid` of a static member.
std::string new_member_id(const Join& event);

}  // namespace leat::group
