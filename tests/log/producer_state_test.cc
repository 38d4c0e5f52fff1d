#include "log/producer_state.h"

#include "log_fixture.h"
#include "record/control_record.h"

namespace leat::log {
namespace {

constexpr std::int32_t last_possible = 2147483647;

/// One line of a trace: a batch that arrives, and what the rules say.
struct Step {
  const char* rule;
  std::int16_t epoch;
  std::int32_t sequence;
  int records;
  Errc expected;
  bool is_duplicate = false;
};

/// Plays the steps in order; a batch that is taken gets the next offsets.
void play(ProducerStates& states, const std::vector<Step>& steps) {
  Offset next = 0;
  for (const Step& step : steps) {
    const auto bytes = batch({.base = next, .records = step.records, .producer_id = 1000,
                              .producer_epoch = step.epoch, .sequence = step.sequence});
    const auto view = record::BatchView::parse(bytes).value();
    const auto said = states.check(view);
    EXPECT_EQ(said ? Errc::none : said.error().code, step.expected) << step.rule;
    if (!said) continue;
    EXPECT_EQ(said->has_value(), step.is_duplicate) << step.rule;
    if (said->has_value()) continue;
    states.update(view);
    next = view.next_offset();
  }
}

constexpr Errc out_of_order = Errc::out_of_order_sequence_number, fenced = Errc::invalid_producer_epoch,
               fine = Errc::none;

TEST(ProducerStates, SequenceRulesHoldInOrder) {  // behaviours.md C2-C6
  ProducerStates states;
  play(states, {{"C6 unknown producer: any first sequence", 0, 7, 3, fine},
                {"C4 the next one is last + 1", 0, 10, 2, fine},
                {"C4 a gap", 0, 13, 1, out_of_order},
                {"C2 the last one again", 0, 10, 2, fine, true},
                {"C2 the one before", 0, 7, 3, fine, true},
                {"C3 overlapping", 0, 10, 3, out_of_order},
                {"C3 part of an earlier one", 0, 8, 1, out_of_order},
                {"C7 the refused ones changed nothing", 0, 12, 1, fine},
                {"", 0, 13, 1, fine},
                {"", 0, 14, 1, fine},
                {"C2 the oldest of five", 0, 7, 3, fine, true},
                {"", 0, 15, 1, fine},
                {"C3 older than the window", 0, 7, 3, out_of_order},
                {"C5 a newer epoch starts at 0", 1, 16, 1, out_of_order},
                {"C5", 1, 0, 1, fine},
                {"C5 an older epoch", 0, 16, 1, fenced},
                {"C5 the window was cleared", 1, 10, 2, out_of_order},
                {"C2 within the new epoch", 1, 0, 1, fine, true},
                {"C4", 1, 1, 1, fine}});
}

TEST(ProducerStates, SequencesWrapBetweenAndWithinBatches) {
  ProducerStates states;
  play(states, {{"", 0, last_possible, 1, fine},
                {"after 2147483647 comes 0", 0, 0, 1, fine},
                {"again", 0, last_possible, 1, fine, true}});
  ProducerStates within;
  play(within, {{"", 0, last_possible - 1, 4, fine}, {"", 0, 2, 1, fine}, {"", 0, last_possible - 1, 4, fine, true}});
}

TEST(ProducerStates, ADuplicateIsAnsweredWithItsFirstPlace) {
  ProducerStates states;
  const auto first = batch({.base = 40, .records = 3, .producer_id = 1, .producer_epoch = 0, .sequence = 0});
  states.update(record::BatchView::parse(first).value());
  const auto again = batch({.base = 0, .records = 3, .producer_id = 1, .producer_epoch = 0, .sequence = 0});
  const auto found = states.check(record::BatchView::parse(again).value()).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->first_offset, 40);
  EXPECT_EQ(found->last_offset, 42);
  EXPECT_EQ(found->timestamp, sample_time + 2);
}

TEST(ProducerStates, BatchesWithoutAProducerLeaveNoState) {
  ProducerStates states;
  const auto plain = batch({.base = 0});
  EXPECT_FALSE(states.check(record::BatchView::parse(plain).value()).value());
  states.update(record::BatchView::parse(plain).value());
  EXPECT_EQ(states.size(), 0u);
}

TEST(ProducerStates, StateExpiresByTheTimeOfRecordsUnlessATransactionIsOpen) {  // C8
  ProducerStates states;
  states.update(record::BatchView::parse(batch({.base = 0, .producer_id = 1, .producer_epoch = 0, .sequence = 0})).value());
  record::BatchBuilder open({.base_offset = 1, .producer_id = 2, .producer_epoch = 0, .base_sequence = 0, .is_transactional = true});
  open.append(sample_time, "k", "v");
  states.update(record::BatchView::parse(open.build().value()).value());
  states.expire(sample_time + 99, 100);
  EXPECT_EQ(states.size(), 2u);
  states.expire(sample_time + 100, 100);
  EXPECT_EQ(states.size(), 1u);
  EXPECT_EQ(states.entries().at(2).transaction_first_offset, 1);
  auto marker = record::marker_batch({.commit = true, .coordinator_epoch = 9}, 2, 0, sample_time);
  states.update(record::BatchView::parse(marker).value());
  EXPECT_EQ(states.entries().at(2).transaction_first_offset, -1);
  EXPECT_EQ(states.entries().at(2).coordinator_epoch, 9);
}

TEST(ProducerStates, AProducerWithAnOpenTransactionWritesNothingOutsideIt) {  // E5
  ProducerStates states;
  states.update(record::BatchView::parse(transactional(0, 1)).value());
  const auto outside = batch({.base = 1, .producer_id = 1, .producer_epoch = 0, .sequence = 1});
  EXPECT_EQ(states.check(record::BatchView::parse(outside).value()).error().code, Errc::invalid_txn_state);
  EXPECT_TRUE(states.check(record::BatchView::parse(transactional(1, 1, 1)).value()));
  states.update(record::BatchView::parse(committed(1, 1)).value());
  EXPECT_TRUE(states.check(record::BatchView::parse(outside).value()));
}

/// The header alone, as compaction leaves it (files.md 12.5).
std::vector<std::byte> emptied(std::vector<std::byte> batch) {
  batch.resize(record::batch_header_size);
  store_be<std::int32_t>(batch.data() + record::batch_at::batch_length,
                         record::batch_header_size - record::batch_prefix_size);
  store_be<std::int32_t>(batch.data() + record::batch_at::record_count, 0);
  return batch;
}

/// One line of a trace: a batch, then the high watermark; the first offset that is not decided, -1 when all is.
struct Transactional {
  const char* rule;
  std::vector<std::byte> batch;
  Offset high_watermark;
  Offset first_unstable;
};

TEST(ProducerStates, WhatIsUndecidedBeginsWithTheEarliestTransaction) {  // E8
  ProducerStates states;
  const std::vector<Transactional> steps = {
      {"none is open", batch({.base = 0, .producer_id = 9, .producer_epoch = 0, .sequence = 0}), 1, -1},
      {"one begins", transactional(1, 1), 2, 1},
      {"another begins behind it", transactional(2, 2), 3, 1},
      {"more of the first", transactional(3, 1, 1), 4, 1},
      {"the first one's marker is not committed", committed(4, 1), 4, 1},
      {"it is, and the other is open", transactional(5, 2, 1), 6, 2},
      {"the other one's marker is committed", aborted(6, 2), 7, -1},
      {"a marker without a transaction", aborted(7, 3), 7, -1},
      {"one begins again", transactional(8, 1, 2), 9, 8},
      {"a marker that compaction emptied ends nothing", emptied(aborted(9, 1)), 10, 8},
  };
  for (const Transactional& step : steps) {
    states.update(record::BatchView::parse(step.batch).value());
    states.forget_ended(step.high_watermark);
    EXPECT_EQ(states.first_unstable_offset().value_or(-1), step.first_unstable) << step.rule;
  }
  ProducerStates restored;
  ASSERT_TRUE(restored.restore(states.snapshot(), sample_time, 1000));
  EXPECT_EQ(restored.first_unstable_offset(), 8) << "an open transaction is in the snapshot";
  restored.clear();
  EXPECT_FALSE(restored.first_unstable_offset());
}

TEST(ProducerStates, AnAbortTellsWhatItEndedAndWhatIsDecidedSince) {  // E9
  ProducerStates states;
  const auto take = [&](const std::vector<std::byte>& bytes) {
    return states.update(record::BatchView::parse(bytes).value());
  };
  EXPECT_FALSE(take(transactional(0, 1)));
  EXPECT_FALSE(take(transactional(1, 2)));
  EXPECT_FALSE(take(transactional(2, 3)));
  EXPECT_FALSE(take(committed(3, 1)));
  EXPECT_EQ(take(aborted(4, 3)), (AbortedTransaction{.producer_id = 3, .first_offset = 2, .last_offset = 4,
                                                     .last_stable_offset = 1}));
  EXPECT_EQ(take(aborted(5, 2)), (AbortedTransaction{.producer_id = 2, .first_offset = 1, .last_offset = 5,
                                                     .last_stable_offset = 6}));
  EXPECT_FALSE(take(aborted(6, 2))) << "without data here";
}

constexpr const char* golden =  // files.md 9
    "0001af37745700000002"
    "00000000000003e800000000000000000000000000060000000000" "00018bcfe5680affffffffffffffffffffffff"
    "00000000000003e900030000000000000000000000070000000000" "00018bcfe5680c00000007ffffffffffffffff";

std::vector<std::byte> unhex(std::string_view text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return bytes;
}

TEST(ProducerStates, SnapshotsHaveKafkasBytes) {
  EXPECT_EQ(ProducerStates{}.snapshot(), unhex("000148674bc700000000"));
  ProducerStates states;
  ASSERT_TRUE(states.restore(unhex(golden), sample_time, 1LL << 60));
  ASSERT_EQ(states.size(), 2u);
  EXPECT_EQ(states.entries().at(1000).batches.at(0).last_offset, 6);
  EXPECT_EQ(states.entries().at(1001).epoch, 3);
  EXPECT_EQ(states.entries().at(1001).coordinator_epoch, 7);
  EXPECT_EQ(states.snapshot(), unhex(golden));
}

TEST(ProducerStates, ADamagedSnapshotIsRefused) {
  const auto good = unhex(golden);
  ProducerStates states;
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= std::byte{0x10};
    EXPECT_EQ(states.restore(bad, sample_time, 1LL << 60).error().code, Errc::corrupt) << "byte " << i;
    EXPECT_FALSE(states.restore(Bytes(good).subspan(0, i), sample_time, 1LL << 60));
  }
}

