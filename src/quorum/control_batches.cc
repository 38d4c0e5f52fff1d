#include "quorum/control_batches.h"

#include "base/errors.h"
#include "protocol/messages/control_records.h"
#include "record/batch_builder.h"
#include "record/control_record.h"

namespace leat::quorum {
namespace {

using record::BatchBuilder;
using record::ControlType;

BatchBuilder builder_at(const BatchPlace& place, bool is_control) {
  return BatchBuilder({.base_offset = place.base_offset, .leader_epoch = place.epoch, .is_control = is_control});
}

template <class Message>
Result<void> add(BatchBuilder& builder, ControlType type, TimestampMs timestamp, const Message& message) {
  LEAT_TRY(const auto value, protocol::encode_flat(message, 0));
  builder.append_control(type, timestamp, Bytes(value));
  return {};
}

Result<void> add_voters(BatchBuilder& builder, TimestampMs timestamp, const VoterSet& voters) {
  protocol::KRaftVersionRecord version;
  version.kraft_version = 1;
  LEAT_CHECK(add(builder, ControlType::kraft_version, timestamp, version));
  LEAT_TRY(const auto value, encode_voters(voters));
  builder.append_control(ControlType::kraft_voters, timestamp, Bytes(value));
  return {};
}

}  // namespace

Result<std::vector<std::byte>> leader_change_batch(const BatchPlace& place, NodeId leader,
                                                   const std::vector<NodeId>& voter_ids,
                                                   const std::optional<VoterSet>& voters) {
  protocol::LeaderChangeMessage change;
  change.leader_id = leader;
  for (NodeId id : voter_ids) {
    change.voters.push_back({id, {}});
    change.granting_voters.push_back({id, {}});
  }
  BatchBuilder builder = builder_at(place, true);
  LEAT_CHECK(add(builder, ControlType::leader_change, place.timestamp, change));
  if (voters) LEAT_CHECK(add_voters(builder, place.timestamp, *voters));
  return builder.build();
}

Result<std::vector<std::byte>> snapshot_header_batch(const BatchPlace& place, TimestampMs last_contained,
                                                     const std::optional<VoterSet>& voters) {
  protocol::SnapshotHeaderRecord header;
  header.last_contained_log_timestamp = last_contained;
  BatchBuilder builder = builder_at(place, true);
  LEAT_CHECK(add(builder, ControlType::snapshot_header, place.timestamp, header));
  if (voters) LEAT_CHECK(add_voters(builder, place.timestamp, *voters));
  return builder.build();
}

Result<std::vector<std::byte>> snapshot_footer_batch(const BatchPlace& place) {
  BatchBuilder builder = builder_at(place, true);
  LEAT_CHECK(add(builder, ControlType::snapshot_footer, place.timestamp, protocol::SnapshotFooterRecord{}));
  return builder.build();
}

Result<std::vector<std::byte>> data_batch(const BatchPlace& place,
                                          const std::vector<std::vector<std::byte>>& values) {
  BatchBuilder builder = builder_at(place, false);
  for (const auto& value : values) builder.append(place.timestamp, Bytes(), Bytes(value));
  return builder.build();
}

}  // namespace leat::quorum
