#include <algorithm>

#include "base/errors.h"
#include "client/batch_outcome.h"
#include "client/consumer_core.h"

namespace leat::client {
namespace {

constexpr std::int16_t last_fetch_version_with_names = 12;

std::int32_t milliseconds(std::chrono::nanoseconds span) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(ms, 0, INT32_MAX));
}

}  // namespace

/// Sends every question that is open and may be asked now.
void ConsumerCore::ask() {
  const auto view = cluster_->view();
  const Instant now = executor_.now();
  std::map<NodeId, Question> fetches, look_ups;
  Question committed;
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return;
    for (auto& [partition, assigned] : assigned_) {
      if (assigned.is_asked || assigned.retry_at > now || assigned.has_no_place) continue;
      if (assigned.needs_committed) {
        committed.push_back({partition, {}, assigned.generation, no_epoch, 0});
        assigned.is_asked = true;
        continue;
      }
      if (!assigned.reset_to && (assigned.is_paused || assigned.is_held)) continue;
      const PartitionView* leader = leader_of(*view, partition);
      if (!leader) continue;
      Asked asked{partition, view->topic(partition.topic)->id, assigned.generation, leader->leader_epoch, 0};
      if (assigned.reset_to) {
        asked.value = *assigned.reset_to;
        look_ups[leader->leader].push_back(std::move(asked));
      } else if (fetching_.contains(leader->leader) || unread_[leader->leader] >= 2) {
        continue;
      } else {
        asked.value = assigned.fetch_from;
        fetches[leader->leader].push_back(std::move(asked));
      }
      assigned.is_asked = true;
    }
    for (const auto& [node, question] : fetches) fetching_.insert(node);
  }
  if (!committed.empty()) look_up_committed(std::make_shared<const Question>(std::move(committed)));
  for (auto& [node, question] : look_ups) look_up(node, std::make_shared<const Question>(std::move(question)));
  for (auto& [node, question] : fetches) fetch(node, std::make_shared<const Question>(std::move(question)));
}

/// Null while nobody is known to lead; then the metadata is on its way.
const PartitionView* ConsumerCore::leader_of(const ClusterView& view, const TopicPartition& partition) {
  const PartitionView* found = view.partition(partition.topic, partition.partition);
  if (found && found->leader >= 0 && view.node(found->leader)) return found;
  const TopicView* topic = view.topic(partition.topic);
  if (topic && topic->error != Errc::none && !is_retriable(topic->error) && errors_.empty())
    errors_.push_back({topic->error, "topic " + partition.topic});
  cluster_->refresh();
  return nullptr;
}

void ConsumerCore::fetch(NodeId node, std::shared_ptr<const Question> question) {
  const bool has_ids = std::ranges::none_of(*question, [](const Asked& asked) { return asked.topic_id.is_zero(); });
  Call call;
  call.schema = &protocol::FetchRequest::schema();
  call.version_max = has_ids ? INT16_MAX : last_fetch_version_with_names;
  call.deadline = cluster_->request_deadline() + options_.fetch_max_wait;
  call.build = [question, &options = options_, keep = shared_from_this()](std::int16_t version) {
    protocol::FetchRequest request;
    request.max_wait_ms = milliseconds(options.fetch_max_wait);
    request.min_bytes = options.fetch_min_bytes;
    request.max_bytes = options.fetch_max_bytes;
    // A question is sorted by topic.
    for (const Asked& asked : *question) {
      if (request.topics.empty() || &asked == question->data() ||
          (&asked)[-1].partition.topic != asked.partition.topic) {
        auto& topic = request.topics.emplace_back();
        if (version > last_fetch_version_with_names)
          topic.topic_id = asked.topic_id;
        else
          topic.topic = asked.partition.topic;
      }
      auto& partition = request.topics.back().partitions.emplace_back();
      partition.partition = asked.partition.partition;
      partition.current_leader_epoch = asked.leader_epoch;
      partition.fetch_offset = asked.value;
      partition.partition_max_bytes = options.max_partition_fetch_bytes;
    }
    return protocol::AnyMessage(std::move(request));
  };
  call.done = [self = weak_from_this(), node, question](Result<Reply> reply) {
    if (auto consumer = self.lock()) consumer->on_fetched(node, *question, std::move(reply));
  };
  cluster_->send(node, Lane::data, std::move(call));
}

