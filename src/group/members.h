#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "group/member.h"

namespace leat::group {

/// The members of one group, and what follows from who they are: which instance is which member, which protocols
/// all support, who leads, how many still wait. What these depend on changes only through its functions.
///
/// Cost: a look-up is O(log members); all counts are kept.
class Members {
 public:
  using Map = std::map<std::string, Member, std::less<>>;

  bool empty() const { return map_.empty(); }
  std::size_t size() const { return map_.size(); }
  Map::const_iterator begin() const { return map_.begin(); }
  Map::const_iterator end() const { return map_.end(); }
  Map::iterator begin() { return map_.begin(); }
  Map::iterator end() { return map_.end(); }
  /// Null when there is none.
  Member* find(std::string_view id);
  const Member* find(std::string_view id) const;
  /// The member of that instance; null when there is none.
  const std::string* id_of_instance(std::string_view instance) const;

  /// There is none with that id. The first leads.
  Member& add(Member member);
  /// When the leader goes, some other member leads.
  void remove(std::string_view id);
  /// A static member goes on under another id, as the leader too if it was.
  Member& rename(std::string_view id, std::string new_id);
  /// Returns the terms it had.
  Terms set_terms(Member& member, Terms terms);
  void set_assignment(Member& member, Payload assignment);

  void hold_join(Member& member, const Waiting& asker);
  std::optional<Waiting> take_join(Member& member);
  void set_owes_sync(Member& member, bool owes);
  bool all_join() const { return joining_ == map_.size(); }
  std::size_t joining() const { return joining_; }
  bool any_owes_sync() const { return owing_sync_ != 0; }

  /// Nobody: empty.
  const std::string& leader() const { return leader_; }
  void set_leader(std::string id) { leader_ = std::move(id); }
  /// A leader that does not wait in a join gives way to one that does. False: nobody does.
  bool elect_joining_leader();

  /// Whether all members support one of these.
  bool support_one_of(const std::vector<Terms::Protocol>& protocols) const;
  /// Of the protocols that all support, that which most members prefer (I10). There are members.
  std::string chosen_protocol() const;
  std::chrono::milliseconds largest_rebalance_timeout() const;
  std::size_t memory_bytes() const { return memory_bytes_; }

 private:
  void count(const Terms& terms, bool in);

  Map map_;
  std::map<std::string, std::string, std::less<>> instances_;
  std::map<std::string, std::size_t, std::less<>> supporters_;
  std::string leader_;
  std::size_t joining_ = 0;
  std::size_t owing_sync_ = 0;
  std::size_t memory_bytes_ = 0;
};

}  // namespace leat::group