TEST(ProducerStates, IdleProducersAreSkippedOnRestore) {
  ProducerStates states;
  ASSERT_TRUE(states.restore(unhex(golden), sample_time + 1000, 100));
  EXPECT_EQ(states.size(), 0u);
}

TEST(ProducerStates, ARestoredSequenceKnowsItsFirstAcrossTheWrap) {
  ProducerStates states;
  const auto bytes = batch({.base = 0, .records = 4, .producer_id = 1, .producer_epoch = 0, .sequence = last_possible - 1});
  states.update(record::BatchView::parse(bytes).value());
  ProducerStates restored;
  ASSERT_TRUE(restored.restore(states.snapshot(), sample_time, 1LL << 60));
  EXPECT_TRUE(restored.check(record::BatchView::parse(bytes).value()).value());
}

class ProducerWindowTest : public LogTest {
 protected:
  static std::vector<std::byte> numbered(int n) {
    return batch({.base = n, .producer_id = 1000, .producer_epoch = 0, .sequence = n});
  }
  static void expect_window(Log& log, int from, int to) {
    for (int n = from; n < to; ++n)
      EXPECT_TRUE(log.producers().check(record::BatchView::parse(numbered(n)).value()).value()) << n;
  }
};

TEST_F(ProducerWindowTest, AllFiveBatchesAreKnownAgainAfterACleanStart) {
  {
    auto log = open();
    for (int n = 0; n < 8; ++n) ASSERT_TRUE(log->append(numbered(n)));
    ASSERT_TRUE(log->close());
  }
  auto log = open_clean();
  expect_window(*log, 3, 8);
  EXPECT_FALSE(log->producers().check(record::BatchView::parse(numbered(2)).value()));
}