void ConsumerCore::on_fetched(NodeId node, const Question& question, Result<Reply> reply) {
  auto* response = reply ? reply->get<protocol::FetchResponse>() : nullptr;
  Error failure{Errc::none, {}};
  if (!reply)
    failure = reply.error();
  else if (!response)
    failure = {Errc::network_exception, "the answer to Fetch is of another kind"};
  else if (response->error_code != 0)
    failure = {static_cast<Errc>(response->error_code), "fetching"};
  // Reading files before the lock is taken: the caller may be working on the last answer meanwhile.
  if (response)
    for (auto& topic : response->responses)
      for (auto& partition : topic.partitions)
        if (partition.records.is_in_files()) {
          auto read = partition.records.in_memory();
          if (!read && failure.code == Errc::none) failure = std::move(read).error();
          if (read) partition.records = std::move(read).value();
        }
  {
    std::lock_guard lock(mutex_);
    fetching_.erase(node);
    auto answer = std::make_shared<Answer>(Answer{node, 0});
    for (const Asked& asked : question) {
      const protocol::FetchResponse::PartitionData* data = nullptr;
      if (failure.code == Errc::none)
        for (const auto& topic : response->responses) {
          if (topic.topic.empty() ? topic.topic_id != asked.topic_id : topic.topic != asked.partition.topic) continue;
          for (const auto& partition : topic.partitions)
            if (partition.partition_index == asked.partition.partition) data = &partition;
        }
      if (data) {
        take_partition(asked, answer, *data);
      } else if (Assigned* assigned = still_asked(asked)) {
        if (failure.code != Errc::none)
          on_partition_error(asked.partition, *assigned, failure);
      }
    }
    if (answer->parts > 0) ++unread_[node];
  }
  arrived();
}

void ConsumerCore::take_partition(const Asked& asked, const std::shared_ptr<Answer>& answer,
                                  const protocol::FetchResponse::PartitionData& data) {
  Assigned* assigned = still_asked(asked);
  if (!assigned) return;
  if (data.error_code != 0)
    return on_partition_error(asked.partition, *assigned, {static_cast<Errc>(data.error_code), {}});
  if (data.high_watermark >= 0) assigned->end = data.high_watermark;
  if (data.records.empty()) return;
  assigned->fetch_from = end_of(data.records.memory(), asked.value);
  ++answer->parts;
  parts_.push_back({asked.partition, asked.generation, answer,
                    FetchedPartition(*topics_->find(asked.partition.topic), asked.partition.partition, asked.value,
                                     data.records)});
}

/// The partition, unless it has been given up or moved since it was asked for.
ConsumerCore::Assigned* ConsumerCore::still_asked(const Asked& asked) {
  const auto found = assigned_.find(asked.partition);
  if (found == assigned_.end() || found->second.generation != asked.generation) return nullptr;
  found->second.is_asked = false;
  return &found->second;
}

void ConsumerCore::pause(Assigned& assigned) { assigned.retry_at = executor_.now() + options_.retry_backoff; }

void ConsumerCore::on_partition_error(const TopicPartition& partition, Assigned& assigned, Error error) {
  if (wants_fresh_metadata(error.code)) cluster_->refresh();
  if (error.code == Errc::offset_out_of_range && options_.auto_offset_reset != OffsetReset::none) {
    start(assigned, std::nullopt, reset_timestamp());
    return;
  }
  pause(assigned);
  if (!is_retriable(error.code)) errors_.push_back(wrap(std::move(error), "fetching " + partition.to_string()));
}

BuildRequest ConsumerCore::build_look_up(std::shared_ptr<const Question> question) const {
  return [question = std::move(question), timeout = options_.request_timeout](std::int16_t) {
    protocol::ListOffsetsRequest request;
    request.replica_id = -1;
    request.timeout_ms = milliseconds(timeout);
    for (const Asked& asked : *question) {
      if (request.topics.empty() || request.topics.back().name != asked.partition.topic)
        request.topics.emplace_back().name = asked.partition.topic;
      auto& partition = request.topics.back().partitions.emplace_back();
      partition.partition_index = asked.partition.partition;
      partition.current_leader_epoch = asked.leader_epoch;
      partition.timestamp = asked.value;
    }
    return protocol::AnyMessage(std::move(request));
  };
}

void ConsumerCore::look_up(NodeId node, std::shared_ptr<const Question> question) {
  Call call;
  call.schema = &protocol::ListOffsetsRequest::schema();
  call.deadline = cluster_->request_deadline();
  call.build = build_look_up(question);
  call.done = [self = weak_from_this(), question](Result<Reply> reply) {
    if (auto consumer = self.lock()) consumer->on_looked_up(*question, std::move(reply));
  };
  cluster_->send(node, Lane::coordination, std::move(call));
}

void ConsumerCore::on_looked_up(const Question& question, Result<Reply> reply) {
  const auto found = offsets_in(question, std::move(reply));
  {
    std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < question.size(); ++i) {
      Assigned* assigned = still_asked(question[i]);
      if (!assigned) continue;
      if (!found[i]) {
        on_partition_error(question[i].partition, *assigned, found[i].error());
        continue;
      }
      assigned->reset_to.reset();
      assigned->position = assigned->fetch_from = found[i]->offset;
    }
  }
  arrived();
}

