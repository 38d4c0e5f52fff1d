#include "client/group_offsets.h"

#include <algorithm>

#include "base/errors.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_fetch.h"

namespace leat::client {
namespace {

constexpr std::int16_t last_version_with_names = 9;
constexpr std::int16_t first_fetch_version_with_groups = 8;
constexpr std::int16_t first_fetch_version_with_stable = 7;
constexpr std::int16_t first_commit_version_with_instance = 7;

protocol::AnyMessage fetch_request(const std::string& group, const std::vector<TopicPartition>& partitions,
                                   std::int16_t version) {
  protocol::OffsetFetchRequest request;
  // What a transaction is about to replace is waited for.
  request.require_stable = version >= first_fetch_version_with_stable;
  const auto add = [&](auto& topics) {
    for (const TopicPartition& partition : partitions) {
      if (topics.empty() || topics.back().name != partition.topic) topics.emplace_back().name = partition.topic;
      topics.back().partition_indexes.push_back(partition.partition);
    }
  };
  if (version >= first_fetch_version_with_groups) {
    auto& asked = request.groups.emplace_back();
    asked.group_id = group;
    add(asked.topics.emplace());
  } else {
    request.group_id = group;
    add(request.topics.emplace());
  }
  return request;
}

Result<void> check(std::int16_t code, const std::string& what) {
  if (code != 0) return Error{static_cast<Errc>(code), what};
  return {};
}

Result<Offsets> read_offsets(const std::string& group, Result<Reply> reply) {
  if (!reply) return std::move(reply).error();
  const auto* answer = reply->get<protocol::OffsetFetchResponse>();
  if (!answer) return Error{Errc::network_exception, "the answer to OffsetFetch is of another kind"};
  Offsets offsets;
  const auto read = [&](const auto& topics) -> Result<void> {
    for (const auto& topic : topics)
      for (const auto& from : topic.partitions) {
        const TopicPartition partition{topic.name, from.partition_index};
        LEAT_CHECK(check(from.error_code, partition.to_string()));
        if (from.committed_offset >= 0)
          offsets[partition] = {from.committed_offset, from.committed_leader_epoch, from.metadata.value_or("")};
      }
    return {};
  };
  LEAT_CHECK(check(answer->error_code, "group " + group));
  LEAT_CHECK(read(answer->topics));
  for (const auto& found : answer->groups) {
    LEAT_CHECK(check(found.error_code, "group " + group));
    LEAT_CHECK(read(found.topics));
  }
  return offsets;
}

protocol::AnyMessage commit_request(const std::string& group, const CommitAs& as, const Offsets& offsets,
                                    std::int16_t version) {
  protocol::OffsetCommitRequest request;
  request.group_id = group;
  request.member_id = as.member_id;
  request.generation_id_or_member_epoch = as.generation;
  if (!as.instance_id.empty() && version >= first_commit_version_with_instance)
    request.group_instance_id = as.instance_id;
  for (const auto& [partition, offset] : offsets) {
    if (request.topics.empty() || request.topics.back().name != partition.topic)
      request.topics.emplace_back().name = partition.topic;
    auto& to = request.topics.back().partitions.emplace_back();
    to.partition_index = partition.partition;
    to.committed_offset = offset.offset;
    to.committed_leader_epoch = offset.leader_epoch;
    to.committed_metadata = offset.metadata;
  }
  return request;
}

/// The first error that no retry cures; else the first.
Result<void> read_commit(Result<Reply> reply) {
  if (!reply) return std::move(reply).error();
  const auto* answer = reply->get<protocol::OffsetCommitResponse>();
  if (!answer) return Error{Errc::network_exception, "the answer to OffsetCommit is of another kind"};
  Result<void> outcome;
  for (const auto& topic : answer->topics)
    for (const auto& partition : topic.partitions) {
      auto one = check(partition.error_code, TopicPartition{topic.name, partition.partition_index}.to_string());
      if (!one && (outcome || (is_retriable(outcome.error().code) && !is_retriable(one.error().code))))
        outcome = std::move(one);
    }
  return outcome;
}

}  // namespace

bool GroupOffsets::again(const Error& error, Instant deadline, Duration pause, std::function<void()> attempt) {
  Executor& executor = coordinator_->cluster().executor();
  const Instant when = executor.now() + pause;
  if (!coordinator_->is_cured_by_retry(error.code) || when >= deadline) return false;
  executor.at(when, std::move(attempt));
  return true;
}

void GroupOffsets::fetch(std::vector<TopicPartition> partitions, Instant deadline,
                         std::function<void(Result<Offsets>)> done) {
  std::ranges::sort(partitions);
  fetch(std::move(partitions), deadline, Backoff(coordinator_->cluster().options().retry_backoff), std::move(done));
}

void GroupOffsets::fetch(std::vector<TopicPartition> partitions, Instant deadline, Backoff backoff,
                         std::function<void(Result<Offsets>)> done) {
  Call call;
  call.schema = &protocol::OffsetFetchRequest::schema();
  call.version_max = last_version_with_names;
  call.deadline = std::min(deadline, coordinator_->cluster().request_deadline());
  call.build = [group = coordinator_->group(), partitions](std::int16_t version) {
    return fetch_request(group, partitions, version);
  };
  call.done = [self = shared_from_this(), partitions, deadline, backoff, done](Result<Reply> reply) mutable {
    auto offsets = read_offsets(self->coordinator_->group(), std::move(reply));
    const Duration pause = backoff.next();
    if (!offsets && self->again(offsets.error(), deadline, pause, [self, partitions, deadline, backoff, done] {
          self->fetch(partitions, deadline, backoff, done);
        }))
      return;
    if (!offsets) offsets = wrap(std::move(offsets).error(), "asking for committed offsets");
    done(std::move(offsets));
  };
  // Not behind a JoinGroup.
  coordinator_->send(Lane::coordination, std::move(call));
}

void GroupOffsets::commit_once(CommitAs as, Offsets offsets, Instant deadline, std::function<void(Result<void>)> done) {
  Call call;
  call.schema = &protocol::OffsetCommitRequest::schema();
  call.version_max = last_version_with_names;
  call.deadline = std::min(deadline, coordinator_->cluster().request_deadline());
  call.build = [group = coordinator_->group(), as = std::move(as), offsets = std::move(offsets)](std::int16_t version) {
    return commit_request(group, as, offsets, version);
  };
  call.done = [self = shared_from_this(), done = std::move(done)](Result<Reply> reply) {
    auto outcome = read_commit(std::move(reply));
    if (!outcome) {
      (void)self->coordinator_->is_cured_by_retry(outcome.error().code);
      outcome = wrap(std::move(outcome).error(), "committing offsets");
    }
    done(std::move(outcome));
  };
  coordinator_->send(Lane::group, std::move(call));
}

void GroupOffsets::commit(CommitAs as, Offsets offsets, Instant deadline, std::function<void(Result<void>)> done) {
  commit(std::move(as), std::move(offsets), deadline, Backoff(coordinator_->cluster().options().retry_backoff),
         std::move(done));
}

void GroupOffsets::commit(CommitAs as, Offsets offsets, Instant deadline, Backoff backoff,
                          std::function<void(Result<void>)> done) {
  auto retry = [self = shared_from_this(), as, offsets, deadline, backoff, done](Result<void> outcome) mutable {
    const Duration pause = backoff.next();
    if (!outcome && self->again(outcome.error(), deadline, pause, [self, as, offsets, deadline, backoff, done] {
          self->commit(as, offsets, deadline, backoff, done);
        }))
      return;
    done(std::move(outcome));
  };
  commit_once(std::move(as), std::move(offsets), deadline, std::move(retry));
}

}  // namespace leat::client
