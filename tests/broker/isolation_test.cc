#include <gmock/gmock.h>

#include "log/log.h"
#include "record/control_record.h"
#include "sim/disk.h"
#include "sim/link.h"
#include "sim/scheduler.h"
#include "world.h"

/// What consumers see of transactions, which so far only a directory of Kafka's holds (E8, E10).
namespace leat::test {
namespace {

using protocol::FetchResponse;
using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;
using testing::ElementsAre;

constexpr std::int8_t uncommitted = 0, committed = 1;
constexpr TimestampMs sent = 1'700'000'000'000;

class Isolation : public testing::Test, public World {
 protected:
  Isolation() { start(); }

  std::shared_ptr<protocol::Channel> channel() override { return broker_->channel("test"); }
  Executor& executor() override { return scheduler_; }
  TimestampMs wall_ms() override { return scheduler_.wall_ms(); }
  broker::Broker& broker() override { return *broker_; }
  void restart() override {
    stop();
    start();
  }
  void start() {
    broker_ = broker::Broker::open({.executor = scheduler_,
                                    .blocking = scheduler_,
                                    .clock = scheduler_,
                                    .entropy = entropy_,
                                    .volume = disk_},
                                   make_config("data", {}))
                  .value();
  }
  void stop() {
    EXPECT_TRUE(broker_->close());
    broker_.reset();
    scheduler_.run_ready();
  }
  /// The topic "t" as Kafka might have left it: 0 plain, 1 aborted by its marker at 2, 3 committed at 4, 5 open,
  /// 6 plain behind it.
  void adopt() {
    Client(*this).create_topic("t");
    stop();
    {
      auto log = log::Log::open(disk_, scheduler_, {.directory = "data/t-0", .clean = true}, {}).value();
      const auto append = [&](std::vector<std::byte> batch) {
        record::set_base_offset(batch, log->log_end());
        record::set_leader_epoch(batch, 0);
        ASSERT_TRUE(log->append(batch));
      };
      append(data("plain", -1));
      append(data("aborted", 1));
      append(record::marker_batch({.commit = false}, 1, 0, sent));
      append(data("committed", 2));
      append(record::marker_batch({.commit = true}, 2, 0, sent));
      append(data("open", 3));
      append(data("behind", -1));
      ASSERT_TRUE(log->close());
    }
    start();
  }
  static std::vector<std::byte> data(const std::string& value, std::int64_t producer) {
    const bool transactional = producer >= 0;
    record::BatchBuilder builder({.producer_id = producer,
                                  .producer_epoch = static_cast<std::int16_t>(transactional ? 0 : -1),
                                  .base_sequence = transactional ? 0 : -1,
                                  .is_transactional = transactional});
    builder.append(sent, Bytes(), value);
    return builder.build().value();
  }
  FetchResponse::PartitionData fetch(Offset from, std::int8_t isolation) {
    auto request = Client::fetch_request("t", 0, from);
    request.isolation_level = isolation;
    return Client(*this).call<FetchResponse>(std::move(request), 12).responses.at(0).partitions.at(0);
  }
  Offset list_offset(TimestampMs timestamp, std::int8_t isolation) {
    ListOffsetsRequest request;
    request.replica_id = -1;
    request.isolation_level = isolation;
    request.topics.push_back({.name = "t", .partitions = {{.partition_index = 0, .timestamp = timestamp}}});
    return Client(*this).call<ListOffsetsResponse>(std::move(request), 7).topics.at(0).partitions.at(0).offset;
  }
  /// Base offsets of the batches.
  static std::vector<Offset> batches_of(const Payload& records) {
    std::vector<Offset> bases;
    const Payload bytes = records.in_memory().value();
    record::BatchCursor cursor(bytes.memory());
    for (auto next = cursor.next().value(); next; next = cursor.next().value()) bases.push_back(next->base_offset());
    return bases;
  }

  sim::Scheduler scheduler_{1};
  sim::SeededEntropy entropy_{2};
  sim::Disk disk_{scheduler_, {.seed = 3}};
  std::shared_ptr<broker::Broker> broker_;
};

TEST_F(Isolation, AFetchOfCommittedRecordsEndsWhereATransactionIsOpen) {
  adopt();
  const auto all = fetch(0, uncommitted);
  EXPECT_THAT(batches_of(all.records), ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_EQ(all.high_watermark, 7);
  EXPECT_EQ(all.last_stable_offset, 5);
  const auto decided = fetch(0, committed);
  EXPECT_THAT(batches_of(decided.records), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(decided.high_watermark, 7);
  EXPECT_EQ(decided.last_stable_offset, 5);
  const auto undecided = fetch(6, committed);
  EXPECT_EQ(undecided.error_code, 0) << "between the last stable offset and the log end there is nothing, and no error";
  EXPECT_EQ(undecided.records.size(), 0u);
}

TEST_F(Isolation, OnlyWhoReadsCommittedRecordsIsToldWhatWasAborted) {
  adopt();
  EXPECT_FALSE(fetch(0, uncommitted).aborted_transactions);
  const auto told = fetch(0, committed).aborted_transactions;
  ASSERT_TRUE(told);
  ASSERT_EQ(told->size(), 1u);
  EXPECT_EQ(told->at(0).producer_id, 1);
  EXPECT_EQ(told->at(0).first_offset, 1);
  EXPECT_EQ(fetch(3, committed).aborted_transactions->size(), 0u) << "none overlaps: an empty list, not null";
  EXPECT_EQ(fetch(6, committed).aborted_transactions->size(), 0u);
}

TEST_F(Isolation, LatestAndTimesAreBelowTheLastStableOffset) {
  adopt();
  EXPECT_EQ(list_offset(-1, uncommitted), 7);
  EXPECT_EQ(list_offset(-1, committed), 5);
  Client(*this).produce("t", 0, {"later"});
  EXPECT_EQ(list_offset(sent + 1, uncommitted), 7);
  EXPECT_EQ(list_offset(sent + 1, committed), -1);
  EXPECT_EQ(list_offset(-2, committed), 0);
}

TEST_F(Isolation, AnOpenTransactionStaysOpenOverRestarts) {
  adopt();
  for (int i = 0; i < 2; ++i) {
    Client(*this).produce("t", 0, {"more"});
    restart();
    EXPECT_EQ(list_offset(-1, committed), 5);
    EXPECT_EQ(list_offset(-1, uncommitted), 8 + i);
  }
}

}  // namespace
}  // namespace leat::test
