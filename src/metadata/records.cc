#include "metadata/records.h"

#include <array>

#include "base/errors.h"
#include "base/wire.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

constexpr std::uint64_t frame_version = 1;

template <class... T>
struct Types {};
using AllRecords = Types<
    protocol::RegisterBrokerRecord, protocol::UnregisterBrokerRecord, protocol::TopicRecord,
    protocol::PartitionRecord, protocol::ConfigRecord, protocol::PartitionChangeRecord,
    protocol::FenceBrokerRecord, protocol::UnfenceBrokerRecord, protocol::RemoveTopicRecord,
    protocol::DelegationTokenRecord, protocol::UserScramCredentialRecord, protocol::FeatureLevelRecord,
    protocol::ClientQuotaRecord, protocol::ProducerIdsRecord, protocol::BrokerRegistrationChangeRecord,
    protocol::AccessControlEntryRecord, protocol::RemoveAccessControlEntryRecord, protocol::NoOpRecord,
    protocol::ZkMigrationStateRecord, protocol::RemoveUserScramCredentialRecord,
    protocol::BeginTransactionRecord, protocol::EndTransactionRecord, protocol::AbortTransactionRecord,
    protocol::RemoveDelegationTokenRecord, protocol::RegisterControllerRecord, protocol::ClearElrRecord>;

using DecodeFunction = Result<protocol::AnyMessage> (*)(Bytes, std::int16_t);

template <class T>
Result<protocol::AnyMessage> decode_as(Bytes body, std::int16_t version) {
  // Payload fields view the body; the message outlives it.
  auto copy = std::make_shared<const std::vector<std::byte>>(body.begin(), body.end());
  LEAT_TRY(T message, protocol::decode<T>(Bytes(*copy), version, copy));
  return protocol::AnyMessage(std::move(message));
}

struct RecordType {
  const protocol::MessageSchema* schema = nullptr;
  DecodeFunction decode = nullptr;
};

constexpr std::size_t type_limit = 32;

template <class... T>
std::array<RecordType, type_limit> table_of(Types<T...>) {
  std::array<RecordType, type_limit> table{};
  ((table.at(static_cast<std::size_t>(T::schema().id)) = {&T::schema(), &decode_as<T>}), ...);
  return table;
}

const RecordType* find_type(std::uint64_t id) {
  static const auto table = table_of(AllRecords{});
  return id < table.size() && table[id].schema ? &table[id] : nullptr;
}

void put_uvarint(std::vector<std::byte>& out, std::uint64_t value) {
  std::byte bytes[max_varint_size];
  out.insert(out.end(), bytes, bytes + store_uvarint(bytes, value));
}

bool take_uvarint(Bytes& in, std::uint64_t& value) {
  const std::size_t size = load_uvarint(in.begin(), in.end(), value, 5);
  in = in.subspan(size);
  return size != 0;
}

}  // namespace

Result<std::vector<std::byte>> encode_record(const Record& record) {
  const protocol::MessageSchema& schema = record.message.schema();
  std::vector<std::byte> out;
  put_uvarint(out, frame_version);
  put_uvarint(out, static_cast<std::uint64_t>(schema.id));
  put_uvarint(out, static_cast<std::uint64_t>(record.version));
  LEAT_TRY(const protocol::Encoded encoded, protocol::encode(schema, record.message.raw(), record.version));
  LEAT_TRY(const auto body, encoded.flatten());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Result<std::vector<std::vector<std::byte>>> encode_records(const Records& records) {
  std::vector<std::vector<std::byte>> values;
  values.reserve(records.size());
  for (const Record& record : records) {
    auto value = encode_record(record);
    if (!value) return wrap(std::move(value).error(), "encoding " + std::string(record.message.schema().name));
    values.push_back(std::move(*value));
  }
  return values;
}

Result<Record> decode_record(Bytes value) {
  std::uint64_t frame = 0, type = 0, version = 0;
  if (!take_uvarint(value, frame) || !take_uvarint(value, type) || !take_uvarint(value, version))
    return Error{Errc::corrupt, "metadata record: cut frame"};
  if (frame != frame_version)
    return Error{Errc::unsupported, "metadata record: frame version " + std::to_string(frame)};
  const RecordType* known = find_type(type);
  if (!known) return Error{Errc::unsupported, "metadata record of unknown type " + std::to_string(type)};
  const std::string name(known->schema->name);
  if (version > 0x7fff || !known->schema->versions.contains(static_cast<int>(version)))
    return Error{Errc::unsupported, name + ": unknown version " + std::to_string(version)};
  auto message = known->decode(value, static_cast<std::int16_t>(version));
  if (!message) return Error{Errc::corrupt, name + ": " + message.error().context};
  return Record{std::move(*message), static_cast<std::int16_t>(version)};
}

std::string describe(const Record& record) {
  return std::string(record.message.schema().name) + " v" + std::to_string(record.version) + " " +
         protocol::to_json(record.message.schema(), record.message.raw(), record.version);
}

}  // namespace leat::metadata
