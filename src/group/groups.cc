#include "group/groups.h"

namespace leat::group {
namespace {

/// A group besides its members and offsets: its node in the map and its place among the deadlines.
constexpr std::size_t fixed_bytes = sizeof(std::string) + sizeof(Group) + 96;

}  // namespace

Group* Groups::find(std::string_view name) {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

Group& Groups::find_or_create(const std::string& name) {
  return by_name_.try_emplace(name, name, settings_).first->second;
}

void Groups::erase(ByName::iterator at) {
  auto& [name, group] = *at;
  deadlines_.remove(name, group.deadline);
  bytes_ -= group.counted_bytes;
  by_name_.erase(at);
}

void Groups::apply(const OffsetRecord& record) {
  Group* group = record.value ? &find_or_create(record.key.group) : find(record.key.group);
  if (!group) return;
  group->offsets.apply(record);
  count(*group);
}

void Groups::apply(const GroupRecord& record) {
  if (record.value) {
    Group& group = find_or_create(record.key.group);
    group.members->apply(*record.value);
    return count(group);
  }
  const auto at = by_name_.find(record.key.group);
  if (at == by_name_.end()) return;
  auto& [name, group] = *at;
  if (group.offsets.empty()) return erase(at);
  deadlines_.remove(name, group.deadline);
  group.members.emplace(name, settings_);
  count(group);
}

void Groups::touched(std::string_view name) {
  const auto at = by_name_.find(name);
  if (at == by_name_.end()) return;
  auto& [held_name, group] = *at;
  count(group);
  deadlines_.pull(group.members->next_deadline(), held_name, group.deadline);
}

void Groups::count(Group& group) {
  bytes_ -= group.counted_bytes;
  group.counted_bytes = fixed_bytes + group.members->memory_bytes() + group.offsets.memory_bytes();
  bytes_ += group.counted_bytes;
}

void Groups::for_each(const std::function<void(const std::string&, Group&)>& visit) {
  for (auto next = by_name_.begin(); next != by_name_.end();) {
    auto& [name, group] = *next++;
    visit(name, group);
  }
}

std::vector<std::string_view> Groups::take_due(Instant now) {
  auto due = deadlines_.take_due(now);
  for (const auto name : due) find(name)->deadline = Deadlines::none;
  return due;
}

}  // namespace leat::group
