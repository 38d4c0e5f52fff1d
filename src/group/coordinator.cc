#include "group/coordinator.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/errors.h"
#include "group/groups.h"

namespace leat::group {
namespace {

/// What fits into a record's key.
constexpr std::size_t name_size_max = std::numeric_limits<std::int16_t>::max();

bool is_valid_id(const std::string& group) { return !group.empty() && group.size() <= name_size_max; }

void refuse(const Join& event, Errc error, Step& step) {
  protocol::JoinGroupResponse out;
  out.error_code = wire_code(error);
  out.member_id = event.request.member_id;
  step.answer(event.asker.ticket, std::move(out));
}

void refuse(const Sync& event, Errc error, Step& step) {
  protocol::SyncGroupResponse out;
  out.error_code = wire_code(error);
  step.answer(event.asker.ticket, std::move(out));
}

void refuse(const Heartbeat& event, Errc error, Step& step) {
  protocol::HeartbeatResponse out;
  out.error_code = wire_code(error);
  step.answer(event.asker.ticket, out);
}

void refuse(const Leave& event, Errc error, Step& step) {
  protocol::LeaveGroupResponse out;
  out.error_code = wire_code(error);
  step.answer(event.asker.ticket, std::move(out));
}

/// From version 3 on each member has the error, not the whole answer.
void refuse_members(const Leave& event, Errc error, Step& step) {
  if (event.asker.version < 3) return refuse(event, error, step);
  protocol::LeaveGroupResponse out;
  for (const auto& member : event.request.members)
    out.members.push_back({member.member_id, member.group_instance_id, wire_code(error)});
  step.answer(event.asker.ticket, std::move(out));
}

/// As filters are compared: without case or the blanks around.
std::string normalized(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = std::min(text.find_first_not_of(blanks), text.size());
  text = text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// What a list of groups is limited to. An empty filter lets everything through.
class Filter {
 public:
  explicit Filter(const std::vector<std::string>& wanted) {
    for (const auto& one : wanted) wanted_.insert(normalized(one));
  }
  bool passes(std::string_view name) const { return wanted_.empty() || wanted_.contains(normalized(name)); }

 private:
  std::set<std::string> wanted_;
};

/// All groups here are of the classic protocol, those of offsets only included.
constexpr std::string_view group_type = "classic";

}  // namespace

Coordinator::Coordinator(const Settings& settings)
    : settings_(settings), groups_(std::make_unique<Groups>(settings_)) {}
Coordinator::~Coordinator() = default;

Actions Coordinator::step(Event event, const Now& now) {
  Step step(now, *this);
  std::visit([&](auto& one) { on(std::move(one), step); }, event);
  return step.take();
}

void Coordinator::apply(const Record& record) {
  std::visit([&](const auto& one) { groups_->apply(one); }, record);
}

void Coordinator::begin(const Now& now) {
  groups_->for_each([&](const std::string& name, Group& group) {
    group.members->begin(now);
    groups_->touched(name);
  });
  next_expiry_ = now.instant + settings_.offsets_retention_check_interval;
}

Instant Coordinator::next_deadline() const { return std::min(groups_->next_deadline(), next_expiry_); }
std::size_t Coordinator::memory_bytes() const { return groups_->memory_bytes(); }
std::size_t Coordinator::group_count() const { return groups_->size(); }

/// With a record, which lets the group outlive this coordinator even before its first generation.
void Coordinator::create(const std::string& group, Step& step) {
  GroupRecord record{{group}, std::nullopt};
  auto& value = record.value.emplace();
  value.protocol.reset();
  value.leader.reset();
  value.current_state_timestamp = step.now.wall;
  step.write(std::move(record));
}

void Coordinator::on(Join event, Step& step) {
  const std::string name = event.request.group_id;
  if (!is_valid_id(name)) return refuse(event, Errc::invalid_group_id, step);
  const std::chrono::milliseconds session(event.request.session_timeout_ms);
  if (session < settings_.min_session_timeout || session > settings_.max_session_timeout)
    return refuse(event, Errc::invalid_session_timeout, step);
  if (!groups_->find(name)) {
    if (!event.request.member_id.empty()) return refuse(event, Errc::unknown_member_id, step);
    create(name, step);
  }
  groups_->find(name)->members->join(std::move(event), step);
  groups_->touched(name);
}

void Coordinator::on(Sync event, Step& step) {
  const std::string name = event.request.group_id;
  if (!is_valid_id(name)) return refuse(event, Errc::invalid_group_id, step);
  Group* group = groups_->find(name);
  if (!group) return refuse(event, Errc::unknown_member_id, step);
  group->members->sync(std::move(event), step);
  groups_->touched(name);
}

void Coordinator::on(const Heartbeat& event, Step& step) {
  const auto& name = event.request.group_id;
  if (!is_valid_id(name)) return refuse(event, Errc::invalid_group_id, step);
  Group* group = groups_->find(name);
  if (!group) return refuse(event, Errc::unknown_member_id, step);
  group->members->heartbeat(event, step);
  groups_->touched(name);
}

void Coordinator::on(const Leave& event, Step& step) {
  const auto& name = event.request.group_id;
  if (!is_valid_id(name)) return refuse(event, Errc::invalid_group_id, step);
  Group* group = groups_->find(name);
  if (!group) return refuse_members(event, Errc::unknown_member_id, step);
  group->members->leave(event, step);
  groups_->touched(name);
}

Errc Coordinator::commit_to(const CommitOffsets& event, Step& step) {
  if (event.group.size() > name_size_max) return Errc::invalid_group_id;
  if (Group* group = groups_->find(event.group)) return group->members->check_commit(event, step);
  if (event.generation < 0) return Errc::none;
  return event.asker.version >= 9 ? Errc::group_id_not_found : Errc::illegal_generation;
}

void Coordinator::on(const CommitOffsets& event, Step& step) {
  const Errc error = commit_to(event, step);
  step.answer(event.asker.ticket,
              error == Errc::none ? GroupOffsets::commit(event, settings_, step)
                                  : CommitOutcomes{std::vector<Errc>(event.offsets.size(), error)});
  groups_->touched(event.group);
}

/// A member's id and epoch are of the consumer protocol; with the classic one they do not matter (J7).
void Coordinator::on(const FetchOffsets& event, Step& step) {
  const Group* group = groups_->find(event.group);
  step.answer(event.asker.ticket,
              group ? group->offsets.fetch(event.topics) : GroupOffsets(event.group).fetch(event.topics));
}

void Coordinator::on(const DeleteOffsets& event, Step& step) {
  Group* group = groups_->find(event.group);
  step.answer(event.asker.ticket, group ? group->offsets.remove(event.topics, *group->members, step)
                                        : DeletedOffsets{Errc::group_id_not_found, {}});
}

void Coordinator::on(const ListGroups& event, Step& step) {
  ListedGroups out;
  const Filter states(event.states);
  if (!Filter(event.types).passes(group_type)) return step.answer(event.asker.ticket, std::move(out));
  groups_->for_each([&](const std::string& name, Group& group) {
    const auto state = to_string(group.members->state());
    if (!states.passes(state)) return;
    out.groups.push_back(
        {name, group.members->protocol_type().value_or(""), std::string(state), std::string(group_type)});
  });
  step.answer(event.asker.ticket, std::move(out));
}

void Coordinator::on(const DescribeGroup& event, Step& step) {
  protocol::DescribeGroupsResponse::DescribedGroup out;
  if (const Group* group = groups_->find(event.group)) {
    group->members->describe(out);
  } else {
    out.group_state = to_string(GroupState::dead);
    if (event.asker.version >= 6) {
      out.error_code = wire_code(Errc::group_id_not_found);
      out.error_message = "Group " + event.group + " not found.";
    }
  }
  out.group_id = event.group;
  step.answer(event.asker.ticket, std::move(out));
}

void Coordinator::on(const DeleteGroup& event, Step& step) {
  Group* group = groups_->find(event.group);
  if (!group) return step.answer(event.asker.ticket, DeletedGroup{Errc::group_id_not_found});
  if (group->members->state() != GroupState::empty)
    return step.answer(event.asker.ticket, DeletedGroup{Errc::non_empty_group});
  group->offsets.remove_all(step);
  step.write(GroupRecord{{event.group}, std::nullopt});
  step.answer(event.asker.ticket, DeletedGroup{});
}

void Coordinator::on(const TopicsDeleted& event, Step& step) {
  groups_->for_each([&](const std::string&, Group& group) {
    for (const auto& topic : event.topics) group.offsets.remove_topic(topic, step);
  });
}

void Coordinator::on(const Tick&, Step& step) {
  for (const auto name : groups_->take_due(step.now.instant)) {
    ClassicGroup& members = *groups_->find(name)->members;
    if (members.next_deadline() <= step.now.instant) members.on_time(step);
    groups_->touched(name);
  }
  if (next_expiry_ <= step.now.instant) remove_expired(step);
}

void Coordinator::remove_expired(Step& step) {
  groups_->for_each([&](const std::string& name, Group& group) {
    group.offsets.expire(*group.members, settings_, step);
    if (group.offsets.empty() && group.members->state() == GroupState::empty)
      step.write(GroupRecord{{name}, std::nullopt});
  });
  next_expiry_ = step.now.instant + settings_.offsets_retention_check_interval;
}

}  // namespace leat::group
