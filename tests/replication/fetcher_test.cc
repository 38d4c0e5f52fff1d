#include "replication/fetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What a follower asks its leader, and what it makes of the answers (cluster.md I1 to I5), without any log.
namespace leat::replication {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;
using testing::IsEmpty;
using testing::SizeIs;

constexpr LeaderEpoch epoch = 5;
const Uuid topic_id{std::byte{1}};
const Uuid other_id{std::byte{2}};

class FetcherTest : public testing::Test {
 protected:
  FetcherTest() {
    fetcher.set_broker_epoch(77);
    fetcher.follow({"t", 0}, topic_id, epoch);
  }
  Fetcher::Actions next() { return fetcher.next(now); }
  /// The only work there is now.
  Fetcher::Work work() {
    auto actions = next();
    EXPECT_THAT(actions.work, SizeIs(1));
    EXPECT_FALSE(actions.request);
    return actions.work.empty() ? Fetcher::Work{} : std::move(actions.work.front());
  }
  void finish(const Fetcher::Work& work, FollowerPosition where) { fetcher.finished(now, work.ticket, where); }
  template <class T>
  T request() {
    auto actions = next();
    EXPECT_TRUE(actions.request && std::holds_alternative<T>(*actions.request));
    return actions.request ? std::get<T>(*actions.request) : T{};
  }
  /// Begins to fetch `t` from `from`.
  FetchRequest start(Offset from = 10) {
    finish(work(), {.log_end = from, .last_epoch = 4});
    return request<FetchRequest>();
  }
  static FetchResponse::PartitionData data(Offset high_watermark, std::string_view records = "") {
    FetchResponse::PartitionData data;
    data.high_watermark = high_watermark;
    data.log_start_offset = 0;
    data.records = Payload::own(records);
    return data;
  }
  static FetchResponse answer(FetchResponse::PartitionData data, std::int32_t session = 9) {
    FetchResponse response;
    response.session_id = session;
    auto& topic = response.responses.emplace_back();
    topic.topic_id = topic_id;
    topic.partitions.push_back(std::move(data));
    return response;
  }
  static FetchResponse nothing(std::int32_t session = 9) {
    FetchResponse response;
    response.session_id = session;
    return response;
  }
  static FetchResponse::PartitionData refusal(Errc error) {
    auto refused = data(-1);
    refused.error_code = static_cast<std::int16_t>(error);
    return refused;
  }
  static ListOffsetsResponse offset(Offset found, Errc error = Errc::none) {
    ListOffsetsResponse response;
    auto& topic = response.topics.emplace_back();
    topic.name = "t";
    topic.partitions.push_back({.error_code = static_cast<std::int16_t>(error), .offset = found});
    return response;
  }
  static const FetchRequest::FetchPartition& asked(const FetchRequest& request) {
    return request.topics.at(0).partitions.at(0);
  }

