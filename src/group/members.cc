#include "group/members.h"

#include <algorithm>
#include <set>

#include "base/assert.h"

namespace leat::group {

Member* Members::find(std::string_view id) {
  const auto found = map_.find(id);
  return found == map_.end() ? nullptr : &found->second;
}

const Member* Members::find(std::string_view id) const {
  const auto found = map_.find(id);
  return found == map_.end() ? nullptr : &found->second;
}

const std::string* Members::id_of_instance(std::string_view instance) const {
  const auto found = instances_.find(instance);
  return found == instances_.end() ? nullptr : &found->second;
}

Member& Members::add(Member member) {
  const auto [at, added] = map_.emplace(member.id, std::move(member));
  LEAT_ASSERT(added, "a member is added once");
  Member& now = at->second;
  if (now.instance_id) instances_.insert_or_assign(*now.instance_id, now.id);
  if (leader_.empty()) leader_ = now.id;
  joining_ += now.join.has_value();
  owing_sync_ += now.owes_sync;
  memory_bytes_ += now.memory_bytes();
  count(now.terms, true);
  return now;
}

void Members::remove(std::string_view id) {
  const auto at = map_.find(id);
  if (at == map_.end()) return;
  const auto node = map_.extract(at);
  const Member& gone = node.mapped();
  if (gone.instance_id)
    if (const auto instance = instances_.find(*gone.instance_id);
        instance != instances_.end() && instance->second == gone.id)
      instances_.erase(instance);
  joining_ -= gone.join.has_value();
  owing_sync_ -= gone.owes_sync;
  memory_bytes_ -= gone.memory_bytes();
  count(gone.terms, false);
  if (leader_ == gone.id) leader_ = map_.empty() ? std::string() : map_.begin()->first;
}

Member& Members::rename(std::string_view id, std::string new_id) {
  auto node = map_.extract(map_.find(id));
  Member& member = node.mapped();
  if (leader_ == member.id) leader_ = new_id;
  if (member.instance_id) instances_.insert_or_assign(*member.instance_id, new_id);
  memory_bytes_ -= member.memory_bytes();
  member.id = new_id;
  memory_bytes_ += member.memory_bytes();
  node.key() = std::move(new_id);
  const auto put = map_.insert(std::move(node));
  LEAT_ASSERT(put.inserted, "a fresh member id is taken");
  return put.position->second;
}

Terms Members::set_terms(Member& member, Terms terms) {
  memory_bytes_ -= member.memory_bytes();
  count(member.terms, false);
  std::swap(member.terms, terms);
  count(member.terms, true);
  memory_bytes_ += member.memory_bytes();
  return terms;
}

void Members::set_assignment(Member& member, Payload assignment) {
  memory_bytes_ -= member.assignment.size();
  member.assignment = std::move(assignment);
  memory_bytes_ += member.assignment.size();
}

void Members::hold_join(Member& member, const Waiting& asker) {
  joining_ += !member.join;
  member.join = asker;
}

std::optional<Waiting> Members::take_join(Member& member) {
  joining_ -= member.join.has_value();
  return std::exchange(member.join, std::nullopt);
}

void Members::set_owes_sync(Member& member, bool owes) {
  owing_sync_ += owes;
  owing_sync_ -= member.owes_sync;
  member.owes_sync = owes;
}

bool Members::elect_joining_leader() {
  if (const Member* leader = find(leader_); leader && leader->join) return true;
  for (const auto& [id, member] : map_) {
    if (!member.join) continue;
    leader_ = id;
    return true;
  }
  return false;
}

bool Members::support_one_of(const std::vector<Terms::Protocol>& protocols) const {
  return std::any_of(protocols.begin(), protocols.end(), [&](const Terms::Protocol& one) {
    const auto found = supporters_.find(one.name);
    return (found == supporters_.end() ? 0 : found->second) == map_.size();
  });
}

std::string Members::chosen_protocol() const {
  std::map<std::string_view, std::size_t> votes;
  for (const auto& [id, member] : map_)
    for (const Terms::Protocol& one : member.terms.protocols) {
      if (supporters_.find(one.name)->second != map_.size()) continue;
      ++votes[one.name];
      break;
    }
  const auto most = std::max_element(votes.begin(), votes.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  LEAT_ASSERT(most != votes.end(), "whoever joins has a protocol in common with all members");
  return std::string(most->first);
}

std::chrono::milliseconds Members::largest_rebalance_timeout() const {
  std::chrono::milliseconds largest{0};
  for (const auto& [id, member] : map_) largest = std::max(largest, member.terms.rebalance_timeout);
  return largest;
}

void Members::count(const Terms& terms, bool in) {
  std::set<std::string_view> names;
  for (const Terms::Protocol& one : terms.protocols) {
    if (!names.insert(one.name).second) continue;
    if (in) {
      ++supporters_[one.name];
    } else if (const auto found = supporters_.find(one.name); --found->second == 0) {
      supporters_.erase(found);
    }
  }
}

}  // namespace leat::group
