#include "metadata/partition_change.h"

#include <algorithm>

#include "metadata/nodes.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

class Change {
 public:
  Change(const PartitionImage& now, PartitionTarget target, const PartitionRules& rules)
      : now_(now),
        target_(std::move(target)),
        rules_(rules),
        elr_(now.eligible_leader_replicas),
        last_known_elr_(now.last_known_elr),
        leader_(now.leader) {}

  std::optional<protocol::PartitionChangeRecord> decide() {
    complete_reassignment();
    if (rules_.elr_enabled) fill_elr();
    elect();
    if (!rules_.elr_enabled) elr_.clear();
    note_last_known_leader();
    return record();
  }

 private:
  /// cluster.md G10: what was added is in sync, and something is left without what goes.
  void complete_reassignment() {
    const Nodes &adding = target_.adding_replicas, &removing = target_.removing_replicas;
    if (adding.empty() && removing.empty()) return;
    Nodes replicas = without(target_.replicas, removing), isr = without(target_.isr, removing);
    if (replicas.empty() || isr.empty() || !has_all(isr, adding)) return;
    if (adding.size() < removing.size() && !has_all(isr, replicas)) return;
    target_.replicas = std::move(replicas);
    target_.isr = std::move(isr);
    target_.adding_replicas.clear();
    target_.removing_replicas.clear();
  }

  /// cluster.md G6: below the minimum whoever was in sync stays eligible, since all that was acknowledged is on it.
  void fill_elr() {
    if (target_.isr.size() >= rules_.min_isr) {
      elr_.clear();
      return;
    }
    for (NodeId id : now_.isr) add(elr_, id);
    std::erase_if(elr_, [&](NodeId id) {
      return has(target_.isr, id) || id == target_.uncleanly_stopped || !has(target_.replicas, id);
    });
  }

  bool is_electable(NodeId id) const {
    return (has(target_.isr, id) || (target_.isr.empty() && has(elr_, id))) && rules_.may_lead(id);
  }

  NodeId clean_leader() const {
    const Nodes& replicas = target_.replicas;
    if (target_.election == Election::preferred && !replicas.empty() && is_electable(replicas[0])) return replicas[0];
    if (is_electable(now_.leader)) return now_.leader;
    return first(replicas, [&](NodeId id) { return is_electable(id); });
  }

  NodeId unclean_leader() const {
    const bool only_one_known = target_.isr.empty() && elr_.empty() && now_.last_known_elr.size() == 1;
    if (rules_.elr_enabled && only_one_known && rules_.may_lead(now_.last_known_elr[0])) return now_.last_known_elr[0];
    return target_.election == Election::unclean ? first(target_.replicas, rules_.may_lead) : no_node;
  }

  void elect() {
    leader_ = clean_leader();
    if (leader_ != no_node) {
      if (!has(target_.isr, leader_)) target_.isr = {leader_};
      std::erase(elr_, leader_);
    } else if (leader_ = unclean_leader(); leader_ != no_node) {
      target_.isr = {leader_};
      elr_.clear();
      target_.leader_recovery_state = recovering;
    } else if (target_.isr.empty() && !rules_.elr_enabled) {
      target_.isr = now_.isr;  // without ELR the last member stays: nobody else may lead cleanly
    }
  }

  void note_last_known_leader() {
    if (!rules_.elr_enabled || leader_ != no_node) {
      last_known_elr_.clear();
    } else if (target_.isr.empty() && last_known_elr_.empty() && now_.leader != no_node) {
      last_known_elr_ = {now_.leader};
    }
  }

  bool is_new_term() const {
    if (leader_ != now_.leader || !has_all(target_.replicas, now_.replicas)) return true;
    return rules_.versions.bumps_leader_epoch_on_shrink() && !has_all(target_.isr, now_.isr);
  }

  std::vector<Uuid> directories() const {
    std::vector<Uuid> directories;
    for (NodeId id : target_.replicas) {
      const auto moved = target_.directories.find(id);
      const auto index = static_cast<std::size_t>(std::find(now_.replicas.begin(), now_.replicas.end(), id) -
                                                  now_.replicas.begin());
      directories.push_back(moved != target_.directories.end()   ? moved->second
                            : index < now_.directories.size() ? now_.directories[index]
                                                                 : rules_.new_directory(id));
    }
    return directories;
  }

  std::optional<protocol::PartitionChangeRecord> record() const {
    protocol::PartitionChangeRecord record;
    bool changed = false;
    const auto set_if_new = [&](auto& field, const auto& before, const auto& after) {
      if (before == after) return;
      field = after;
      changed = true;
    };
    set_if_new(record.isr, now_.isr, target_.isr);
    set_if_new(record.eligible_leader_replicas, now_.eligible_leader_replicas, elr_);
    set_if_new(record.last_known_elr, now_.last_known_elr, last_known_elr_);
    set_if_new(record.replicas, now_.replicas, target_.replicas);
    set_if_new(record.adding_replicas, now_.adding_replicas, target_.adding_replicas);
    set_if_new(record.removing_replicas, now_.removing_replicas, target_.removing_replicas);
    set_if_new(record.leader_recovery_state, now_.leader_recovery_state, target_.leader_recovery_state);
    if (rules_.versions.has_directories()) set_if_new(record.directories, now_.directories, directories());
    if (is_new_term()) {
      record.leader = leader_;
      changed = true;
    }
    return changed ? std::optional(std::move(record)) : std::nullopt;
  }

  const PartitionImage& now_;
  PartitionTarget target_;
  const PartitionRules& rules_;
  Nodes elr_, last_known_elr_;
  NodeId leader_;
};

}  // namespace

std::optional<Record> change_partition(const Uuid& topic_id, std::int32_t index, const PartitionImage& now,
                                       PartitionTarget target, const PartitionRules& rules) {
  auto record = Change(now, std::move(target), rules).decide();
  if (!record) return std::nullopt;
  record->topic_id = topic_id;
  record->partition_id = index;
  return make_record(std::move(*record), rules.versions.partition());
}

}  // namespace leat::metadata
