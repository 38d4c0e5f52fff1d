#include <algorithm>

#include "base/errors.h"
#include "client/consumer_core.h"

namespace leat::client {
namespace {

constexpr std::size_t longest_topic_name = 249;

Error no_group() { return {Errc::invalid_group_id, "ConsumerOptions::group is empty"}; }

}  // namespace

// --- What the program says of its group, and of its partitions by name. The user's thread ---------------------------

void ConsumerCore::subscribe(const std::vector<std::string>& topics, RebalanceListener listener) {
  subscription_error_.reset();
  if (topics.empty()) return unsubscribe();
  if (!group_) subscription_error_ = no_group();
  if (group_ && options_.assignors.empty())
    subscription_error_ = Error{Errc::inconsistent_group_protocol, "ConsumerOptions::assignors is empty"};
  for (const std::string& topic : topics)
    if (topic.empty() || topic.size() > longest_topic_name)
      subscription_error_ = Error{Errc::invalid_topic_exception, "'" + topic + "' is no name of a topic"};
  if (subscription_error_ || group_->is_calling()) return;
  group_->subscribe({topics.begin(), topics.end()}, std::move(listener));
}

std::vector<std::string> ConsumerCore::subscription() const {
  return group_ ? std::vector(group_->topics().begin(), group_->topics().end()) : std::vector<std::string>();
}

void ConsumerCore::unsubscribe() {
  subscription_error_.reset();
  if (!group_) return set_assigned({});
  if (!group_->is_calling()) group_->unsubscribe();
}

Result<void> ConsumerCore::commit(const std::optional<Offsets>& offsets) {
  if (!group_) return no_group();
  return group_->commit(offsets ? *offsets : positions(), call_deadline());
}

void ConsumerCore::commit_async(const std::optional<Offsets>& offsets, CommitCallback done) {
  if (group_) return group_->commit_async(offsets ? *offsets : positions(), std::move(done));
  subscription_error_ = no_group();
}

Result<Offsets> ConsumerCore::committed(const std::vector<TopicPartition>& partitions) {
  if (!group_) return no_group();
  return group_->committed(partitions, call_deadline());
}

ConsumerGroupMetadata ConsumerCore::group_metadata() const {
  return group_ ? group_->metadata() : ConsumerGroupMetadata{};
}

void ConsumerCore::set_assigned(const std::vector<TopicPartition>& partitions) {
  std::lock_guard lock(mutex_);
  replace(partitions);
}

void ConsumerCore::rewind(Assigned& assigned) {
  if (assigned.position) start(assigned, assigned.position, earliest_timestamp);
}

void ConsumerCore::hold(const std::vector<TopicPartition>& partitions) {
  std::lock_guard lock(mutex_);
  for (const TopicPartition& partition : partitions)
    if (const auto found = assigned_.find(partition); found != assigned_.end()) {
      found->second.is_held = true;
      rewind(found->second);
    }
}

Offsets ConsumerCore::positions() const {
  std::lock_guard lock(mutex_);
  Offsets offsets;
  for (const auto& [partition, assigned] : assigned_)
    if (assigned.position) offsets[partition] = {.offset = *assigned.position};
  return offsets;
}

Result<void> ConsumerCore::pause(const std::vector<TopicPartition>& partitions, bool is_paused) {
  std::lock_guard lock(mutex_);
  LEAT_CHECK(check_open());
  for (const TopicPartition& partition : partitions)
    if (!assigned_.contains(partition))
      return Error{Errc::invalid_argument, partition.to_string() + " is not assigned"};
  for (const TopicPartition& partition : partitions) {
    Assigned& assigned = assigned_.at(partition);
    if (is_paused && !assigned.is_paused) rewind(assigned);
    assigned.is_paused = is_paused;
  }
  return {};
}

std::vector<TopicPartition> ConsumerCore::paused() const {
  std::lock_guard lock(mutex_);
  std::vector<TopicPartition> result;
  for (const auto& [partition, assigned] : assigned_)
    if (assigned.is_paused) result.push_back(partition);
  return result;
}

std::optional<std::int64_t> ConsumerCore::lag(const TopicPartition& partition) const {
  std::lock_guard lock(mutex_);
  const auto found = assigned_.find(partition);
  if (found == assigned_.end() || !found->second.position || !found->second.end) return std::nullopt;
  // A record may be read before an answer tells that the end has moved past it.
  return std::max<std::int64_t>(*found->second.end - *found->second.position, 0);
}

}  // namespace leat::client
