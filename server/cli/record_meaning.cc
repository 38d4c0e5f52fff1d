#include "record_meaning.h"

#include "base/wire.h"
#include "protocol/message.h"
#include "protocol/schema_index.h"
#include "record/control_record.h"

namespace leat::cli {
namespace {

using protocol::MessageSchema;
using protocol::RecordLog;

constexpr std::uint64_t metadata_frame_version = 1;

/// JSON, or why not.
std::string to_json(const MessageSchema& schema, int version, Bytes body, std::string& problem) {
  if (!schema.versions.contains(version)) {
    problem = std::string(schema.name) + " has no version " + std::to_string(version) + " here";
    return {};
  }
  auto message = protocol::AnyMessage::make(schema);
  const auto decoded = protocol::decode(schema, message.raw(), static_cast<std::int16_t>(version), body);
  if (!decoded) {
    problem = std::string(schema.name) + ": " + decoded.error().context;
    return {};
  }
  return protocol::to_json(schema, message.raw(), static_cast<std::int16_t>(version));
}

/// The version that a message starts with, taken off.
std::optional<std::int16_t> take_version(Bytes& bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto version = load_be<std::int16_t>(bytes.data());
  bytes = bytes.subspan(2);
  return version;
}

std::string_view control_schema(record::ControlType type) {
  using record::ControlType;
  switch (type) {
    case ControlType::leader_change: return "LeaderChangeMessage";
    case ControlType::snapshot_header: return "SnapshotHeaderRecord";
    case ControlType::snapshot_footer: return "SnapshotFooterRecord";
    case ControlType::kraft_version: return "KRaftVersionRecord";
    case ControlType::kraft_voters: return "VotersRecord";
    default: return {};
  }
}

Meaning control_meaning(const record::RecordView& record) {
  Meaning meaning;
  const auto type = record::control_type(record.key);
  if (!type) {
    meaning.problem = type.error().context;
    return meaning;
  }
  if (*type == record::ControlType::commit || *type == record::ControlType::abort) {
    const auto marker = record::parse_marker(record.key, record.value);
    meaning.type = *type == record::ControlType::commit ? "COMMIT" : "ABORT";
    if (marker)
      meaning.value_json = "{\"coordinatorEpoch\":" + std::to_string(marker->coordinator_epoch) + "}";
    else
      meaning.problem = marker.error().context;
    return meaning;
  }
  const MessageSchema* schema = protocol::find_schema(control_schema(*type));
  if (!schema || record.value.size() < 2) {
    meaning.type = "control record of type " + std::to_string(static_cast<int>(*type));
    if (schema) meaning.problem = "its value is too short";
    return meaning;
  }
  // The version of these is their first field.
  meaning.type = schema->name;
  meaning.version = load_be<std::int16_t>(record.value.data());
  meaning.value_json = to_json(*schema, meaning.version, record.value, meaning.problem);
  return meaning;
}

Meaning metadata_meaning(Bytes value) {
  Meaning meaning;
  std::uint64_t numbers[3] = {};  // frame version, type, version
  for (std::uint64_t& number : numbers) {
    const std::size_t size = load_uvarint(value.begin(), value.end(), number, 5);
    if (size == 0) {
      meaning.problem = "its frame is cut";
      return meaning;
    }
    value = value.subspan(size);
  }
  const auto [frame, type, version] = numbers;
  if (frame != metadata_frame_version) {
    meaning.problem = "its frame has version " + std::to_string(frame);
    return meaning;
  }
  const MessageSchema* schema =
      type <= INT16_MAX ? protocol::record_schema(RecordLog::cluster_metadata, static_cast<std::int16_t>(type)) : nullptr;
  if (!schema || version > INT16_MAX) {
    meaning.problem = "its type " + std::to_string(type) + " version " + std::to_string(version) + " is not known here";
    return meaning;
  }
  meaning.type = schema->name;
  meaning.version = static_cast<int>(version);
  meaning.value_json = to_json(*schema, meaning.version, value, meaning.problem);
  return meaning;
}

Meaning coordinator_meaning(const record::RecordView& record, RecordLog log) {
  Meaning meaning;
  Bytes key = record.key, value = record.value;
  const auto type = take_version(key);
  const MessageSchema* key_schema = type ? protocol::record_key_schema(log, *type) : nullptr;
  if (!key_schema) {
    meaning.problem = type ? "its type " + std::to_string(*type) + " is not known here" : "its key is too short";
    return meaning;
  }
  meaning.type = key_schema->name;
  if (meaning.type.ends_with("Key")) meaning.type.resize(meaning.type.size() - 3);
  meaning.key_json = to_json(*key_schema, key_schema->versions.low, key, meaning.problem);
  if (value.is_null()) return meaning;
  const auto version = take_version(value);
  const MessageSchema* schema = protocol::record_schema(log, *type);
  if (!version || !schema) {
    meaning.problem = "its value is too short";
    return meaning;
  }
  meaning.version = *version;
  meaning.value_json = to_json(*schema, *version, value, meaning.problem);
  return meaning;
}

}  // namespace

RecordLog log_of_topic(std::string_view topic) {
  if (topic == "__cluster_metadata") return RecordLog::cluster_metadata;
  if (topic == "__consumer_offsets") return RecordLog::consumer_offsets;
  if (topic == "__transaction_state") return RecordLog::transaction_state;
  if (topic == "__share_group_state") return RecordLog::share_group_state;
  return RecordLog::none;
}

std::optional<Meaning> meaning_of(const record::RecordView& record, RecordLog log, bool is_control) {
  if (is_control) return control_meaning(record);
  switch (log) {
    case RecordLog::cluster_metadata: return metadata_meaning(record.value);
    case RecordLog::consumer_offsets:
    case RecordLog::transaction_state:
    case RecordLog::share_group_state: return coordinator_meaning(record, log);
    default: return std::nullopt;
  }
}

}  // namespace leat::cli
