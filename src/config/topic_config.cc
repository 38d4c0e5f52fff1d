#include "config/topic_config.h"

#include "config/foreign_keys.h"
#include "config/known_keys.h"
#include "config/topic_settings.h"

#include "base/errors.h"

#include <algorithm>

namespace leat::config {

namespace {

Error invalid(std::string sentence) { return {Errc::invalid_config, std::move(sentence)}; }

/// A topic setting of Kafka that Leat has not: good only when it asks for nothing, since a topic that was to be
/// tiered, say, must not silently stay as it is.
Result<void> check_foreign(const SettingTable& table, std::string_view name, std::string_view text) {
  const KnownKey* known = find_known_key(Scope::topic, name);
  if (!known) return unknown_key(table, Scope::topic, name);
  LEAT_TRY(const Value value, parse_known_value(name, Scope::topic, text));
  if (to_text(value) == known->fallback.value_or("")) return {};
  return invalid(quoted(name) + " cannot be honoured by Leat yet; leave it out");
}

Result<void> check_override(const SettingTable& table, std::string_view name, std::string_view text) {
  const SettingInfo* setting = table.find(Scope::topic, name);
  if (!setting) return check_foreign(table, name, text);
  auto value = parse_value(*setting, text);
  if (!value) return std::move(value).error();
  return {};
}

Result<void> check_together(const SettingValues& values) {
  const std::int64_t least = values.get(topic::min_compaction_lag_ms);
  const std::int64_t most = values.get(topic::max_compaction_lag_ms);
  if (least <= most) return {};
  return invalid("min.compaction.lag.ms is " + std::to_string(least) +
                 ", but must not be above max.compaction.lag.ms, which is " + std::to_string(most));
}

/// In another unit. A negative value means "no limit" in every unit.
Value scaled(const Value& value, std::int64_t scale) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (!number || scale == 1) return value;
  if (*number < 0) return std::int64_t{-1};
  return *number > int64_max / scale ? int64_max : *number * scale;
}

/// The broker's setting that stands in: the first that was given, else the first that has a default.
const Inherited* source_of(const SettingInfo& setting, const SettingValues& broker) {
  const Inherited* with_default = nullptr;
  for (const Inherited& inherited : setting.inherits) {
    if (!inherited.setting) break;
    const auto& entry = broker.entry(*inherited.setting);
    if (!is_set(entry.value)) continue;
    if (entry.source != Source::fallback) return &inherited;
    if (!with_default) with_default = &inherited;
  }
  return with_default;
}

SettingValues inherit(const BrokerConfig& broker) {
  SettingValues values(broker.table().all(Scope::topic), false);
  for (const SettingInfo* setting : broker.table().all(Scope::topic))
    if (const Inherited* from = source_of(*setting, broker.values())) {
      const auto& entry = broker.values().entry(*from->setting);
      values.set(*setting, scaled(entry.value, from->scale), entry.source);
    }
  return values;
}

TopicCompression compression_of(std::string_view text) {
  if (text == "uncompressed") return TopicCompression::uncompressed;
  if (text == "gzip") return TopicCompression::gzip;
  if (text == "snappy") return TopicCompression::snappy;
  if (text == "lz4") return TopicCompression::lz4;
  if (text == "zstd") return TopicCompression::zstd;
  return TopicCompression::producer;
}

LogConfig log_config(const SettingValues& values, const BrokerConfig& broker) {
  const StringList& policy = values.get(topic::cleanup_policy);
  const auto cleans = [&](std::string_view word) { return std::ranges::find(policy, word) != policy.end(); };
  return {
      .segment_bytes = values.find(topic::internal_segment_bytes).value_or(values.get(topic::segment_bytes)),
      .segment_ms = values.get(topic::segment_ms),
      .segment_jitter_ms = values.get(topic::segment_jitter_ms),
      .segment_index_bytes = values.get(topic::segment_index_bytes),
      .index_interval_bytes = values.get(topic::index_interval_bytes),
      .preallocate = values.get(topic::preallocate),
      .retention_ms = values.get(topic::retention_ms),
      .retention_bytes = values.get(topic::retention_bytes),
      .file_delete_delay_ms = values.get(topic::file_delete_delay_ms),
      .cleanup_delete = cleans("delete"),
      .cleanup_compact = cleans("compact"),
      .delete_retention_ms = values.get(topic::delete_retention_ms),
      .min_compaction_lag_ms = values.get(topic::min_compaction_lag_ms),
      .max_compaction_lag_ms = values.get(topic::max_compaction_lag_ms),
      .min_cleanable_dirty_ratio = values.get(topic::min_cleanable_dirty_ratio),
      .max_message_bytes = values.get(topic::max_message_bytes),
      .timestamp_type = values.get(topic::message_timestamp_type) == "LogAppendTime" ? TimestampType::log_append_time
                                                                                      : TimestampType::create_time,
      .timestamp_before_max_ms = values.get(topic::message_timestamp_before_max_ms),
      .timestamp_after_max_ms = values.get(topic::message_timestamp_after_max_ms),
      .compression = compression_of(values.get(topic::compression_type)),
      .gzip_level = values.get(topic::compression_gzip_level),
      .lz4_level = values.get(topic::compression_lz4_level),
      .zstd_level = values.get(topic::compression_zstd_level),
      .flush_messages = values.get(topic::flush_messages),
      .flush_ms = values.get(topic::flush_ms),
      .min_insync_replicas = values.get(topic::min_insync_replicas),
      .unclean_leader_election = values.get(topic::unclean_leader_election_enable),
      .producer_id_expiration_ms = broker.get(producer_id_expiration_ms),
  };
}

}  // namespace

Result<void> check_topic_overrides(const BrokerConfig& broker, const TopicOverrides& overrides) {
  SettingValues values = inherit(broker);
  for (const auto& [name, text] : overrides) {
    LEAT_CHECK(check_override(broker.table(), name, text));
    if (const SettingInfo* setting = broker.table().find(Scope::topic, name))
      values.set(*setting, parse_value(*setting, text).value(), Source::dynamic_topic);
  }
  return check_together(values);
}

TopicConfig::TopicConfig(const BrokerConfig& broker, const TopicOverrides& overrides)
    : broker_(broker), values_(inherit(broker)) {
  for (const auto& [name, text] : overrides) {
    if (auto good = check_override(broker.table(), name, text); !good) {
      warnings_.push_back(good.error().context);
      continue;
    }
    if (const SettingInfo* setting = broker.table().find(Scope::topic, name))
      values_.set(*setting, parse_value(*setting, text).value(), Source::dynamic_topic);
  }
  if (auto good = check_together(values_); !good) warnings_.push_back(good.error().context);
  log_ = log_config(values_, broker_);
}

std::vector<ConfigRow> TopicConfig::describe() const {
  std::vector<ConfigRow> rows;
  for (const auto& entry : values_.entries()) {
    std::vector<Synonym> synonyms;
    if (entry.source == Source::dynamic_topic)
      synonyms.push_back({std::string(entry.setting->name), to_text(entry.value), entry.source});
    for (const Inherited& inherited : entry.setting->inherits)
      if (inherited.setting)
        for (Synonym& synonym : broker_.synonyms(*inherited.setting)) {
          // What was given anywhere is stronger than any default.
          const auto at = std::ranges::upper_bound(synonyms, synonym.source, {}, &Synonym::source);
          synonyms.insert(at, std::move(synonym));
        }
    rows.push_back(describe_entry(entry, std::move(synonyms)));
  }
  return rows;
}

}  // namespace leat::config
