#include "quorum/fetch_service.h"

#include <algorithm>

#include "base/errors.h"

namespace leat::quorum {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using protocol::FetchSnapshotRequest;
using protocol::FetchSnapshotResponse;

constexpr const char* topic_name = "__cluster_metadata";
/// Replicas that are remembered; whoever is not a node of this cluster shall not make it more.
constexpr std::size_t replicas_max = 10'000;

/// The one partition that may be asked for.
const FetchRequest::FetchPartition* only_partition(const FetchRequest& request) {
  if (request.topics.size() != 1 || request.topics[0].partitions.size() != 1) return nullptr;
  const auto& topic = request.topics[0];
  const bool is_it = topic.topic_id == Uuid::metadata_topic() || topic.topic == topic_name;
  return is_it && topic.partitions[0].partition == 0 ? &topic.partitions[0] : nullptr;
}

const FetchSnapshotRequest::PartitionSnapshot* only_partition(const FetchSnapshotRequest& request) {
  if (request.topics.size() != 1 || request.topics[0].partitions.size() != 1) return nullptr;
  return request.topics[0].name == topic_name && request.topics[0].partitions[0].partition == 0
             ? &request.topics[0].partitions[0]
             : nullptr;
}

template <class Response>
Response refusal(Errc error) {
  Response response;
  response.error_code = wire_code(error);
  return response;
}

template <class Request>
Errc check(const Request& request, const std::string& cluster_id) {
  if (request.cluster_id && *request.cluster_id != cluster_id) return Errc::inconsistent_cluster_id;
  return only_partition(request) ? Errc::none : Errc::invalid_request;
}

}  // namespace

FetchService::FetchService(Executor& executor, const Clock& clock, const MetadataLog& log, Options options)
    : executor_(executor), clock_(clock), log_(log), options_(std::move(options)) {}

void FetchService::fetch(const FetchRequest& request, FetchDone done) {
  if (const Errc error = check(request, options_.cluster_id); error != Errc::none)
    return done(refusal<FetchResponse>(error));
  const auto& asked = *only_partition(request);
  note(request);
  auto waiting = std::make_shared<Waiting>();
  waiting->ask = {.from = asked.fetch_offset,
                  .leader_epoch = asked.current_leader_epoch,
                  .last_fetched_epoch = asked.last_fetched_epoch,
                  .max_bytes = std::min(options_.fetch_bytes_max, static_cast<std::size_t>(std::max(request.max_bytes, 0)))};
  waiting->high_watermark = asked.high_watermark;
  waiting->deadline = executor_.now() + std::clamp<Duration>(std::chrono::milliseconds(request.max_wait_ms), Duration(0),
                                                             options_.wait_max);
  waiting->done = std::move(done);
  wait(std::move(waiting));
}

/// Whatever happens after it has been queued is seen by who wakes it, and what happened before by the try.
void FetchService::wait(std::shared_ptr<Waiting> waiting) {
  {
    std::lock_guard lock(mutex_);
    if (!closed_) waiting_.push_back(waiting);
  }
  auto answer = try_fetch(*waiting, waiting->deadline <= executor_.now());
  {
    std::lock_guard lock(mutex_);
    if (closed_) answer = refusal<FetchResponse>(Errc::broker_not_available);
    const bool was_taken = std::erase(waiting_, waiting) == 0 && !closed_;
    if (was_taken) return;
    if (!answer) {
      waiting_.push_back(waiting);
      if (waiting->timer == TimerId::none)
        waiting->timer = executor_.at(waiting->deadline, [weak = weak_from_this(), waiting] {
          const auto self = weak.lock();
          if (!self) return;
          {
            std::lock_guard again(self->mutex_);
            if (std::erase(self->waiting_, waiting) == 0) return;
          }
          self->wait(waiting);
        });
      return;
    }
    if (waiting->timer != TimerId::none) executor_.cancel(waiting->timer);
  }
  waiting->done(std::move(*answer));
}

void FetchService::advanced() {
  std::list<std::shared_ptr<Waiting>> woken;
  {
    std::lock_guard lock(mutex_);
    woken.swap(waiting_);
  }
  for (auto& waiting : woken) wait(std::move(waiting));
}

void FetchService::close() {
  std::list<std::shared_ptr<Waiting>> left;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(waiting_);
    for (const auto& waiting : left)
      if (waiting->timer != TimerId::none) executor_.cancel(waiting->timer);
  }
  for (const auto& waiting : left) waiting->done(refusal<FetchResponse>(Errc::broker_not_available));
}

std::optional<FetchResponse> FetchService::try_fetch(const Waiting& waiting, bool is_last_try) const {
  MetadataLog::Answer answer = log_.fetch(waiting.ask);
  const bool is_news = answer.error != Errc::none || answer.snapshot || answer.diverging || answer.range.bytes > 0 ||
                       answer.high_watermark > waiting.high_watermark;
  if (!is_news && !is_last_try) return std::nullopt;
  return respond(std::move(answer));
}

