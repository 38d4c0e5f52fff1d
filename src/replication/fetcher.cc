#include "replication/fetcher.h"

#include <algorithm>
#include <limits>

#include "base/errors.h"

namespace leat::replication {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;

constexpr std::int32_t initial_session_epoch = 0;
constexpr TimestampMs latest = -1;
constexpr TimestampMs earliest = -2;

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

}  // namespace

void Fetcher::follow(const TopicPartition& partition, const Uuid& topic_id, LeaderEpoch leader_epoch) {
  Followed& followed = followed_[{topic_id, partition.partition}];
  if (leader_epoch <= followed.leader_epoch) return;
  forget_work(followed);
  followed.id = partition;
  followed.leader_epoch = leader_epoch;
  followed.not_before = {};
  followed.leader_high_watermark = no_offset;
  to_do(followed, Begin{});
}

void Fetcher::unfollow(const Uuid& topic_id, std::int32_t partition) {
  const auto found = followed_.find({topic_id, partition});
  if (found == followed_.end()) return;
  forget_work(found->second);
  if (found->second.asked) left_.push_back(found->first);
  followed_.erase(found);
}

void Fetcher::forget_work(Followed& followed) {
  if (followed.state != State::works) return;
  if (std::holds_alternative<Append>(followed.step)) --appending_;
  tickets_.erase(followed.ticket);
}

Fetcher::Actions Fetcher::next(Instant now) {
  Actions actions;
  for (auto& [key, followed] : followed_)
    if (followed.state == State::to_do && is_due(followed, now)) hand_out(key, followed, actions);
  if (!is_asking_ && not_before_ <= now) actions.request = make_request(now);
  if (!is_asking_ && not_before_ > now) actions.wake_at = not_before_;
  for (const auto& [key, followed] : followed_)
    if (followed.state != State::works && followed.state != State::failed && followed.not_before > now)
      actions.wake_at = std::min(actions.wake_at, followed.not_before);
  actions.failures = std::exchange(failures_, {});
  return actions;
}

void Fetcher::hand_out(const Key& key, Followed& followed, Actions& actions) {
  followed.state = State::works;
  followed.ticket = ++last_ticket_;
  tickets_[followed.ticket] = key;
  Work work{.ticket = followed.ticket,
            .partition = followed.id,
            .topic_id = key.first,
            .leader_epoch = followed.leader_epoch,
            .step = {}};
  if (auto* append = std::get_if<Append>(&followed.step)) {
    ++appending_;
    work.step = std::exchange(*append, {});
  } else {
    work.step = followed.step;
  }
  actions.work.push_back(std::move(work));
}

void Fetcher::finished(Instant now, std::uint64_t ticket, Result<FollowerPosition> where) {
  const auto at = tickets_.find(ticket);
  if (at == tickets_.end()) return;  // P5
  Followed& followed = followed_.at(at->second);
  const bool was_begin = std::holds_alternative<Begin>(followed.step);
  forget_work(followed);
  if (where) {
    followed.position = *where;
    followed.state = State::fetches;
  } else if (where.error().code == Errc::corrupt_message && !was_begin) {  // it came damaged: ask again
    followed.state = State::fetches;
    back_off(now, followed);
  } else if (where.error().code == Errc::not_leader_or_follower ||
             where.error().code == Errc::unknown_topic_or_partition) {  // newer metadata says so, and comes here too
    followed.state = State::failed;
  } else {
    fail(followed, std::move(where).error());
  }
}

std::optional<Fetcher::Request> Fetcher::make_request(Instant now) {
  std::optional<Request> request;
  if (auto offsets = make_list_offsets(now)) request = std::move(*offsets);
  else if (auto fetch = make_fetch(now)) request = std::move(*fetch);
  is_asking_ = request.has_value();
  return request;
}