void ConsumerCore::look_up_committed(std::shared_ptr<const Question> question) {
  std::vector<TopicPartition> partitions;
  for (const Asked& asked : *question) partitions.push_back(asked.partition);
  group_->offsets()->fetch(std::move(partitions), call_deadline(),
                           [self = weak_from_this(), question](Result<Offsets> offsets) {
                             if (auto consumer = self.lock()) consumer->on_committed(*question, std::move(offsets));
                           });
}

void ConsumerCore::on_committed(const Question& question, Result<Offsets> offsets) {
  {
    std::lock_guard lock(mutex_);
    bool is_told = is_closed_;
    for (const Asked& asked : question) {
      Assigned* assigned = still_asked(asked);
      if (!assigned) continue;
      if (!offsets) {
        // One question, one error, however many partitions it was about.
        pause(*assigned);
        if (!is_retriable(offsets.error().code) && !std::exchange(is_told, true)) errors_.push_back(offsets.error());
        continue;
      }
      assigned->needs_committed = false;
      if (const auto found = offsets->find(asked.partition); found != offsets->end()) {
        assigned->reset_to.reset();
        assigned->position = assigned->fetch_from = found->second.offset;
      } else if (options_.auto_offset_reset == OffsetReset::none) {
        assigned->has_no_place = true;
        errors_.push_back({Errc::offset_out_of_range, "no committed offset for " + asked.partition.to_string()});
      }
    }
  }
  arrived();
}

/// The answer to each question, in order.
std::vector<Result<ConsumerCore::Found>> ConsumerCore::offsets_in(const Question& question, Result<Reply> reply) {
  std::vector<Result<Found>> result;
  const auto* response = reply ? reply->get<protocol::ListOffsetsResponse>() : nullptr;
  for (const Asked& asked : question) {
    Result<Found> found = reply ? Error{Errc::network_exception, "the broker's answer left the partition out"}
                                : reply.error();
    if (response)
      for (const auto& topic : response->topics) {
        if (topic.name != asked.partition.topic) continue;
        for (const auto& partition : topic.partitions) {
          if (partition.partition_index != asked.partition.partition) continue;
          if (partition.error_code != 0)
            found = Error{static_cast<Errc>(partition.error_code), "looking up offsets"};
          else
            found = Found{partition.offset, partition.timestamp};
        }
      }
    result.push_back(std::move(found));
  }
  return result;
}

Result<std::map<TopicPartition, ConsumerCore::Found>> ConsumerCore::find_offsets(
    std::map<TopicPartition, TimestampMs> wanted) {
  const Instant deadline = call_deadline();
  std::map<TopicPartition, Found> result;
  Error last{Errc::timed_out, "nobody leads the partition"};
  for (bool is_first = true; !wanted.empty(); is_first = false) {
    std::shared_ptr<Event> arrival;
    std::map<NodeId, Question> by_leader;
    const auto view = cluster_->view();
    {
      std::lock_guard lock(mutex_);
      if (is_closed_) return Error{Errc::closed, "the consumer was closed"};
      arrival = next_arrival();
    }
    for (const auto& [partition, timestamp] : wanted) {
      const PartitionView* found = view->partition(partition.topic, partition.partition);
      if (found && found->leader >= 0 && view->node(found->leader)) {
        by_leader[found->leader].push_back(
            {partition, view->topic(partition.topic)->id, 0, found->leader_epoch, timestamp});
      } else {
        const TopicView* topic = view->topic(partition.topic);
        if (topic && topic->error != Errc::none) last = {topic->error, {}};
        cluster_->want(partition.topic);
      }
    }
    for (auto& [node, question] : by_leader) {
      auto shared = std::make_shared<const Question>(std::move(question));
      auto found = offsets_in(
          *shared, ask_and_wait(*cluster_, node, Lane::coordination, protocol::ListOffsetsRequest::schema(),
                                build_look_up(shared), deadline));
      for (std::size_t i = 0; i < shared->size(); ++i) {
        if (found[i]) {
          result[(*shared)[i].partition] = *found[i];
          wanted.erase((*shared)[i].partition);
          continue;
        }
        last = found[i].error();
        if (wants_fresh_metadata(last.code)) cluster_->refresh();
        if (!is_retriable(last.code)) return wrap(last, (*shared)[i].partition.to_string());
      }
    }
    if (wanted.empty()) break;
    const Instant now = executor_.now();
    if (now >= deadline || (!is_retriable(last.code) && !is_first))
      return wrap(last, "looking up offsets of " + wanted.begin()->first.to_string());
    executor_.wait(*arrival, std::min(deadline, now + options_.retry_backoff));
  }
  return result;
}

}  // namespace leat::client
