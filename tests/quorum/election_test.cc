#include "quorum/election.h"

#include <gtest/gtest.h>

namespace leat::quorum {
namespace {

const Uuid directory = Uuid::parse("MvDxzVmcRsaTz33bUuRU6A").value();
const Uuid other_directory = Uuid::parse("4L6g3nShT-eMCtK--X86sw").value();
const VoterSet sole{{.id = 1, .directory_id = directory}};

/// The epoch that is led in the end; checks that it was to be durable first.
LeaderEpoch elected(const std::optional<QuorumState>& stored, LeaderEpoch log_epoch, const VoterSet& voters = sole) {
  auto election = Election::start({1, directory}, voters, stored, log_epoch).value();
  const auto started = election.step(Started{});
  EXPECT_TRUE(started.persist);
  EXPECT_FALSE(started.lead);
  EXPECT_EQ(started.persist->leader_id, 1);
  EXPECT_EQ(started.persist->voted_id, no_node);
  const auto leads = election.step(Persisted{});
  EXPECT_FALSE(leads.persist);
  EXPECT_EQ(leads.lead, started.persist->leader_epoch);
  EXPECT_EQ(election.role(), Role::leader);
  return leads.lead.value_or(-1);
}

TEST(Election, SoleVoterLeadsTheNextEpochOnceItIsDurable) {
  EXPECT_EQ(elected(std::nullopt, 0), 1);
  EXPECT_EQ(elected(QuorumState{.leader_id = 1, .leader_epoch = 3}, 3), 4);
}

TEST(Election, EpochOfTheLogCountsWhenTheFileWasLost) {
  EXPECT_EQ(elected(std::nullopt, 7), 8);
  EXPECT_EQ(elected(QuorumState{.leader_epoch = 3}, 7), 8);
}

TEST(Election, EpochOfTheFileCountsWhenItsTermWroteNothing) {
  EXPECT_EQ(elected(QuorumState{.leader_id = 1, .leader_epoch = 9}, 7), 10);
}

TEST(Election, AStaticQuorumOfOneWritesTheOldFormat) {
  auto election = Election::start({1, directory}, {}, std::nullopt, 0).value();
  EXPECT_EQ(election.step(Started{}).persist->data_version, 0);
}

TEST(Election, OthersMayNotLeadAlone) {
  EXPECT_EQ(Election::start({2, directory}, sole, std::nullopt, 0).error().code, Errc::invalid_argument);
  EXPECT_EQ(Election::start({1, other_directory}, sole, std::nullopt, 0).error().code, Errc::invalid_argument);
  const VoterSet three{{.id = 1, .directory_id = directory}, {.id = 2}, {.id = 3}};
  EXPECT_EQ(Election::start({1, directory}, three, std::nullopt, 0).error().code, Errc::unsupported);
}

}  // namespace
}  // namespace leat::quorum
