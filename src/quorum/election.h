#pragma once

#include <leat/result.h>

#include <optional>
#include <variant>

#include "base/types.h"
#include "base/uuid.h"
#include "quorum/quorum_state.h"
#include "quorum/voters.h"

namespace leat::quorum {

enum class Role { unattached, candidate, leader };

/// What happened to a voter.
struct Started {};
/// The state asked for by the last step is on disk.
struct Persisted {};
using ElectionEvent = std::variant<Started, Persisted>;

/// Carried out in this order.
struct ElectionActions {
  std::optional<QuorumState> persist;  ///< durable before anything else; then step(Persisted)
  std::optional<LeaderEpoch> lead;     ///< this node leads this epoch: append LEADER_CHANGE
};

/// Who leads the quorum, as pure rules (cluster.md A): nothing here reads a file, a clock or a peer.
///
/// Q1: the epoch never falls and a vote is never given twice in one, across crashes, because every change
///     is durable before it is acted on.
/// A sole voter is its own majority: it goes to epoch + 1 and leads as soon as that is on disk. Its vote
/// and its leadership are one write, since nobody can ask for the vote in between.
class Election {
 public:
  struct Self {
    NodeId id = no_node;
    Uuid directory_id;
  };
  /// `stored` is the file's state, if any; `log_epoch` the last epoch in the log, which may be ahead of it
  /// when the file was lost. `voters` empty is a static quorum of this node alone (kraft.version 0).
  /// Fails when this node may not lead alone: not a voter, or one of several.
  static Result<Election> start(Self self, const VoterSet& voters, const std::optional<QuorumState>& stored,
                                LeaderEpoch log_epoch);

  ElectionActions step(const ElectionEvent& event);

  Role role() const { return role_; }
  LeaderEpoch epoch() const { return state_.leader_epoch; }
  const QuorumState& state() const { return state_; }

 private:
  Election(Self self, QuorumState state) : self_(self), state_(state) {}
  Self self_;
  QuorumState state_;
  Role role_ = Role::unattached;
};

}  // namespace leat::quorum
