#include "sim/history.h"

#include <gmock/gmock.h>

namespace leat::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using Kind = History::Kind;

const TopicPartition t0{"t", 0};
const TopicPartition t1{"t", 1};

/// A producer `p` whose records a, b, c were acknowledged at 0, 1, 2, and a consumer that read them.
class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    for (const std::string value : {"a", "b", "c"}) {
      const Offset offset = static_cast<Offset>(log.size());
      history.acknowledged(history.sent("p", Kind::idempotent, t0, value), offset);
      log[offset] = value;
    }
  }
  void read_all() {
    for (const auto& [offset, value] : log) history.read("c", t0, offset, value);
  }
  std::vector<std::string> faults() const { return history.faults({{t0, log}}); }

  History history;
  History::Log log;
};

TEST_F(HistoryTest, ALogThatKeptItsPromisesHasNoFaults) {
  read_all();
  history.end_seen(t0, 2);
  history.end_seen(t0, 3);
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(history.acknowledged_writes(), 3u);
}

TEST_F(HistoryTest, WhatWasAcknowledgedAndIsMissingIsLost) {
  log.erase(2);
  EXPECT_THAT(faults(), ElementsAre("H1 lost: t-0 at offset 2, c, is not there"));
}

TEST_F(HistoryTest, APartitionThatIsMissingAltogetherIsLost) {
  EXPECT_THAT(history.faults({}), testing::SizeIs(3));
}

TEST_F(HistoryTest, WhatWasDeletedOnPurposeIsNotMissed) {
  read_all();
  log.erase(0);
  EXPECT_THAT(history.faults({{t0, log}}, {{t0, 1}}), IsEmpty());
}

TEST_F(HistoryTest, WithoutAnAnswerAWriteMayBeThereOrNot) {
  history.sent("p", Kind::idempotent, t0, "d");
  EXPECT_THAT(faults(), IsEmpty());
  log[3] = "d";
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(HistoryTest, ARecordOfAnIdempotentProducerIsThereOnce) {
  log[3] = "b";
  EXPECT_THAT(faults(), ElementsAre(StartsWith("H2 twice: b is in t-0 at offset 1 and in t-0 at offset 3")));
}

TEST_F(HistoryTest, APlainProducersRetryMayBeThereTwice) {
  history.acknowledged(history.sent("q", Kind::plain, t0, "x"), 4);
  log[3] = log[4] = "x";
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(HistoryTest, WhatAConsumerHasReadStays) {
  history.sent("p", Kind::idempotent, t0, "d");
  history.read("c", t0, 3, "d");
  EXPECT_THAT(faults(), ElementsAre("H3 gone: what c read in t-0 at offset 3, d, is not there"));
}

TEST_F(HistoryTest, AnOffsetThatChangesItsValueHasTwo) {
  read_all();
  log[1] = "z";
  history.sent("q", Kind::plain, t0, "z");
  EXPECT_THAT(faults(), testing::Each(StartsWith("H4 two values: t-0 at offset 1 was b and is z")));
  EXPECT_THAT(faults(), testing::SizeIs(2)) << "once as acknowledged, once as read";
}

TEST_F(HistoryTest, TwoConsumersSeeOneValue) {
  history.sent("q", Kind::plain, t0, "z");
  history.read("c", t0, 1, "b");
  history.read("d", t0, 1, "z");
  EXPECT_THAT(faults(), ElementsAre("H4 two values: t-0 at offset 1 was b to one and z to another",
                                    "H4 two values: t-0 at offset 1 was z and is b"));
}

TEST_F(HistoryTest, AConsumersOffsetsRise) {
  history.read("c", t0, 1, "b");
  history.read("c", t0, 1, "b");
  EXPECT_THAT(faults(), ElementsAre(StartsWith("H5 backwards: c reads t-0 at offset 1")));
}

TEST_F(HistoryTest, AConsumerThatMovedMayReadAgain) {
  read_all();
  history.moved("c", t0, 1);
  history.read("c", t0, 1, "b");
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(HistoryTest, TheEndOfAPartitionNeverFalls) {
  history.end_seen(t0, 3);
  history.end_seen(t1, 0);
  history.end_seen(t0, 2);
  EXPECT_THAT(faults(), ElementsAre("H5 backwards: the end of t-0 was 3 and is 2"));
}

TEST_F(HistoryTest, AnIdempotentProducersRecordsKeepTheirOrder) {
  History other;
  other.sent("p", Kind::idempotent, t0, "first");
  other.sent("p", Kind::idempotent, t0, "second");
  other.sent("p", Kind::idempotent, t1, "elsewhere");
  EXPECT_THAT(other.faults({{t0, {{0, "second"}, {1, "first"}}}, {t1, {{0, "elsewhere"}}}}),
              ElementsAre(StartsWith("H6 order: second is in t-0 at offset 0, first")));
}

TEST_F(HistoryTest, WhatWasRefusedForCertainIsNotThere) {
  history.refused(history.sent("p", Kind::idempotent, t0, "d"));
  EXPECT_THAT(faults(), IsEmpty());
  log[3] = "d";
  EXPECT_THAT(faults(), ElementsAre("H7 invented: d was refused, and is in t-0 at offset 3"));
}

TEST_F(HistoryTest, WhatNobodySentIsInvented) {
  log[3] = "from nowhere";
  EXPECT_THAT(faults(), ElementsAre("H7 invented: nobody sent from nowhere to t-0 at offset 3"));
}

TEST_F(HistoryTest, ARecordInAnotherPartitionIsInvented) {
  EXPECT_THAT(history.faults({{t0, log}, {t1, {{0, "a"}}}}), testing::SizeIs(testing::Ge(1u)));
}

}  // namespace
}  // namespace leat::sim
