#include "metadata/bootstrap.h"

#include "base/errors.h"
#include "metadata/features.h"
#include "protocol/messages/metadata_records.h"
#include "quorum/control_batches.h"
#include "quorum/snapshot_file.h"
#include "record/control_record.h"
#include "record/record_reader.h"

namespace leat::metadata {
namespace {

constexpr std::int8_t broker_resource = 4;
constexpr std::int16_t version_without_file = 30;

Record feature_record(std::string_view name, std::int16_t level) {
  protocol::FeatureLevelRecord record;
  record.name = name;
  record.feature_level = level;
  return make_record(std::move(record));
}

Result<void> take_records(const record::BatchView& batch, Records& out) {
  std::vector<std::byte> scratch;
  LEAT_TRY(auto reader, record::RecordReader::open(batch, scratch));
  for (record::RecordView record;;) {
    LEAT_TRY(const bool more, reader.next(record));
    if (!more) return {};
    if (batch.is_control()) continue;
    LEAT_TRY(Record decoded, decode_record(record.value));
    out.push_back(std::move(decoded));
  }
}

}  // namespace

Records feature_records(const std::map<std::string, std::int16_t>& levels) {
  Records records;
  const std::string first(feature::metadata_version);
  if (const auto found = levels.find(first); found != levels.end())
    records.push_back(feature_record(first, found->second));
  for (const auto& [name, level] : levels)
    if (name != first && level != 0) records.push_back(feature_record(name, level));
  return records;
}

Result<std::vector<std::vector<std::byte>>> bootstrap_batches(const Records& records, TimestampMs now) {
  LEAT_TRY(const auto values, encode_records(records));
  LEAT_TRY(auto header, quorum::snapshot_header_batch({.timestamp = now}, 0, std::nullopt));
  LEAT_TRY(auto data, quorum::data_batch({.base_offset = 1, .timestamp = now}, values));
  const auto footer_at = static_cast<Offset>(values.size()) + 1;
  LEAT_TRY(auto footer, quorum::snapshot_footer_batch({.base_offset = footer_at, .timestamp = now}));
  std::vector<std::vector<std::byte>> batches;
  batches.push_back(std::move(header));
  batches.push_back(std::move(data));
  batches.push_back(std::move(footer));
  return batches;
}

Result<Records> read_bootstrap(io::Volume& volume, const std::string& directory) {
  const std::string path = directory + "/bootstrap.checkpoint";
  LEAT_TRY(const bool there, volume.exists(path));
  if (!there) return feature_records({{std::string(feature::metadata_version), version_without_file}});
  LEAT_TRY(const auto file, quorum::read_batches_file(volume, path));
  Records records;
  auto ok = quorum::for_each_batch(
      Bytes(file), [&](const record::BatchView& batch) { return take_records(batch, records); });
  if (!ok) return wrap(std::move(ok).error(), path);
  return records;
}

Records activation_records(Records bootstrap, std::int32_t min_insync_replicas) {
  std::map<std::string, std::int16_t> levels;
  for (const Record& record : bootstrap)
    if (const auto* level = record.message.get_if<protocol::FeatureLevelRecord>())
      levels[level->name] = level->feature_level;
  const bool with_elr = levels[std::string(feature::eligible_leader_replicas)] > 0;
  const bool with_transaction = levels[std::string(feature::metadata_version)] >= 13;

  Records records;
  if (with_transaction) {
    protocol::BeginTransactionRecord begin;
    begin.name = "Bootstrap records";
    records.push_back(make_record(std::move(begin)));
  }
  for (Record& record : bootstrap) records.push_back(std::move(record));
  if (with_elr) {
    protocol::ConfigRecord config;
    config.resource_type = broker_resource;
    config.name = "min.insync.replicas";
    config.value = std::to_string(min_insync_replicas);
    records.push_back(make_record(std::move(config)));
  }
  if (with_transaction) records.push_back(make_record(protocol::EndTransactionRecord{}));
  return records;
}

}  // namespace leat::metadata
