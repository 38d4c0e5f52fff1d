#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/wire.h"
#include "group/coordinator.h"

namespace leat::group {

/// The subscription of a consumer, as it stands in its protocol's metadata (version 0).
inline std::string subscription_to(const std::vector<std::string>& topics) {
  const auto number = [](auto value) {
    std::string out(sizeof(value), '\0');
    store_be(reinterpret_cast<std::byte*>(out.data()), value);
    return out;
  };
  std::string out = number(std::int16_t{0}) + number(static_cast<std::int32_t>(topics.size()));
  for (const auto& topic : topics) out += number(static_cast<std::int16_t>(topic.size())) + topic;
  return out + number(std::int32_t{-1});  // no user data
}

/// A member and the generation it is in.
struct Membership {
  std::string id;
  std::int32_t generation = -1;
};

/// Clients of one coordinator under virtual time. What it writes is kept as bytes, as a log would.
class Clients {
 public:
  explicit Clients(const Settings& settings = {}) : settings(settings), coordinator(replayed()) {}

  /// One event; its answers are found in `answers`.
  std::vector<Record> run(Event event) {
    auto actions = coordinator->step(std::move(event), now);
    for (const auto& record : actions.records) log.push_back(encode(record).value());
    for (auto& answer : actions.answers) {
      EXPECT_FALSE(answers.contains(answer.ticket)) << "G2";
      answers.emplace(answer.ticket, std::move(answer.body));
    }
    return std::move(actions.records);
  }
  /// What it answers at once.
  template <class Body>
  Body ask(Event event, Ticket ticket) {
    run(std::move(event));
    return take<Body>(ticket);
  }
  template <class Body>
  Body take(Ticket ticket) {
    const auto found = answers.find(ticket);
    if (found == answers.end() || !std::holds_alternative<Body>(found->second)) {
      ADD_FAILURE() << "ticket " << ticket << " has no such answer";
      return {};
    }
    return std::get<Body>(std::move(answers.extract(found).mapped()));
  }

  /// Time passes; what is due on the way happens when it is due.
  void pass(Duration duration) {
    const Instant end = now.instant + duration;
    while (coordinator->next_deadline() <= end) {
      set_time(std::max(now.instant, coordinator->next_deadline()));
      run(Tick{});
    }
    set_time(end);
  }

  Asker asker(std::int16_t version = 9) { return {++last_ticket, version, "client", "/127.0.0.1"}; }

  Join join_event(const std::string& group, const std::string& member, std::int16_t version,
                  const std::string& metadata, const std::string& type = "consumer") {
    Join event{asker(version), {}, {}};
    event.request.group_id = group;
    event.request.session_timeout_ms = 45'000;
    event.request.rebalance_timeout_ms = 60'000;
    event.request.member_id = member;
    event.request.protocol_type = type;
    event.request.protocols.push_back({"range", Payload::own(metadata)});
    event.fresh.bytes[15] = std::byte(last_ticket);
    event.fresh.bytes[14] = std::byte(last_ticket >> 8);
    return event;
  }
  /// To be answered at once, or after the delay of a first rebalance.
  protocol::JoinGroupResponse join(const std::string& group, const std::string& member, std::int16_t version,
                                   const std::string& metadata, const std::string& type = "consumer") {
    auto event = join_event(group, member, version, metadata, type);
    const Ticket ticket = event.asker.ticket;
    run(std::move(event));
    if (!answers.contains(ticket)) pass(settings.initial_rebalance_delay);
    return take<protocol::JoinGroupResponse>(ticket);
  }
  protocol::SyncGroupResponse sync(const std::string& group, const std::string& member, std::int32_t generation,
                                   const std::string& assignment) {
    Sync event{asker(4), {}};
    event.request.group_id = group;
    event.request.generation_id = generation;
    event.request.member_id = member;
    event.request.assignments.push_back({member, Payload::own(assignment)});
    const Ticket ticket = event.asker.ticket;
    return ask<protocol::SyncGroupResponse>(std::move(event), ticket);
  }
  Errc heartbeat(const std::string& group, const std::string& member, std::int32_t generation) {
    Heartbeat event{asker(4), {}};
    event.request.group_id = group;
    event.request.generation_id = generation;
    event.request.member_id = member;
    return Errc{ask<protocol::HeartbeatResponse>(event, event.asker.ticket).error_code};
  }
  protocol::LeaveGroupResponse leave(const std::string& group, const std::string& member, std::int16_t version = 5) {
    Leave event{asker(version), {}};
    event.request.group_id = group;
    event.request.member_id = member;
    event.request.members.push_back({member, std::nullopt, std::nullopt});
    return ask<protocol::LeaveGroupResponse>(event, event.asker.ticket);
  }