std::optional<ListOffsetsRequest> Fetcher::make_list_offsets(Instant now) {
  ListOffsetsRequest request;
  request.replica_id = options_.self;
  for (const auto& [key, followed] : followed_) {
    const bool seeks = followed.state == State::seeks_end || followed.state == State::seeks_start;
    if (!seeks || !is_due(followed, now)) continue;
    if (request.topics.empty() || request.topics.back().name != followed.id.topic)
      request.topics.emplace_back().name = followed.id.topic;
    request.topics.back().partitions.push_back(
        {.partition_index = followed.id.partition,
         .current_leader_epoch = followed.leader_epoch,
         .timestamp = followed.state == State::seeks_end ? latest : earliest});
  }
  if (request.topics.empty()) return std::nullopt;
  return request;
}

std::optional<FetchRequest> Fetcher::make_fetch(Instant now) {
  const auto is_wanted = [&](const auto& entry) {
    return entry.second.state == State::fetches && is_due(entry.second, now);
  };
  if (appending_ > 0 || std::ranges::none_of(followed_, is_wanted)) return std::nullopt;
  FetchRequest request;
  request.replica_state = {.replica_id = options_.self, .replica_epoch = broker_epoch_};
  request.max_wait_ms = options_.max_wait_ms;
  request.min_bytes = options_.min_bytes;
  request.max_bytes = options_.max_bytes;
  request.session_id = session_id_;
  request.session_epoch = session_epoch_;
  const auto leave = [&](const Key& key) {
    auto& topics = request.forgotten_topics_data;
    if (topics.empty() || topics.back().topic_id != key.first) topics.emplace_back().topic_id = key.first;
    topics.back().partitions.push_back(key.second);
  };
  for (const Key& key : std::exchange(left_, {})) {
    const auto again = followed_.find(key);
    if (again == followed_.end()) leave(key);
    else if (!again->second.asked) again->second.asked = Asked{};  // the leader has it at some other place
  }
  for (auto& entry : followed_) {
    auto& [key, followed] = entry;
    if (!is_wanted(entry)) {
      if (followed.asked) leave(key);
      followed.asked.reset();
      continue;
    }
    const Asked place{.leader_epoch = followed.leader_epoch,
                      .from = followed.position.log_end,
                      .last_epoch = followed.position.last_epoch,
                      .log_start = followed.position.log_start};
    if (followed.asked == place) continue;
    followed.asked = place;
    if (request.topics.empty() || request.topics.back().topic_id != key.first)
      request.topics.emplace_back().topic_id = key.first;
    request.topics.back().partitions.push_back({.partition = key.second,
                                                .current_leader_epoch = place.leader_epoch,
                                                .fetch_offset = place.from,
                                                .last_fetched_epoch = place.last_epoch,
                                                .log_start_offset = place.log_start,
                                                .partition_max_bytes = options_.partition_max_bytes});
  }
  return request;
}

void Fetcher::begin_session_anew() {
  session_epoch_ = initial_session_epoch;
  left_.clear();
  for (auto& [key, followed] : followed_) followed.asked.reset();
}

void Fetcher::answered(Instant now, Result<FetchResponse> answer) {
  is_asking_ = false;
  const bool was_full = session_epoch_ == initial_session_epoch;
  const Errc error = answer ? static_cast<Errc>(answer->error_code) : answer.error().code;
  if (!answer || error != Errc::none) {
    const bool is_lost = error == Errc::fetch_session_id_not_found || error == Errc::invalid_fetch_session_epoch ||
                         error == Errc::fetch_session_topic_id_error;
    // A session may be lost at any time; all is named again at once. Anything else is given time.
    if (!answer || !is_lost || was_full) not_before_ = now + options_.backoff;
    begin_session_anew();
    return;
  }
  for (auto& topic : answer->responses)
    for (auto& data : topic.partitions) {
      const auto found = followed_.find({topic.topic_id, data.partition_index});
      if (found == followed_.end()) continue;
      Followed& followed = found->second;
      const bool is_of_now = followed.state == State::fetches && followed.asked &&
                             followed.asked->leader_epoch == followed.leader_epoch &&
                             followed.asked->from == followed.position.log_end;
      if (is_of_now) take(now, followed, data);
    }
  session_id_ = answer->session_id;
  if (session_id_ == 0) return begin_session_anew();
  session_epoch_ = session_epoch_ == std::numeric_limits<std::int32_t>::max() ? 1 : session_epoch_ + 1;
}