FetchResponse FetchService::respond(MetadataLog::Answer answer) const {
  FetchResponse response;
  auto& topic = response.responses.emplace_back();
  topic.topic = topic_name;
  topic.topic_id = Uuid::metadata_topic();
  auto& data = topic.partitions.emplace_back();
  data.error_code = wire_code(answer.error);
  data.high_watermark = answer.high_watermark;
  data.log_start_offset = answer.log_start;
  data.current_leader = {options_.node_id, log_.epoch()};
  if (answer.snapshot) data.snapshot_id = {answer.snapshot->end, answer.snapshot->epoch};
  if (answer.diverging) data.diverging_epoch = {answer.diverging->epoch, answer.diverging->end};
  data.records = Payload::of(std::move(answer.range.slices));
  if (!options_.endpoint.host.empty())
    response.node_endpoints.push_back({options_.node_id, options_.endpoint.host, options_.endpoint.port, std::nullopt});
  return response;
}

void FetchService::note(const FetchRequest& request) {
  const auto& asked = *only_partition(request);
  const NodeId id = request.replica_state.replica_id >= 0 ? request.replica_state.replica_id : request.replica_id;
  if (id < 0) return;
  const Offset end = log_.high_watermark();
  const TimestampMs now = clock_.wall_ms();
  std::lock_guard lock(mutex_);
  const std::pair key{id, asked.replica_directory_id};
  if (!replicas_.contains(key) && replicas_.size() >= replicas_max) return;
  Replica& replica = replicas_[key];
  replica.log_end = asked.fetch_offset;
  replica.fetched_at = now;
  if (asked.fetch_offset >= end) replica.caught_up_at = now;
}

FetchSnapshotResponse FetchService::fetch_snapshot(const FetchSnapshotRequest& request) const {
  if (const Errc error = check(request, options_.cluster_id); error != Errc::none)
    return refusal<FetchSnapshotResponse>(error);
  const auto& asked = *only_partition(request);
  FetchSnapshotResponse response;
  auto& topic = response.topics.emplace_back();
  topic.name = topic_name;
  auto& data = topic.partitions.emplace_back();
  data.snapshot_id = {asked.snapshot_id.end_offset, asked.snapshot_id.epoch};
  data.current_leader = {options_.node_id, log_.epoch()};
  data.position = asked.position;
  data.unaligned_records = Payload(Bytes(nullptr, 0));
  if (!options_.endpoint.host.empty())
    response.node_endpoints.push_back({options_.node_id, options_.endpoint.host, options_.endpoint.port});
  if (asked.current_leader_epoch != log_.epoch()) {
    data.error_code =
        wire_code(asked.current_leader_epoch < log_.epoch() ? Errc::fenced_leader_epoch : Errc::unknown_leader_epoch);
    return response;
  }
  const std::size_t max =
      std::min(options_.snapshot_bytes_max, static_cast<std::size_t>(std::max(request.max_bytes, 0)));
  auto piece = log_.read_snapshot({asked.snapshot_id.end_offset, asked.snapshot_id.epoch}, asked.position, max);
  if (piece) {
    data.size = static_cast<std::int64_t>(piece->size);
    data.unaligned_records = std::move(piece->bytes);
  } else {
    data.error_code = wire_code(piece.error().code);
  }
  return response;
}

protocol::DescribeQuorumResponse FetchService::describe(const protocol::DescribeQuorumRequest& request, std::int16_t version) const {
  protocol::DescribeQuorumResponse response;
  const bool is_it = request.topics.size() == 1 && request.topics[0].topic_name == topic_name &&
                     request.topics[0].partitions.size() == 1 && request.topics[0].partitions[0].partition_index == 0;
  if (!is_it) return refusal<protocol::DescribeQuorumResponse>(Errc::invalid_request);
  auto& topic = response.topics.emplace_back();
  topic.topic_name = topic_name;
  auto& data = topic.partitions.emplace_back();
  data.leader_id = options_.node_id;
  data.leader_epoch = log_.epoch();
  data.high_watermark = log_.high_watermark();
  const bool has_directories = version >= 2;
  const auto add = [&](auto& list, NodeId id, const Uuid& directory, const Replica& state) {
    list.push_back({id, has_directories ? directory : Uuid(), state.log_end, state.fetched_at, state.caught_up_at});
  };
  const TimestampMs now = clock_.wall_ms();
  const Replica own{log_.end(), now, now};
  if (log_.voters().empty()) add(data.current_voters, options_.node_id, {}, own);
  for (const Voter& voter : log_.voters())
    add(data.current_voters, voter.id, voter.directory_id, voter.id == options_.node_id ? own : Replica());
  if (has_directories)
    for (const Voter& voter : log_.voters()) {
      auto& node = response.nodes.emplace_back();
      node.node_id = voter.id;
      for (const VoterEndpoint& endpoint : voter.endpoints)
        node.listeners.push_back({endpoint.listener, endpoint.host, endpoint.port});
    }
  std::lock_guard lock(mutex_);
  for (const auto& [key, replica] : replicas_) add(data.observers, key.first, key.second, replica);
  return response;
}

}  // namespace leat::quorum