  /// A group of one stable member, that reads these topics.
  Membership consume(const std::string& group, const std::vector<std::string>& topics) {
    return form(group, subscription_to(topics));
  }
  Membership form(const std::string& group, const std::string& metadata, const std::string& type = "consumer") {
    const auto joined = join(group, "", 3, metadata, type);
    EXPECT_EQ(sync(group, joined.member_id, joined.generation_id, "work").error_code, 0);
    return {joined.member_id, joined.generation_id};
  }

  CommitOffsets commit_event(const std::string& group, std::vector<CommitOffsets::Offset> offsets,
                             const Membership& member = {}) {
    CommitOffsets event;
    event.asker = asker();
    event.group = group;
    event.generation = member.generation;
    event.member_id = member.id;
    event.offsets = std::move(offsets);
    return event;
  }
  std::vector<Errc> commit(CommitOffsets event) {
    const Ticket ticket = event.asker.ticket;
    return ask<CommitOutcomes>(std::move(event), ticket).errors;
  }
  Errc commit(const std::string& group, const std::string& topic, std::int32_t partition, std::int64_t offset,
              const Membership& member = {}) {
    return commit(commit_event(group, {{topic, {}, partition, offset}}, member)).at(0);
  }

  FetchedOffsets fetch(const std::string& group, std::optional<std::vector<TopicPartitions>> topics = {}) {
    FetchOffsets event;
    event.asker = asker();
    event.group = group;
    event.topics = std::move(topics);
    return ask<FetchedOffsets>(event, event.asker.ticket);
  }
  std::int64_t committed(const std::string& group, const std::string& topic, std::int32_t partition) {
    return fetch(group, {{{topic, {partition}}}}).topics.at(0).partitions.at(0).offset;
  }
  DeletedOffsets delete_offsets(const std::string& group, std::vector<TopicPartitions> topics) {
    DeleteOffsets event{asker(), group, std::move(topics)};
    return ask<DeletedOffsets>(event, event.asker.ticket);
  }
  Errc delete_group(const std::string& group) {
    DeleteGroup event{asker(), group};
    return ask<DeletedGroup>(event, event.asker.ticket).error;
  }
  /// "name type-of-protocol State" of each.
  std::vector<std::string> list(std::vector<std::string> states = {}, std::vector<std::string> types = {}) {
    ListGroups event{asker(5), std::move(states), std::move(types)};
    std::vector<std::string> out;
    for (const auto& group : ask<ListedGroups>(event, event.asker.ticket).groups)
      out.push_back(group.group_id + " " + group.protocol_type + " " + group.group_state);
    return out;
  }
  protocol::DescribeGroupsResponse::DescribedGroup describe(const std::string& group, std::int16_t version = 6) {
    DescribeGroup event{asker(version), group};
    return ask<protocol::DescribeGroupsResponse::DescribedGroup>(event, event.asker.ticket);
  }

  /// Another coordinator that has read the log.
  std::unique_ptr<Coordinator> replayed() const {
    auto out = std::make_unique<Coordinator>(settings);
    for (const auto& record : log)
      out->apply(*decode(Bytes(record.key), record.value ? Bytes(*record.value) : Bytes()).value());
    out->begin(now);
    return out;
  }
  /// The coordinator is lost, and another takes over.
  void fail_over() { coordinator = replayed(); }

  Settings settings;
  Now now{Instant{} + std::chrono::hours(1), 1'700'000'000'000};
  std::vector<EncodedRecord> log;
  std::unique_ptr<Coordinator> coordinator;
  std::map<Ticket, AnswerBody> answers;
  Ticket last_ticket = 0;

 private:
  void set_time(Instant instant) {
    const auto passed = std::chrono::floor<std::chrono::milliseconds>(instant - now.instant);
    now.wall += passed.count();
    now.instant = instant;
  }
};

}  // namespace leat::group
