#include "group_trends.h"

#include <gmock/gmock.h>

#include "group_target.h"
#include "screen.h"

namespace leat::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class Trends : public testing::Test {
 protected:
  /// Of "t", by number: what is committed, the end, and which of two members holds it (-1: none).
  struct Partition {
    std::int64_t committed, end;
    int member = 0;
  };
  static GroupReport report(std::chrono::seconds at, const std::vector<Partition>& partitions, int members = 2,
                            const std::string& state = "Stable") {
    GroupReport report;
    report.taken = std::chrono::steady_clock::time_point(at);
    report.group.name = "g";
    report.group.state = state;
    for (int i = 0; i < members; ++i)
      report.group.members.push_back({.id = "id", .instance_id = i == 0 ? "" : "desk", .client_id = "c" + std::to_string(i), .host = "/h"});
    for (std::size_t i = 0; i < partitions.size(); ++i) {
      GroupPartition& partition = report.partitions.emplace_back();
      partition.id = {"t", static_cast<std::int32_t>(i)};
      if (partitions[i].committed >= 0) partition.committed = OffsetAndMetadata{partitions[i].committed};
      partition.start = 0;
      partition.end = partitions[i].end;
      if (partitions[i].member >= 0 && partitions[i].member < members)
        partition.member = static_cast<std::size_t>(partitions[i].member);
    }
    return report;
  }
  void add(std::chrono::seconds at, const std::vector<Partition>& partitions) { trends.add(report(at, partitions)); }
  std::optional<PartitionTrend> trend(std::size_t partition) const { return trends.of(trends.now().partitions[partition]); }

  GroupTrends trends{15s, 15s};
};

TEST_F(Trends, OneReportHasLagButNoRates) {
  add(0s, {{5, 10}});
  EXPECT_FALSE(trend(0));
  EXPECT_EQ(trends.why(), "5 records wait in t-0, held by c0 at /h; the next look tells how that changes.");
}