  Instant now{std::chrono::hours(1)};
  Fetcher fetcher{{.self = 3}};
};

TEST_F(FetcherTest, APartitionSaysWhereItIsBeforeAnythingIsAsked) {
  const auto begin = work();
  EXPECT_TRUE(std::holds_alternative<Fetcher::Begin>(begin.step));
  EXPECT_EQ(begin.leader_epoch, epoch);
  EXPECT_FALSE(next().request);
  finish(begin, {.log_end = 10, .last_epoch = 4, .log_start = 2});
  const auto fetch = request<FetchRequest>();
  EXPECT_EQ(fetch.replica_state.replica_id, 3);
  EXPECT_EQ(fetch.replica_state.replica_epoch, 77);
  EXPECT_EQ(fetch.topics.at(0).topic_id, topic_id);
  EXPECT_EQ(asked(fetch).fetch_offset, 10);
  EXPECT_EQ(asked(fetch).last_fetched_epoch, 4);
  EXPECT_EQ(asked(fetch).current_leader_epoch, epoch);
  EXPECT_EQ(asked(fetch).log_start_offset, 2);
}

TEST_F(FetcherTest, OneRequestIsUnderWayAtATime) {
  start();
  EXPECT_FALSE(next().request);
  fetcher.answered(now, nothing());
  EXPECT_TRUE(next().request);
}

TEST_F(FetcherTest, TheNextFetchWaitsUntilWhatCameIsDurable) {  // P4
  start();
  fetcher.answered(now, answer(data(8, "records")));
  const auto append = work();
  const auto& step = std::get<Fetcher::Append>(append.step);
  EXPECT_EQ(step.batches.memory().size(), 7u);
  EXPECT_EQ(step.high_watermark, 8);
  EXPECT_FALSE(next().request);
  finish(append, {.log_end = 12, .last_epoch = 5});
  EXPECT_EQ(asked(request<FetchRequest>()).fetch_offset, 12);
}

TEST_F(FetcherTest, AHighWatermarkThatMovedIsTakenWithoutRecords) {
  start();
  fetcher.answered(now, answer(data(8)));
  finish(work(), {.log_end = 10, .last_epoch = 4});
  request<FetchRequest>();
  fetcher.answered(now, answer(data(8)));
  EXPECT_THAT(next().work, IsEmpty());
}

TEST_F(FetcherTest, ADivergenceIsCutAndAskedAgain) {  // I3
  start();
  auto diverging = data(3);
  diverging.diverging_epoch = {2, 7};
  fetcher.answered(now, answer(diverging));
  const auto cut = work();
  EXPECT_EQ(std::get<Fetcher::TruncateDiverging>(cut.step).leaders.epoch, 2);
  EXPECT_EQ(std::get<Fetcher::TruncateDiverging>(cut.step).leaders.end, 7);
  finish(cut, {.log_end = 6, .last_epoch = 1});
  EXPECT_EQ(asked(request<FetchRequest>()).fetch_offset, 6);
}

TEST_F(FetcherTest, BeyondTheLeadersEndTheLogIsCutThere) {  // I4
  start();
  fetcher.answered(now, answer(refusal(Errc::offset_out_of_range)));
  const auto look_up = request<ListOffsetsRequest>();
  EXPECT_EQ(look_up.replica_id, 3);
  EXPECT_EQ(look_up.topics.at(0).partitions.at(0).timestamp, -1);
  EXPECT_EQ(look_up.topics.at(0).partitions.at(0).current_leader_epoch, epoch);
  fetcher.answered(now, offset(6));
  EXPECT_EQ(std::get<Fetcher::TruncateTo>(work().step).offset, 6);
}

TEST_F(FetcherTest, BelowTheLeadersStartTheLogBeginsAnewThere) {  // I4
  start();
  fetcher.answered(now, answer(refusal(Errc::offset_out_of_range)));
  request<ListOffsetsRequest>();
  fetcher.answered(now, offset(100));
  EXPECT_EQ(request<ListOffsetsRequest>().topics.at(0).partitions.at(0).timestamp, -2);
  fetcher.answered(now, offset(50));
  EXPECT_EQ(std::get<Fetcher::RestartAt>(work().step).offset, 50);
}

TEST_F(FetcherTest, WithinTheLeadersLogItGoesOnAfterAWhile) {  // I4
  start();
  fetcher.answered(now, answer(refusal(Errc::offset_out_of_range)));
  request<ListOffsetsRequest>();
  fetcher.answered(now, offset(100));
  request<ListOffsetsRequest>();
  fetcher.answered(now, offset(0));
  const auto waiting = next();
  EXPECT_FALSE(waiting.request);
  now = waiting.wake_at;
  EXPECT_THAT(request<FetchRequest>().topics, IsEmpty()) << "its place in the session is the same";
}

TEST_F(FetcherTest, AfterARefusalThePartitionWaitsAndOthersGoOn) {  // I5
  fetcher.follow({"u", 0}, other_id, epoch);
  auto begins = next();
  ASSERT_THAT(begins.work, SizeIs(2));
  for (const auto& each : begins.work) finish(each, {.log_end = 10, .last_epoch = 4});
  request<FetchRequest>();
  fetcher.answered(now, answer(refusal(Errc::not_leader_or_follower)));
  const auto fetch = next();
  const auto& request = std::get<FetchRequest>(*fetch.request);
  EXPECT_THAT(request.topics, IsEmpty()) << "the other's place is known";
  EXPECT_EQ(request.forgotten_topics_data.at(0).topic_id, topic_id);
  EXPECT_EQ(fetch.wake_at, now + std::chrono::seconds(1));
  now = fetch.wake_at;
  fetcher.answered(now, nothing());
  EXPECT_EQ(asked(this->request<FetchRequest>()).fetch_offset, 10);
}

TEST_F(FetcherTest, WhoIsFencedStandsStillUntilANewerEpoch) {  // I5
  start();
  fetcher.answered(now, answer(refusal(Errc::fenced_leader_epoch)));
  auto stopped = next();
  ASSERT_THAT(stopped.failures, SizeIs(1));
  EXPECT_EQ(stopped.failures[0].error.code, Errc::fenced_leader_epoch);
  EXPECT_FALSE(stopped.request);
  EXPECT_EQ(stopped.wake_at, Instant::max());
  EXPECT_THAT(next().failures, IsEmpty()) << "it is said once";
  fetcher.follow({"t", 0}, topic_id, epoch);
  EXPECT_THAT(next().work, IsEmpty());
  fetcher.follow({"t", 0}, topic_id, epoch + 1);
  EXPECT_EQ(work().leader_epoch, epoch + 1);
}

TEST_F(FetcherTest, ADiskThatFailsStopsThePartition) {  // I5
  start();
  fetcher.answered(now, answer(data(8, "records")));
  fetcher.finished(now, work().ticket, Error{Errc::kafka_storage_error, {}});
  EXPECT_THAT(next().failures, SizeIs(1));
  EXPECT_FALSE(next().request);
}

TEST_F(FetcherTest, DamagedRecordsAreFetchedAgain) {  // I5
  start();
  fetcher.answered(now, answer(data(8, "records")));
  fetcher.finished(now, work().ticket, Error{Errc::corrupt_message, {}});
  const auto waiting = next();
  EXPECT_FALSE(waiting.request);
  now = waiting.wake_at;
  EXPECT_THAT(request<FetchRequest>().topics, IsEmpty()) << "its place in the session is the same";
}

TEST_F(FetcherTest, AnAnswerToAnOlderEpochIsDropped) {  // P5
  start();
  fetcher.follow({"t", 0}, topic_id, epoch + 1);
  const auto begin = work();
  fetcher.answered(now, answer(data(8, "records")));
  EXPECT_THAT(next().work, IsEmpty());
  finish(begin, {.log_end = 10, .last_epoch = 4});
  EXPECT_EQ(asked(request<FetchRequest>()).current_leader_epoch, epoch + 1);
}

TEST_F(FetcherTest, WorkOfAnOlderEpochThatEndsIsDropped) {  // P5
  start();
  fetcher.answered(now, answer(data(8, "records")));
  const auto append = work();
  fetcher.follow({"t", 0}, topic_id, epoch + 1);
  const auto begin = work();
  finish(append, {.log_end = 99});
  EXPECT_FALSE(next().request);
  finish(begin, {.log_end = 10, .last_epoch = 4});
  EXPECT_EQ(asked(request<FetchRequest>()).fetch_offset, 10);
}

TEST_F(FetcherTest, AnAnswerForWhoIsNotFollowedAnyMoreIsDropped) {
  start();
  fetcher.unfollow(topic_id, 0);
  fetcher.answered(now, answer(data(8, "records")));
  EXPECT_THAT(next().work, IsEmpty());
  EXPECT_TRUE(fetcher.empty());
}

TEST_F(FetcherTest, ASessionNamesOnlyWhatChanged) {  // KIP-227
  const auto first = start();
  EXPECT_EQ(first.session_id, 0);
  EXPECT_EQ(first.session_epoch, 0);
  fetcher.answered(now, nothing(9));
  const auto second = request<FetchRequest>();
  EXPECT_EQ(second.session_id, 9);
  EXPECT_EQ(second.session_epoch, 1);
  EXPECT_THAT(second.topics, IsEmpty());
  fetcher.answered(now, answer(data(8, "records")));
  finish(work(), {.log_end = 12, .last_epoch = 5});
  const auto third = request<FetchRequest>();
  EXPECT_EQ(third.session_epoch, 2);
  EXPECT_EQ(asked(third).fetch_offset, 12);
}

TEST_F(FetcherTest, ASessionForgetsWhoIsNotFollowedAnyMore) {
  fetcher.follow({"u", 0}, other_id, epoch);
  auto begins = next();
  for (const auto& each : begins.work) finish(each, {.log_end = 10, .last_epoch = 4});
  request<FetchRequest>();
  fetcher.unfollow(topic_id, 0);
  fetcher.answered(now, nothing());
  const auto second = request<FetchRequest>();
  ASSERT_THAT(second.forgotten_topics_data, SizeIs(1));
  EXPECT_EQ(second.forgotten_topics_data[0].topic_id, topic_id);
}

TEST_F(FetcherTest, WhoCameBackIsNamedAndNotForgotten) {  // the leader takes in first, and forgets then
  start();
  fetcher.unfollow(topic_id, 0);
  fetcher.follow({"t", 0}, topic_id, epoch);
  finish(work(), {.log_end = 10, .last_epoch = 4});
  fetcher.answered(now, nothing());
  const auto second = request<FetchRequest>();
  EXPECT_THAT(second.forgotten_topics_data, IsEmpty());
  EXPECT_EQ(asked(second).fetch_offset, 10);
}

TEST_F(FetcherTest, AfterALostSessionAllIsNamedAtOnce) {
  start();
  fetcher.answered(now, nothing(9));
  request<FetchRequest>();
  FetchResponse lost;
  lost.error_code = static_cast<std::int16_t>(Errc::fetch_session_id_not_found);
  fetcher.answered(now, lost);
  const auto again = request<FetchRequest>();
  EXPECT_EQ(again.session_epoch, 0);
  EXPECT_EQ(asked(again).fetch_offset, 10);
  fetcher.answered(now, lost);
  EXPECT_FALSE(next().request) << "but not again and again";
}

TEST_F(FetcherTest, WithoutAnAnswerAllIsNamedAfterAWhile) {
  start();
  fetcher.answered(now, nothing(9));
  request<FetchRequest>();
  fetcher.answered(now, Result<FetchResponse>(Error{Errc::network_exception, {}}));
  const auto waiting = next();
  EXPECT_FALSE(waiting.request);
  now = waiting.wake_at;
  const auto again = request<FetchRequest>();
  EXPECT_EQ(again.session_id, 9) << "so that the leader drops the old one";
  EXPECT_EQ(again.session_epoch, 0);
  EXPECT_EQ(asked(again).fetch_offset, 10);
}

TEST_F(FetcherTest, ALeaderThatKeepsNoSessionIsToldAllEachTime) {
  start();
  fetcher.answered(now, nothing(0));
  const auto again = request<FetchRequest>();
  EXPECT_EQ(again.session_epoch, 0);
  EXPECT_EQ(asked(again).fetch_offset, 10);
}

}  // namespace
}  // namespace leat::replication