TEST_F(ProducerWindowTest, TheWindowReachesOverASegmentsEnd) {
  {
    auto log = open();
    for (int n = 0; n < 8; ++n) {
      ASSERT_TRUE(log->append(numbered(n)));
      ASSERT_TRUE(n % 2 == 1 || log->roll());
    }
    ASSERT_TRUE(log->close());
  }
  expect_window(*open_clean(), 3, 8);
  expect_window(*open(), 3, 8);
}

TEST_F(ProducerWindowTest, StateIsRebuiltWithoutAnySnapshot) {
  {
    auto log = open();
    for (int n = 0; n < 8; ++n) {
      ASSERT_TRUE(log->append(numbered(n)));
      ASSERT_TRUE(n != 3 || log->roll());
    }
    sync(*log);
  }
  ASSERT_TRUE(disk.remove("data/orders-0/00000000000000000004.snapshot"));
  expect_window(*open(), 3, 8);
}

TEST_F(ProducerWindowTest, TruncationTakesTheStateBack) {
  auto log = open();
  for (int n = 0; n < 8; ++n) {
    ASSERT_TRUE(log->append(numbered(n)));
    ASSERT_TRUE(n != 6 || log->roll());
  }
  ASSERT_TRUE(log->truncate_to(5));
  expect_window(*log, 0, 5);
  ASSERT_TRUE(log->append(numbered(5)));
}

}  // namespace
}  // namespace leat::log