void Fetcher::take(Instant now, Followed& followed, FetchResponse::PartitionData& data) {
  const auto error = static_cast<Errc>(data.error_code);
  if (error == Errc::offset_out_of_range) {
    followed.state = State::seeks_end;
  } else if (error != Errc::none) {
    refused(now, followed, error);
  } else if (data.diverging_epoch.epoch >= 0 || data.diverging_epoch.end_offset >= 0) {
    to_do(followed, TruncateDiverging{{data.diverging_epoch.epoch, data.diverging_epoch.end_offset}});
  } else if (!data.records.empty() || data.high_watermark != followed.leader_high_watermark ||
             data.log_start_offset > followed.position.log_start) {
    followed.leader_high_watermark = data.high_watermark;
    to_do(followed, Append{std::move(data.records), data.high_watermark, data.log_start_offset});
  }
}

void Fetcher::answered(Instant now, Result<ListOffsetsResponse> answer) {
  is_asking_ = false;
  if (!answer) {
    not_before_ = now + options_.backoff;
    return begin_session_anew();  // it went with the connection
  }
  std::map<std::pair<std::string_view, std::int32_t>, const ListOffsetsResponse::ListOffsetsPartitionResponse*> found;
  for (const auto& topic : answer->topics)
    for (const auto& partition : topic.partitions) found[{topic.name, partition.partition_index}] = &partition;
  for (auto& [key, followed] : followed_) {
    if (followed.state != State::seeks_end && followed.state != State::seeks_start) continue;
    const auto at = found.find({followed.id.topic, followed.id.partition});
    if (at != found.end()) take(now, followed, *at->second);
  }
}

void Fetcher::take(Instant now, Followed& followed, const ListOffsetsResponse::ListOffsetsPartitionResponse& found) {
  const Offset log_end = followed.position.log_end;
  if (const auto error = static_cast<Errc>(found.error_code); error != Errc::none) {
    refused(now, followed, error);
  } else if (followed.state == State::seeks_end) {
    if (found.offset < log_end) to_do(followed, TruncateTo{found.offset});
    else followed.state = State::seeks_start;
  } else if (found.offset > log_end) {
    to_do(followed, RestartAt{found.offset});
  } else {  // the leader has what it did not have
    followed.state = State::fetches;
    back_off(now, followed);
  }
}

void Fetcher::to_do(Followed& followed, Step step) {
  followed.state = State::to_do;
  followed.step = std::move(step);
}

void Fetcher::refused(Instant now, Followed& followed, Errc error) {
  if (error == Errc::fenced_leader_epoch) fail(followed, {error, "the leader has a newer epoch"});
  else back_off(now, followed);
}

void Fetcher::fail(Followed& followed, Error error) {
  followed.state = State::failed;
  failures_.push_back({followed.id, std::move(error)});
}

void carry_out(Partition& partition, const Fetcher::Work& work, Followed done) {
  auto known = std::visit(
      Match{[&](const Fetcher::Begin&) { return partition.begin_following(work.leader_epoch, done); },
            [&](const Fetcher::Append& append) {
              return partition.append_as_follower(work.leader_epoch, append.batches.memory(), append.high_watermark,
                                                  append.log_start, done);
            },
            [&](const Fetcher::TruncateDiverging& cut) {
              return std::optional(partition.truncate_diverging(work.leader_epoch, cut.leaders));
            },
            [&](const Fetcher::TruncateTo& cut) {
              return std::optional(partition.truncate_to(work.leader_epoch, cut.offset));
            },
            [&](const Fetcher::RestartAt& at) {
              return std::optional(partition.restart_at(work.leader_epoch, at.offset));
            }},
      work.step);
  if (known) done(std::move(*known));
}

}  // namespace leat::replication
