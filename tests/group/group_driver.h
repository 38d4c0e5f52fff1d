#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "group/classic_group.h"

namespace leat::group {

using Protocols = std::vector<std::pair<std::string, std::string>>;
using Assignments = std::map<std::string, std::string>;

struct JoinArgs {
  std::string member = "";
  std::optional<std::string> instance = {};
  Protocols protocols = {{"range", "meta"}};
  std::int16_t version = 9;
  int session_ms = 10'000;
  int rebalance_ms = 60'000;
  std::string type = "consumer";
  std::string client = "client";
};
struct SyncArgs {
  std::string member;
  std::int32_t generation = 1;
  Assignments assignments = {};
  std::optional<std::string> instance = {};
  std::int16_t version = 5;
  std::optional<std::string> type = "consumer";
  std::optional<std::string> protocol = "range";
};

/// One group in virtual time, and the clients that talk to it.
class GroupDriver : private Step::State {
 public:
  using ms = std::chrono::milliseconds;
  using JoinResponse = protocol::JoinGroupResponse;
  using SyncResponse = protocol::SyncGroupResponse;
  using Protocols = group::Protocols;
  using JoinArgs = group::JoinArgs;

  explicit GroupDriver(const Settings& with = {}) : settings(with), group("g", settings) {}

  Ticket join(const JoinArgs& args) {
    Join event;
    event.asker = asker(args.version, args.client);
    event.fresh.bytes[15] = static_cast<std::byte>(next_uuid_);
    event.fresh.bytes[14] = static_cast<std::byte>(next_uuid_++ >> 8);
    auto& request = event.request;
    request.group_id = "g";
    request.session_timeout_ms = args.session_ms;
    request.rebalance_timeout_ms = args.version == 0 ? -1 : args.rebalance_ms;
    request.member_id = args.member;
    request.group_instance_id = args.instance;
    request.protocol_type = args.type;
    for (const auto& [name, metadata] : args.protocols) request.protocols.push_back({name, Payload::own(metadata)});
    return run(event, [&](Step& step) { group.join(event, step); });
  }
  Ticket sync(const SyncArgs& args) {
    Sync event;
    event.asker = asker(args.version);
    auto& request = event.request;
    request.generation_id = args.generation;
    request.member_id = args.member;
    request.group_instance_id = args.instance;
    if (args.version >= 5) {
      request.protocol_type = args.type;
      request.protocol_name = args.protocol;
    }
    for (const auto& [id, bytes] : args.assignments) request.assignments.push_back({id, Payload::own(bytes)});
    return run(event, [&](Step& step) { group.sync(event, step); });
  }
  Errc heartbeat(const std::string& member, std::int32_t generation, std::optional<std::string> instance = {}) {
    Heartbeat event;
    event.asker = asker(4);
    event.request.member_id = member;
    event.request.generation_id = generation;
    event.request.group_instance_id = std::move(instance);
    const Ticket ticket = run(event, [&](Step& step) { group.heartbeat(event, step); });
    return Errc{take<protocol::HeartbeatResponse>(ticket).error_code};
  }
  using Leaver = protocol::LeaveGroupRequest::MemberIdentity;
  protocol::LeaveGroupResponse leave_all(std::vector<Leaver> members) {
    Leave event;
    event.asker = asker(5);
    event.request.members = std::move(members);
    return take<protocol::LeaveGroupResponse>(run(event, [&](Step& step) { group.leave(event, step); }));
  }
  Errc leave(const std::string& member) { return Errc{leave_all({{member, {}, {}}}).members.at(0).error_code}; }
  Errc leave_as_of_version_2(const std::string& member) {
    Leave event;
    event.asker = asker(2);
    event.request.member_id = member;
    const auto response =
        take<protocol::LeaveGroupResponse>(run(event, [&](Step& step) { group.leave(event, step); }));
    EXPECT_TRUE(response.members.empty());
    return Errc{response.error_code};
  }
  Errc commit(const std::string& member, std::int32_t generation, std::optional<std::string> instance = {}) {
    CommitOffsets event;
    event.member_id = member;
    event.generation = generation;
    event.instance_id = std::move(instance);
    Errc error = Errc::none;
    act([&](Step& step) { error = group.check_commit(event, step); });
    return error;
  }

