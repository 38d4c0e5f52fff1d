#include "log/leader_epochs.h"

#include "log/checkpoint_text.h"
#include "log_fixture.h"

namespace leat::log {
namespace {

class LeaderEpochsTest : public LogTest {
 protected:
  LeaderEpochs epochs = LeaderEpochs::load(disk, "data/leader-epoch-checkpoint").value();
  std::string file() { return io::read_text(disk, "data/leader-epoch-checkpoint").value_or("<none>"); }
  using Entries = std::vector<EpochStart>;
};

TEST_F(LeaderEpochsTest, TheFileIsKafkas) {  // files.md 9
  epochs.assign(0, 0);
  epochs.assign(2, 3);
  ASSERT_TRUE(epochs.flush());
  EXPECT_EQ(file(), "0\n2\n0 0\n2 3\n");
  EXPECT_EQ(LeaderEpochs::load(disk, "data/leader-epoch-checkpoint").value().entries(), epochs.entries());
}

TEST_F(LeaderEpochsTest, AStagedFileReplacesTheOldOneWhenItIsInstalled) {
  epochs.assign(0, 0);
  const auto staged = epochs.stage().value();
  ASSERT_TRUE(staged);
  EXPECT_EQ(file(), "<none>");
  ASSERT_TRUE(staged->sync());
  ASSERT_TRUE(epochs.install());
  EXPECT_EQ(file(), "0\n1\n0 0\n");
  EXPECT_EQ(epochs.stage().value(), nullptr) << "nothing is unwritten";
}

TEST_F(LeaderEpochsTest, OnlyANewerEpochIsAdded) {
  epochs.assign(3, 10);
  epochs.assign(3, 20);
  epochs.assign(2, 30);
  epochs.assign(-1, 30);
  EXPECT_EQ(epochs.entries(), (Entries{{3, 10}}));
}

TEST_F(LeaderEpochsTest, AnEpochReplacesThoseThatStartWhereItDoesOrAbove) {
  epochs.assign(1, 0);
  epochs.assign(2, 10);
  epochs.assign(3, 10);
  EXPECT_EQ(epochs.entries(), (Entries{{1, 0}, {3, 10}}));
}

TEST_F(LeaderEpochsTest, EndOfAnEpochFollowsKafkasRule) {  // primitives.md 12
  epochs.assign(2, 5);
  epochs.assign(4, 10);
  epochs.assign(7, 20);
  const auto end = [&](LeaderEpoch epoch) {
    const EpochEnd found = epochs.end_of(epoch, 30);
    return std::pair(found.epoch, found.end);
  };
  EXPECT_EQ(end(7), std::pair(7, Offset{30}));
  EXPECT_EQ(end(8), std::pair(-1, Offset{-1}));
  EXPECT_EQ(end(-1), std::pair(-1, Offset{-1}));
  EXPECT_EQ(end(4), std::pair(4, Offset{20}));
  EXPECT_EQ(end(5), std::pair(4, Offset{20}));
  EXPECT_EQ(end(2), std::pair(2, Offset{10}));
  EXPECT_EQ(end(1), std::pair(1, Offset{5}));
}

TEST_F(LeaderEpochsTest, AnOffsetBelongsToTheLastEpochThatBeganBelow) {
  epochs.assign(2, 5);
  epochs.assign(4, 10);
  EXPECT_EQ(epochs.epoch_of(4), std::nullopt);
  EXPECT_EQ(epochs.epoch_of(9), 2);
  EXPECT_EQ(epochs.epoch_of(10), 4);
}

TEST_F(LeaderEpochsTest, TruncationDropsFromEitherEnd) {
  for (const auto& [epoch, start] : Entries{{1, 0}, {2, 10}, {3, 20}}) epochs.assign(epoch, start);
  ASSERT_TRUE(epochs.truncate_from_end(20));
  EXPECT_EQ(epochs.entries(), (Entries{{1, 0}, {2, 10}}));
  epochs.truncate_from_start(15);
  ASSERT_TRUE(epochs.flush());
  EXPECT_EQ(epochs.entries(), (Entries{{2, 15}}));
  EXPECT_EQ(file(), "0\n1\n2 15\n");
}

TEST_F(LeaderEpochsTest, ABadFileIsAnErrorAndAnEmptyOneIsEmpty) {
  for (const char* bad : {"1\n0\n", "0\n", "0\nx\n", "0\n1\n", "0\n1\n1\n", "0\n1\n1 2 3\n", "0\n1\na b\n",
                          "0\n2\n2 5\n1 6\n", "0\n2\n1 5\n2 5\n", "0\n1\n1 99999999999999999999\n"}) {
    ASSERT_TRUE(io::replace_text(disk, "data/bad", bad));
    EXPECT_EQ(LeaderEpochs::load(disk, "data/bad").error().code, Errc::corrupt) << bad;
  }
  ASSERT_TRUE(io::replace_text(disk, "data/bad", ""));
  EXPECT_TRUE(LeaderEpochs::load(disk, "data/bad").value().entries().empty());
}

}  // namespace
}  // namespace leat::log
