#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

#include "protocol/messages/group_records.h"

namespace leat::group {

/// A committed offset; without a value: it is forgotten.
struct OffsetRecord {
  protocol::OffsetCommitKey key;
  std::optional<protocol::OffsetCommitValue> value;
};
/// What a group is after a sync, or once it is empty; without a value: it is gone.
struct GroupRecord {
  protocol::GroupMetadataKey key;
  std::optional<protocol::GroupMetadataValue> value;
};
using Record = std::variant<OffsetRecord, GroupRecord>;

/// Key and value as they lie in `__consumer_offsets`: each an int16 version and a message.
struct EncodedRecord {
  std::vector<std::byte> key;
  std::optional<std::vector<std::byte>> value;
};
/// Key version 1 with value version 4 (1 when it carries its own expiry), key 2 with value 3, as Kafka 4.3.1.
Result<EncodedRecord> encode(const Record& record);
/// All versions there ever were. Nothing: a kind that is not served here, to be skipped (files.md 13).
/// `corrupt_message` when a known kind does not decode. A null `value` is a tombstone.
Result<std::optional<Record>> decode(Bytes key, Bytes value);

}  // namespace leat::group