  /// Time goes on; whatever is due in between happens when it is due.
  void pass(ms time) {
    const Instant end = now.instant + time;
    for (int looks = 0; group.next_deadline() <= end; ++looks) {
      ASSERT_LT(looks, 10'000) << "the group asks for the same time again and again";
      go_to(std::max(now.instant, group.next_deadline()));
      act([&](Step& step) { group.on_time(step); });
    }
    go_to(end);
  }
  void begin() { group.begin(now); }

  bool is_answered(Ticket ticket) const { return answers_.contains(ticket); }
  std::set<Ticket> open_tickets() const {
    std::set<Ticket> open = asked_;
    for (const auto& [ticket, body] : answers_) open.erase(ticket);
    return open;
  }
  template <class T>
  T take(Ticket ticket) {
    const auto found = answers_.find(ticket);
    if (found == answers_.end()) {
      ADD_FAILURE() << "no answer yet";
      return {};
    }
    T body = std::get<T>(std::move(found->second));
    answers_.erase(found);
    asked_.erase(ticket);
    return body;
  }
  JoinResponse joined(Ticket ticket) { return take<JoinResponse>(ticket); }
  SyncResponse synced(Ticket ticket) { return take<SyncResponse>(ticket); }
  Errc join_error(Ticket ticket) { return Errc{joined(ticket).error_code}; }
  Errc sync_error(Ticket ticket) { return Errc{synced(ticket).error_code}; }
  std::string assignment(Ticket ticket) {
    const auto response = synced(ticket);
    EXPECT_EQ(Errc{response.error_code}, Errc::none);
    return response.assignment.memory().to_string();
  }

  /// The id that a first join gets (I3).
  std::string id(JoinArgs args = {}) {
    const auto response = joined(join(args));
    EXPECT_EQ(Errc{response.error_code}, Errc::member_id_required);
    return response.member_id;
  }
  /// That many dynamic members, stable in generation 1, each assigned its own id; the first leads.
  std::vector<std::string> stable(std::size_t count, JoinArgs args = {}) {
    std::vector<std::string> ids;
    std::vector<Ticket> joins;
    for (std::size_t i = 0; i < count; ++i) {
      args.member = "";
      ids.push_back(id(args));
      args.member = ids.back();
      joins.push_back(join(args));
    }
    pass(2 * settings.initial_rebalance_delay);
    for (const Ticket ticket : joins) EXPECT_EQ(join_error(ticket), Errc::none);
    sync_all(ids, group.generation());
    return ids;
  }
  /// All sync, the leader last.
  void sync_all(const std::vector<std::string>& ids, std::int32_t generation) {
    std::vector<Ticket> syncs;
    Assignments assignments;
    for (const auto& one : ids) assignments[one] = one;
    for (auto one = ids.rbegin(); one != ids.rend(); ++one)
      syncs.push_back(sync({.member = *one, .generation = generation, .assignments = assignments, .version = 4}));
    for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(assignment(syncs[i]), ids[ids.size() - 1 - i]);
    EXPECT_EQ(group.state(), GroupState::stable);
  }
  /// The group as its records give it again.
  ClassicGroup replayed() const {
    ClassicGroup again("g", settings);
    for (const GroupRecord& record : records) {
      const auto bytes = encode(record).value();
      const auto back = decode(Bytes(bytes.key), Bytes(*bytes.value)).value();
      again.apply(*std::get<GroupRecord>(*back).value);
    }
    return again;
  }

  const Settings settings;
  ClassicGroup group;
  Now now{Instant{} + std::chrono::hours(1), 1'000'000};
  std::vector<GroupRecord> records;

 private:
  void apply(const Record& record) override { group.apply(*std::get<GroupRecord>(record).value); }

  Asker asker(std::int16_t version, std::string client = "client") {
    return {next_ticket_++, version, std::move(client), "/127.0.0.1"};
  }
  template <class Event, class Do>
  Ticket run(const Event& event, Do&& act_on) {
    asked_.insert(event.asker.ticket);
    act(act_on);
    return event.asker.ticket;
  }
  template <class Do>
  void act(Do&& act_on) {
    Step step(now, *this);
    act_on(step);
    Actions actions = step.take();
    for (auto& answer : actions.answers) {
      EXPECT_TRUE(asked_.contains(answer.ticket)) << "answered twice, or never asked";
      EXPECT_TRUE(answers_.emplace(answer.ticket, std::move(answer.body)).second) << "answered twice";
    }
    for (auto& record : actions.records) records.push_back(std::get<GroupRecord>(std::move(record)));
  }
  void go_to(Instant when) {
    now.wall += std::chrono::duration_cast<ms>(when - now.instant).count();
    now.instant = when;
  }

  unsigned next_uuid_ = 1;
  Ticket next_ticket_ = 1;
  std::set<Ticket> asked_;
  std::map<Ticket, AnswerBody> answers_;
};

}  // namespace leat::group