TEST_F(Trends, RatesAreOverTheWindow) {
  add(0s, {{0, 0}});
  for (int s = 2; s <= 40; s += 2) add(std::chrono::seconds(s), {{s < 30 ? 0 : (s - 30) * 100, 10'000 + s * 50}});
  // From 24 s on: 0 -> 1000 committed, 50 arrive each second.
  EXPECT_DOUBLE_EQ(trend(0)->arriving, 50);
  EXPECT_DOUBLE_EQ(trend(0)->consumed, 1000.0 / 16);
}

TEST_F(Trends, AnOffsetThatWasSetBackStartsAnew) {
  add(0s, {{1000, 2000}});
  add(2s, {{0, 2000}});
  EXPECT_FALSE(trend(0));
  add(4s, {{20, 2000}});
  EXPECT_DOUBLE_EQ(trend(0)->consumed, 10);
}

TEST_F(Trends, CatchingUpSaysWhen) {
  add(0s, {{0, 1000}, {100, 100, 1}});
  add(10s, {{500, 1000}, {100, 100, 1}});
  EXPECT_EQ(trend(0)->catch_up(500), 10s);
  EXPECT_EQ(trends.why(),
            "Catching up: 0 records/s arrive and 50 are consumed; 500 records wait in t-0, held by c0 at /h, gone in about 10 s.");
}

TEST_F(Trends, FallingBehindNamesTheWorst) {
  add(0s, {{0, 1000}, {0, 100, 1}});
  add(10s, {{100, 3000}, {50, 150, 1}});
  EXPECT_FALSE(trend(0)->catch_up(2900));
  EXPECT_EQ(trends.why(),
            "Falling behind: 205 records/s arrive and 15 are consumed; 3000 records wait, 97% of them in t-0, held by c0 at /h.");
}

TEST_F(Trends, AMemberThatStoppedCommittingIsNamed) {
  for (int s = 0; s <= 20; s += 2) add(std::chrono::seconds(s), {{s * 10, s * 10 + 5}, {7, 100, 1}, {8, 100, 1}});
  EXPECT_EQ(trends.why(), "desk at /h has committed nothing for 20 s: it holds t-1, t-2, where 185 records wait.");
}

TEST_F(Trends, AMemberThatCommitsSomewhereHasNotStopped) {
  for (int s = 0; s <= 20; s += 2) add(std::chrono::seconds(s), {{s, 100}, {7, 100}});
  EXPECT_THAT(trends.why(), StartsWith("Catching up"));
}

TEST_F(Trends, AMemberThatHadNothingToCommitHasNotStopped) {
  for (int s = 0; s <= 60; s += 2) add(std::chrono::seconds(s), {{100, 100}});
  add(62s, {{100, 105}});
  EXPECT_THAT(trends.why(), StartsWith("Falling behind"));
}

TEST_F(Trends, WithoutMembersNobodyReads) {
  trends.add(report(0s, {{5, 10}}, 0, "Empty"));
  EXPECT_EQ(trends.why(), "Nobody reads: the group has no members, and 5 records wait.");
  trends.add(report(2s, {{10, 10}}, 0, "Empty"));
  EXPECT_EQ(trends.why(), "Nobody reads: the group has no members.");
}

TEST_F(Trends, ARebalanceIsTheReasonWhileItLasts) {
  trends.add(report(0s, {{5, 6, -1}}, 2, "PreparingRebalance"));
  EXPECT_EQ(trends.why(),
            "The group is rebalancing: its members share the partitions out anew, and 1 record waits meanwhile.");
}

TEST_F(Trends, PartitionsThatNobodyHoldsComeFirst) {
  add(0s, {{0, 1000}, {0, 7, -1}, {0, 5, -1}});
  EXPECT_EQ(trends.why(), "No member holds t-1, t-2, where 12 records wait.");
}

TEST_F(Trends, WhatIsNotBehindSaysSo) {
  add(0s, {{10, 10}, {0, 0, 1}});
  EXPECT_EQ(trends.why(), "Nothing is behind: all records up to the ends are committed.");
  add(2s, {{10, 10}, {-1, 3, 1}});
  EXPECT_THAT(trends.why(), HasSubstr("Nothing is committed yet for 1 partition with records"));
}

TEST_F(Trends, NamesCannotDriveTheTerminal) {
  auto bad = report(0s, {{5, 10}});
  bad.group.members[0].client_id = "\x1b[2J";
  trends.add(std::move(bad));
  EXPECT_THAT(trends.why(), HasSubstr("held by ?[2J at /h"));
}

TEST(Durations, AreInTheLargestUnitThatSaysEnough) {
  EXPECT_EQ(duration_text(0s), "0 s");
  EXPECT_EQ(duration_text(119s), "119 s");
  EXPECT_EQ(duration_text(10min), "10 min");
  EXPECT_EQ(duration_text(5h), "5 h");
  EXPECT_EQ(duration_text(72h), "3 days");
}

TEST(GroupTargets, AreWhatConsumeTakesWithMovesForSigns) {
  using Kind = GroupTarget::Kind;
  const struct {
    const char* text;
    Kind kind;
    std::int64_t value;
  } rows[] = {{"earliest", Kind::earliest, 0},     {"beginning", Kind::earliest, 0}, {"latest", Kind::latest, 0},
              {"end", Kind::latest, 0},            {"0", Kind::offset, 0},           {"42", Kind::offset, 42},
              {"+3", Kind::shift, 3},              {"-3", Kind::shift, -3},          {"@1000", Kind::timestamp, 1000},
              {"1970-01-01T00:00:02Z", Kind::timestamp, 2000}};
  for (const auto& row : rows) {
    const auto target = GroupTarget::parse(row.text);
    ASSERT_TRUE(target) << row.text;
    EXPECT_EQ(target->kind, row.kind) << row.text;
    EXPECT_EQ(target->value, row.value) << row.text;
  }
  for (const char* text : {"", "+", "-", "+-3", "++3", "+earliest", "+@1000", "yesterday", "1x", "@"})
    EXPECT_FALSE(GroupTarget::parse(text)) << text;
}

TEST(GroupTargets, StayWithinTheLog) {
  EXPECT_EQ(clamp_offset(5, 3, 9).offset, 5);
  EXPECT_EQ(clamp_offset(5, 3, 9).note, "");
  EXPECT_EQ(clamp_offset(1, 3, 9).offset, 3);
  EXPECT_EQ(clamp_offset(1, 3, 9).note, "the log starts at 3, after 1");
  EXPECT_EQ(clamp_offset(10, 3, 9).offset, 9);
  EXPECT_EQ(clamp_offset(10, 3, 9).note, "the log ends at 9, before 10");
  EXPECT_EQ(shifted(5, -7), -2);
  EXPECT_EQ(shifted(5, INT64_MAX), INT64_MAX);
}

TEST(Screens, CutWhatDoesNotFit) {
  EXPECT_EQ(fitted("abc\n\xc3\xa9\xc3\xa9\xc3\xa9\nlast\n", 2, 2, "|\n"), "ab|\n\xc3\xa9\xc3\xa9|\n");
  EXPECT_EQ(fitted("a\nb\n", 9, 9, "\n"), "a\nb\n");
}

}  // namespace
}  // namespace leat::cli
