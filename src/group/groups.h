#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "group/classic_group.h"
#include "group/deadlines.h"
#include "group/group_offsets.h"
#include "group/settings.h"

namespace leat::group {

struct Group {
  Group(const std::string& name, const Settings& settings) : members(std::in_place, name, settings), offsets(name) {}
  /// Always there; optional, so that it can be begun anew.
  std::optional<ClassicGroup> members;
  GroupOffsets offsets;

  Deadlines::Slot deadline = Deadlines::none;
  std::size_t counted_bytes = 0;
};

/// All groups of a coordinator by name, what is due with them, and what they hold.
class Groups {
 public:
  explicit Groups(const Settings& settings) : settings_(settings) {}

  Group* find(std::string_view name);
  /// A group comes with its first record, and goes with its tombstone; then offsets that are still there make it a
  /// group of offsets only, as they do when there never was a record of the group.
  void apply(const OffsetRecord& record);
  void apply(const GroupRecord& record);
  /// To be told after whatever was asked of a group's members: their deadline and size are looked at again.
  void touched(std::string_view name);

  /// In the order of names; `visit(name, group)` may remove that group.
  void for_each(const std::function<void(const std::string&, Group&)>& visit);
  /// Those that may have something to do now, in the order of their times. They are to be `touched` then.
  std::vector<std::string_view> take_due(Instant now);
  Instant next_deadline() const { return deadlines_.next(); }

  std::size_t size() const { return by_name_.size(); }
  std::size_t memory_bytes() const { return bytes_; }

 private:
  using ByName = std::map<std::string, Group, std::less<>>;

  Group& find_or_create(const std::string& name);
  void erase(ByName::iterator at);
  void count(Group& group);

  const Settings& settings_;
  ByName by_name_;
  Deadlines deadlines_;
  std::size_t bytes_ = 0;
};

}  // namespace leat::group
