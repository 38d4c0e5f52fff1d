#include "quorum/election.h"

#include <algorithm>

#include "base/assert.h"

namespace leat::quorum {
namespace {

Result<void> check_sole_voter(const Election::Self& self, const VoterSet& voters) {
  const auto own = std::find_if(voters.begin(), voters.end(), [&](const Voter& voter) {
    return voter.id == self.id && (voter.directory_id == self.directory_id || voter.directory_id.is_zero());
  });
  if (own == voters.end())
    return Error{Errc::invalid_argument,
                 "node " + std::to_string(self.id) + " with directory id " + self.directory_id.to_string() +
                     " is not a voter of this metadata log"};
  if (voters.size() > 1)
    return Error{Errc::unsupported, "the metadata log has " + std::to_string(voters.size()) +
                                        " voters; this build can lead a quorum of one only"};
  return {};
}

}  // namespace

Result<Election> Election::start(Self self, const VoterSet& voters, const std::optional<QuorumState>& stored,
                                 LeaderEpoch log_epoch) {
  if (!voters.empty())
    if (auto ok = check_sole_voter(self, voters); !ok) return std::move(ok).error();
  QuorumState state = stored.value_or(QuorumState{});
  if (log_epoch > state.leader_epoch) state = QuorumState{.leader_epoch = log_epoch};
  state.data_version = voters.empty() ? 0 : 1;
  return Election(self, state);
}

ElectionActions Election::step(const ElectionEvent& event) {
  if (std::holds_alternative<Started>(event)) {
    LEAT_ASSERT(role_ == Role::unattached, "an election starts once");
    role_ = Role::candidate;
    state_ = QuorumState{.leader_id = self_.id,
                         .leader_epoch = state_.leader_epoch + 1,
                         .data_version = state_.data_version};
    return {.persist = state_};
  }
  LEAT_ASSERT(role_ == Role::candidate, "nothing was to be persisted");
  role_ = Role::leader;
  return {.lead = state_.leader_epoch};
}

}  // namespace leat::quorum
