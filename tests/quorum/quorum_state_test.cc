#include "quorum/quorum_state.h"

#include <gtest/gtest.h>

namespace leat::quorum {
namespace {

constexpr auto version_1 =
    R"({"leaderId":1,"leaderEpoch":3,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})";
constexpr auto version_0 =
    R"({"clusterId":"","leaderId":1,"leaderEpoch":3,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0})";

TEST(QuorumState, IsWrittenByteForByteAsKafkaWritesIt) {
  QuorumState state{.leader_id = 1, .leader_epoch = 3};
  EXPECT_EQ(to_text(state), version_1);
  state.data_version = 0;
  EXPECT_EQ(to_text(state, {1}), version_0);
}

TEST(QuorumState, ReadsBothVersions) {
  EXPECT_EQ(parse_quorum_state(version_1).value(), (QuorumState{.leader_id = 1, .leader_epoch = 3}));
  EXPECT_EQ(parse_quorum_state(version_0).value(),
            (QuorumState{.leader_id = 1, .leader_epoch = 3, .data_version = 0}));
}

TEST(QuorumState, ReadsAVote) {
  const auto state = parse_quorum_state(
      R"({"leaderId":-1,"leaderEpoch":4,"votedId":1,"votedDirectoryId":"MvDxzVmcRsaTz33bUuRU6A","data_version":1})");
  EXPECT_EQ(state->voted_id, 1);
  EXPECT_EQ(state->voted_directory_id.to_string(), "MvDxzVmcRsaTz33bUuRU6A");
}

TEST(QuorumState, ReadsOnlyTheFirstLineAndToleratesSpace) {
  EXPECT_TRUE(parse_quorum_state(std::string(version_1) + "\nrubbish"));
  EXPECT_TRUE(parse_quorum_state(
      R"({ "data_version" : 1, "leaderId": 1, "leaderEpoch": 3, "votedId": -1, "votedDirectoryId": "AAAAAAAAAAAAAAAAAAAAAA" })"));
}

TEST(QuorumState, RefusesWhatIsMissingOrWrong) {
  for (const char* bad : {
           "", "{", "{}", "[]", "\n", "{\"data_version\":1}", "{\"data_version\":1", "{\"data_version\"}",
           R"({"leaderId":1,"leaderEpoch":3,"votedId":-1,"data_version":1})",
           R"({"leaderId":1,"leaderEpoch":3,"votedId":-1,"data_version":0})",
           R"({"leaderId":1,"leaderEpoch":3,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA"})",
           R"({"leaderId":1,"leaderEpoch":3,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":2})",
           R"({"leaderId":1,"leaderEpoch":-3,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})",
           R"({"leaderId":"x","leaderEpoch":3,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})",
           R"({"leaderId":1,"leaderEpoch":99999999999,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})",
           R"({"leaderId":1,"leaderEpoch":3,"votedId":-1,"votedDirectoryId":"A","data_version":1})",
           R"({"leaderId":1,"leaderEpoch":3,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1} x)",
       }) {
    const auto state = parse_quorum_state(bad);
    ASSERT_FALSE(state) << bad;
    EXPECT_EQ(state.error().code, Errc::corrupt) << bad;
  }
}

}  // namespace
}  // namespace leat::quorum
