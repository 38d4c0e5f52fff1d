#include "group/group_offsets.h"

#include <limits>

#include "group/classic_group.h"

namespace leat::group {
namespace {

constexpr std::string_view consumer_protocol = "consumer";

/// Kafka measures metadata as Java measures text: in UTF-16 units.
std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xc0) != 0x80;
    units += byte >= 0xf0;
  }
  return units;
}

bool too_long(std::string_view metadata, std::size_t limit) {
  return metadata.size() > limit && utf16_length(metadata) > limit;
}

/// When a commit that asks for a retention of its own expires. Any number may be asked for.
TimestampMs expiry(TimestampMs now, std::int64_t retention_ms) {
  if (retention_ms == -1) return no_timestamp;
  TimestampMs at = 0;
  return __builtin_add_overflow(now, retention_ms, &at) ? std::numeric_limits<TimestampMs>::max() : at;
}

OffsetRecord committed(const CommitOffsets& event, const CommitOffsets::Offset& offset, TimestampMs now) {
  OffsetRecord record{{event.group, offset.topic, offset.partition}, std::nullopt};
  auto& value = record.value.emplace();
  value.offset = offset.offset;
  value.metadata = offset.metadata;
  value.commit_timestamp = now;
  value.expire_timestamp = expiry(now, event.retention_ms);
  // The version of the value that has a place for an expiry has none for these, and a replay gives what was written.
  if (value.expire_timestamp != no_timestamp) return record;
  value.leader_epoch = offset.leader_epoch;
  value.topic_id = offset.topic_id;
  return record;
}

FetchedOffsets::Partition shown(std::int32_t partition, const CommittedOffset& offset) {
  return {partition, offset.offset, offset.leader_epoch, std::string(offset.metadata)};
}

/// From when the broker's retention counts for an offset committed at some time; nothing while none expires.
class RetentionStart {
 public:
  explicit RetentionStart(const ClassicGroup& group) {
    if (!group.protocol_type()) return;
    if (group.state() == GroupState::empty)
      empty_since_ = group.empty_since();
    else
      expires_ = *group.protocol_type() == consumer_protocol && group.state() == GroupState::stable;
  }
  bool any_expires() const { return expires_; }
  TimestampMs of(TimestampMs committed) const { return empty_since_.value_or(committed); }

 private:
  bool expires_ = true;
  std::optional<TimestampMs> empty_since_;
};

bool has_expired(const CommittedOffset& offset, const RetentionStart& start, TimestampMs now,
                 std::chrono::milliseconds retention) {
  if (offset.expires != no_timestamp) return offset.expires <= now;
  return start.of(offset.committed) <= now - retention.count();
}

}  // namespace

CommitOutcomes GroupOffsets::commit(const CommitOffsets& event, const Settings& settings, Step& step) {
  CommitOutcomes outcomes;
  outcomes.errors.reserve(event.offsets.size());
  for (const auto& offset : event.offsets) {
    if (too_long(offset.metadata, settings.offset_metadata_max_bytes)) {
      outcomes.errors.push_back(Errc::offset_metadata_too_large);
      continue;
    }
    step.write(committed(event, offset, step.now.wall));
    outcomes.errors.push_back(Errc::none);
  }
  return outcomes;
}

FetchedOffsets GroupOffsets::fetch(const std::optional<std::vector<TopicPartitions>>& topics) const {
  FetchedOffsets out;
  if (!topics) {
    committed_.for_each([&](const std::string& topic, std::int32_t partition, const CommittedOffset& offset) {
      if (out.topics.empty() || out.topics.back().topic != topic) out.topics.push_back({topic, {}});
      out.topics.back().partitions.push_back(shown(partition, offset));
    });
    return out;
  }
  for (const auto& [topic, partitions] : *topics) {
    auto& answered = out.topics.emplace_back(FetchedOffsets::Topic{topic, {}});
    for (const auto partition : partitions)
      answered.partitions.push_back(shown(partition, committed_.find(topic, partition).value_or(CommittedOffset{})));
  }
  return out;
}

DeletedOffsets GroupOffsets::remove(const std::vector<TopicPartitions>& topics, const ClassicGroup& group,
                                    Step& step) {
  DeletedOffsets out;
  if (group.state() != GroupState::empty && group.protocol_type() != consumer_protocol) {
    out.error = Errc::non_empty_group;
    return out;
  }
  for (const auto& [topic, partitions] : topics) {
    auto& answered = out.topics.emplace_back(DeletedOffsets::Topic{topic, {}});
    const bool subscribed = group.is_subscribed_to(topic);
    for (const auto partition : partitions) {
      answered.partitions.push_back({partition, subscribed ? Errc::group_subscribed_to_topic : Errc::none});
      if (!subscribed && committed_.find(topic, partition)) step.write(tombstone(topic, partition));
    }
  }
  return out;
}

void GroupOffsets::remove_topic(const std::string& topic, Step& step) {
  std::vector<std::int32_t> partitions;
  committed_.for_each_of(topic, [&](auto partition, const CommittedOffset&) { partitions.push_back(partition); });
  for (const auto partition : partitions) step.write(tombstone(topic, partition));
}

void GroupOffsets::remove_all(Step& step) {
  std::vector<OffsetRecord> records;
  committed_.for_each([&](const std::string& topic, std::int32_t partition, const CommittedOffset&) {
    records.push_back(tombstone(topic, partition));
  });
  for (auto& record : records) step.write(std::move(record));
}

void GroupOffsets::expire(const ClassicGroup& group, const Settings& settings, Step& step) {
  const RetentionStart start(group);
  if (!start.any_expires()) return;
  std::vector<OffsetRecord> records;
  committed_.for_each([&](const std::string& topic, std::int32_t partition, const CommittedOffset& offset) {
    if (has_expired(offset, start, step.now.wall, settings.offsets_retention) && !group.is_subscribed_to(topic))
      records.push_back(tombstone(topic, partition));
  });
  for (auto& record : records) step.write(std::move(record));
}

void GroupOffsets::apply(const OffsetRecord& record) {
  const auto& [group, topic, partition] = record.key;
  if (!record.value) return committed_.erase(topic, partition);
  const auto& value = *record.value;
  committed_.set(topic, partition,
                 {value.offset, value.leader_epoch, value.commit_timestamp, value.expire_timestamp, value.metadata});
}

OffsetRecord GroupOffsets::tombstone(const std::string& topic, std::int32_t partition) const {
  return {{group_, topic, partition}, std::nullopt};
}

}  // namespace leat::group
