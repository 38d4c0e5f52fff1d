#include <leat/leat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

using Partitions = std::vector<TopicPartition>;

/// Groups of consumers on a broker of this process, as a program has them.
class GroupOfConsumers : public testing::TestWithParam<Threading> {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "leat-group-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override {
    broker_.reset();
    std::filesystem::remove_all(directory_);
  }
  Broker& open() {
    broker_.reset();
    broker_.emplace(Broker::open({.data_dir = directory_ + "/data",
                                  .settings = {{"group.min.session.timeout.ms", "100"}},
                                  .threading = GetParam()})
                        .value());
    return *broker_;
  }
  void send(const std::string& topic, int partition, const std::vector<std::string>& values) {
    auto producer = broker_->producer({.linger = 0s});
    for (const std::string& value : values) producer.send({.topic = topic, .value = value, .partition = partition});
    producer.flush().value();
  }
  ConsumerOptions member(std::vector<Assignor> assignors = {Assignor::range}) const {
    return {.group = "g", .assignors = std::move(assignors), .heartbeat_interval = 20ms};
  }
  /// Polls all of them in turn until it is so.
  static testing::AssertionResult poll_until(const std::vector<Consumer*>& consumers, const std::function<bool()>& is_so,
                                             std::vector<std::string>* values = nullptr) {
    for (int polls = 0; polls < 1000; ++polls) {
      if (is_so()) return testing::AssertionSuccess();
      for (Consumer* consumer : consumers) {
        const auto records = consumer->poll(10ms);
        if (!records) return testing::AssertionFailure() << records.error().to_string();
        if (values)
          for (const Record& record : *records) values->push_back(record.value.to_string());
      }
    }
    return testing::AssertionFailure() << "it never came to be so";
  }
  static std::vector<std::string> read(Consumer& consumer, std::size_t count) {
    std::vector<std::string> values;
    EXPECT_TRUE(poll_until({&consumer}, [&] { return values.size() >= count; }, &values));
    return values;
  }
  static std::function<bool()> have(const std::vector<std::pair<Consumer*, std::size_t>>& counts) {
    return [counts] {
      return std::ranges::all_of(counts, [](const auto& each) { return each.first->assignment().size() == each.second; });
    };
  }

  std::string directory_;
  std::optional<Broker> broker_;
};

INSTANTIATE_TEST_SUITE_P(Threadings, GroupOfConsumers, testing::Values(Threading::pool, Threading::caller_driven),
                         [](const auto& info) { return info.param == Threading::pool ? "Pool" : "CallerDriven"; });

/// The README's program; how soon is GroupInSimulation's.
TEST_P(GroupOfConsumers, TheFirstPollReturnsTheRecord) {
  auto& broker = open();
  broker.create_topic("orders", {.partitions = 3}).value();
  auto producer = broker.producer();
  auto receipt = producer.send({.topic = "orders", .key = "alice", .value = "2 books"});
  receipt.get().value();

  auto consumer = broker.consumer({.group = "billing"});
  consumer.subscribe({"orders"});
  std::vector<std::string> billed;
  for (const leat::Record& record : consumer.poll(10s).value()) billed.push_back(record.key.to_string());
  EXPECT_THAT(billed, ElementsAre("alice"));
  consumer.commit().value();
  EXPECT_THAT(consumer.committed({{"orders", 0}, {"orders", 1}, {"orders", 2}}).value(), SizeIs(3));
}

TEST_P(GroupOfConsumers, GoesOnAfterWhatWasCommitted) {
  open().create_topic("t").value();
  send("t", 0, {"a", "b", "c"});
  {
    auto consumer = broker_->consumer(member());
    consumer.subscribe({"t"});
    EXPECT_THAT(read(consumer, 3), ElementsAre("a", "b", "c"));
    consumer.commit({{{"t", 0}, {.offset = 2, .metadata = "a note"}}}).value();
  }
  open();
  auto consumer = broker_->consumer(member());
  const auto committed = consumer.committed({{"t", 0}}).value();
  EXPECT_EQ(committed.at({"t", 0}).offset, 2);
  EXPECT_EQ(committed.at({"t", 0}).metadata, "a note");
  consumer.subscribe({"t"});
  EXPECT_THAT(read(consumer, 1), ElementsAre("c"));
  consumer.commit().value();
  EXPECT_EQ(consumer.committed({{"t", 0}}).value().at({"t", 0}).offset, 3);
}

TEST_P(GroupOfConsumers, AssignedPartitionsStartAtTheCommittedOffsetToo) {
  open().create_topic("t").value();
  send("t", 0, {"a", "b"});
  auto consumer = broker_->consumer({.group = "alone"});
  consumer.assign({{"t", 0}}).value();
  EXPECT_THAT(read(consumer, 2), ElementsAre("a", "b"));
  consumer.commit({{{"t", 0}, {.offset = 1}}}).value();
  auto next = broker_->consumer({.group = "alone"});
  next.assign({{"t", 0}}).value();
  EXPECT_THAT(read(next, 1), ElementsAre("b"));
}

TEST_P(GroupOfConsumers, MembersShareAndTakeOverFromWhoLeaves) {
  for (const Assignor assignor : {Assignor::range, Assignor::round_robin, Assignor::sticky, Assignor::cooperative_sticky}) {
    const std::string topic = "t" + std::to_string(static_cast<int>(assignor));
    if (!broker_) open();
    broker_->create_topic(topic, {.partitions = 6}).value();
    std::vector<Consumer> members;
    for (int i = 0; i < 3; ++i) {
      auto options = member({assignor});
      options.group = "g-" + topic;
      members.push_back(broker_->consumer(options));
      members.back().subscribe({topic});
    }
    auto &a = members[0], &b = members[1], &c = members[2];
    ASSERT_TRUE(poll_until({&a}, have({{&a, 6}})));
    ASSERT_TRUE(poll_until({&a, &b}, have({{&a, 3}, {&b, 3}})));
    ASSERT_TRUE(poll_until({&a, &b, &c}, have({{&a, 2}, {&b, 2}, {&c, 2}})));
    std::set<TopicPartition> all;
    for (const Consumer& each : members)
      for (const auto& partition : each.assignment()) EXPECT_TRUE(all.insert(partition).second);
    EXPECT_THAT(all, SizeIs(6));
    b.close();
    ASSERT_TRUE(poll_until({&a, &c}, have({{&a, 3}, {&c, 3}})));
    a.close();
    ASSERT_TRUE(poll_until({&c}, have({{&c, 6}})));
  }
}

TEST_P(GroupOfConsumers, EachRecordIsReadOnceWhileMembersComeAndGo) {
  for (const bool is_cooperative : {false, true}) {
    const std::string topic = is_cooperative ? "c" : "e";
    if (!broker_) open();
    broker_->create_topic(topic, {.partitions = 4}).value();
    std::multiset<std::string> expected;
    std::vector<std::string> values;
    auto options = member({is_cooperative ? Assignor::cooperative_sticky : Assignor::range});
    options.group = topic;
    options.auto_commit = true;
    const auto send_some = [&](int round) {
      for (int partition = 0; partition < 4; ++partition) {
        std::vector<std::string> some;
        for (int i = 0; i < 20; ++i) some.push_back(std::to_string(round) + "/" + std::to_string(partition) + "/" + std::to_string(i));
        expected.insert(some.begin(), some.end());
        send(topic, partition, some);
      }
    };
    auto a = broker_->consumer(options);
    a.subscribe({topic});
    send_some(0);
    ASSERT_TRUE(poll_until({&a}, [&] { return values.size() >= 30; }, &values));
    auto b = broker_->consumer(options);
    b.subscribe({topic});
    send_some(1);
    ASSERT_TRUE(poll_until({&a, &b}, have({{&a, 2}, {&b, 2}}), &values));
    send_some(2);
    ASSERT_TRUE(poll_until({&a, &b}, [&] { return values.size() >= 200; }, &values));
    a.close();
    send_some(3);
    ASSERT_TRUE(poll_until({&b}, [&] { return values.size() >= expected.size(); }, &values));
    EXPECT_EQ(std::multiset<std::string>(values.begin(), values.end()), expected);
    EXPECT_TRUE(b.poll(50ms).value().empty());
  }
}

TEST_P(GroupOfConsumers, AMemberThatDiesIsReplacedAfterItsSession) {
  open().create_topic("t", {.partitions = 2}).value();
  auto options = member();
  options.session_timeout = 200ms;
  auto dead = broker_->consumer(options);
  dead.subscribe({"t"});
  ASSERT_TRUE(poll_until({&dead}, have({{&dead, 2}})));
  // It leaves when it has not polled; a process that is killed does as much, by its session.
  options.max_poll_interval = 300ms;
  auto slow = broker_->consumer(options);
  slow.subscribe({"t"});
  ASSERT_TRUE(poll_until({&dead, &slow}, have({{&dead, 1}, {&slow, 1}})));
  ASSERT_TRUE(poll_until({&dead}, have({{&dead, 2}})));
  EXPECT_EQ(slow.commit({{{"t", 0}, {.offset = 0}}}).error().code, Errc::unknown_member_id);
  ASSERT_TRUE(poll_until({&dead, &slow}, have({{&dead, 1}, {&slow, 1}})));
}

TEST_P(GroupOfConsumers, AStaticMemberComesBackToItsPartitionsWithoutARebalance) {
  open().create_topic("t", {.partitions = 4}).value();
  auto options = member();
  options.group_instance_id = "one";
  auto one = broker_->consumer(options);
  one.subscribe({"t"});
  options.group_instance_id = "two";
  auto two = broker_->consumer(options);
  two.subscribe({"t"});
  ASSERT_TRUE(poll_until({&one, &two}, have({{&one, 2}, {&two, 2}})));
  const auto before = two.assignment();
  const auto generation = one.group_metadata().generation;
  two.close();
  auto again = broker_->consumer(options);
  again.subscribe({"t"});
  ASSERT_TRUE(poll_until({&one, &again}, have({{&one, 2}, {&again, 2}})));
  EXPECT_EQ(again.assignment(), before);
  EXPECT_EQ(again.group_metadata().generation, generation);
  EXPECT_EQ(one.group_metadata().generation, generation);
}

TEST_P(GroupOfConsumers, TheOlderOfTwoWithOneInstanceIdIsFenced) {
  open().create_topic("t", {.partitions = 1}).value();
  auto options = member();
  options.group_instance_id = "one";
  auto first = broker_->consumer(options);
  first.subscribe({"t"});
  ASSERT_TRUE(poll_until({&first}, have({{&first, 1}})));
  auto second = broker_->consumer(options);
  second.subscribe({"t"});
  ASSERT_TRUE(poll_until({&second}, have({{&second, 1}})));
  EXPECT_EQ(first.commit({{{"t", 0}, {.offset = 0}}}).error().code, Errc::fenced_instance_id);
  EXPECT_EQ(first.poll(100ms).error().code, Errc::fenced_instance_id);
  EXPECT_EQ(first.poll(100ms).error().code, Errc::fenced_instance_id);
  EXPECT_THAT(first.assignment(), IsEmpty());
}

/// What the listeners of some consumers were told, in order.
struct Told {
  RebalanceListener listener(const std::string& name) {
    const auto note = [this, name](const std::string& what) {
      return [this, name, what](const Partitions& partitions) {
        std::string line = name + " " + what;
        for (const auto& partition : partitions) line += " " + std::to_string(partition.partition);
        lines.push_back(line);
      };
    };
    return {note("assigned"), note("revoked"), note("lost")};
  }
  std::vector<std::string> lines;
};

TEST_P(GroupOfConsumers, EagerMembersGiveAllUpBeforeTheyShareAnew) {
  open().create_topic("t", {.partitions = 2}).value();
  Told told;
  auto a = broker_->consumer(member());
  auto b = broker_->consumer(member());
  a.subscribe({"t"}, told.listener("a"));
  ASSERT_TRUE(poll_until({&a}, have({{&a, 2}})));
  b.subscribe({"t"}, told.listener("b"));
  ASSERT_TRUE(poll_until({&a, &b}, have({{&a, 1}, {&b, 1}})));
  ASSERT_THAT(told.lines, SizeIs(4));
  EXPECT_EQ(told.lines[0], "a assigned 0 1");
  EXPECT_EQ(told.lines[1], "a revoked 0 1");
  EXPECT_THAT(std::vector(told.lines.begin() + 2, told.lines.end()), testing::Each(testing::MatchesRegex("[ab] assigned [01]")));
  told.lines.clear();
  const int had = a.assignment().front().partition;
  a.close();
  EXPECT_THAT(told.lines, ElementsAre("a revoked " + std::to_string(had)));
}

TEST_P(GroupOfConsumers, CooperativeMembersKeepWhatStaysAndAreToldOfTheRest) {
  open().create_topic("t", {.partitions = 3}).value();
  Told told;
  auto a = broker_->consumer(member({Assignor::cooperative_sticky}));
  auto b = broker_->consumer(member({Assignor::cooperative_sticky}));
  a.subscribe({"t"}, told.listener("a"));
  ASSERT_TRUE(poll_until({&a}, have({{&a, 3}})));
  b.subscribe({"t"}, told.listener("b"));
  ASSERT_TRUE(poll_until({&a, &b}, have({{&a, 2}, {&b, 1}})));
  std::erase_if(told.lines, [](const std::string& line) { return line.ends_with("assigned"); });
  ASSERT_THAT(told.lines, SizeIs(3));
  EXPECT_EQ(told.lines[0], "a assigned 0 1 2");
  EXPECT_THAT(told.lines[1], testing::MatchesRegex("a revoked [012]"));
  EXPECT_EQ(told.lines[2], "b assigned" + told.lines[1].substr(9));
}

TEST_P(GroupOfConsumers, OffsetsCanBeCommittedWhilePartitionsAreRevoked) {
  open().create_topic("t", {.partitions = 1}).value();
  send("t", 0, {"a", "b"});
  auto consumer = broker_->consumer(member());
  Result<void> committed = Error{};
  consumer.subscribe({"t"}, {.on_revoked = [&](const Partitions&) { committed = consumer.commit(); }});
  EXPECT_THAT(read(consumer, 2), SizeIs(2));
  consumer.unsubscribe();
  EXPECT_TRUE(committed) << committed.error().to_string();
  EXPECT_THAT(consumer.assignment(), IsEmpty());
  EXPECT_EQ(consumer.committed({{"t", 0}}).value().at({"t", 0}).offset, 2);
}

TEST_P(GroupOfConsumers, SeekInOnAssignedSaysWhereReadingStarts) {
  open().create_topic("t", {.partitions = 1}).value();
  send("t", 0, {"a", "b", "c"});
  auto consumer = broker_->consumer(member());
  consumer.subscribe({"t"}, {.on_assigned = [&](const Partitions& partitions) {
                       for (const auto& partition : partitions) consumer.seek(partition, 2).value();
                     }});
  EXPECT_THAT(read(consumer, 1), ElementsAre("c"));
}

TEST_P(GroupOfConsumers, ATopicIsReadWhenItAppears) {
  open();
  auto consumer = broker_->consumer(member());
  consumer.subscribe({"later"});
  EXPECT_TRUE(consumer.poll(50ms).value().empty());
  EXPECT_THAT(consumer.assignment(), IsEmpty());
  broker_->create_topic("later", {.partitions = 2}).value();
  send("later", 1, {"here"});
  EXPECT_THAT(read(consumer, 1), ElementsAre("here"));
}

TEST_P(GroupOfConsumers, PartitionsThatAreAddedAreSharedOut) {
  open().create_topic("t", {.partitions = 1}).value();
  auto options = member();
  options.metadata_max_age = 20ms;
  auto a = broker_->consumer(options);
  auto b = broker_->consumer(options);
  a.subscribe({"t"});
  b.subscribe({"t"});
  ASSERT_TRUE(poll_until({&a, &b}, [&] { return a.assignment().size() + b.assignment().size() == 1; }));
  broker_->admin().grow_topic("t", 4).value();
  ASSERT_TRUE(poll_until({&a, &b}, have({{&a, 2}, {&b, 2}})));
}

TEST_P(GroupOfConsumers, ASubscriptionCanBeChanged) {
  open().create_topic("t", {.partitions = 1}).value();
  broker_->create_topic("u", {.partitions = 1}).value();
  for (const Assignor assignor : {Assignor::range, Assignor::cooperative_sticky}) {
    Told told;
    auto consumer = broker_->consumer(member({assignor}));
    consumer.subscribe({"t"}, told.listener("c"));
    ASSERT_TRUE(poll_until({&consumer}, [&] { return consumer.assignment() == Partitions{{"t", 0}}; }));
    consumer.subscribe({"u"}, told.listener("c"));
    EXPECT_THAT(consumer.subscription(), ElementsAre("u"));
    ASSERT_TRUE(poll_until({&consumer}, [&] { return consumer.assignment() == Partitions{{"u", 0}}; }));
    EXPECT_THAT(told.lines, ElementsAre("c assigned 0", "c revoked 0", "c assigned 0"));
  }
}

TEST_P(GroupOfConsumers, PausedPartitionsReturnNothingUntilTheyAreResumed) {
  open().create_topic("t", {.partitions = 2}).value();
  send("t", 0, {"a0", "a1"});
  send("t", 1, {"b0", "b1"});
  auto options = member();
  options.max_poll_records = 1;
  auto consumer = broker_->consumer(options);
  consumer.subscribe({"t"});
  const auto first = read(consumer, 1).front();
  const TopicPartition paused{"t", first[0] == 'a' ? 0 : 1};
  const std::string other = first[0] == 'a' ? "b" : "a";
  consumer.pause({paused}).value();
  EXPECT_THAT(consumer.paused(), ElementsAre(paused));
  EXPECT_THAT(read(consumer, 2), ElementsAre(other + "0", other + "1"));
  EXPECT_TRUE(consumer.poll(20ms).value().empty());
  EXPECT_EQ(consumer.position(paused).value(), 1);
  consumer.resume({paused}).value();
  EXPECT_THAT(read(consumer, 1), ElementsAre(first.substr(0, 1) + "1"));
  EXPECT_EQ(consumer.pause({{"t", 9}}).error().code, Errc::invalid_argument);
}

TEST_P(GroupOfConsumers, LagIsWhatIsLeftToRead) {
  open().create_topic("t", {.partitions = 1}).value();
  send("t", 0, {"a", "b", "c"});
  auto options = member();
  options.max_poll_records = 1;
  auto consumer = broker_->consumer(options);
  consumer.subscribe({"t"});
  EXPECT_FALSE(consumer.lag({"t", 0}));
  read(consumer, 1);
  EXPECT_EQ(consumer.lag({"t", 0}), 2);
  read(consumer, 2);
  EXPECT_EQ(consumer.lag({"t", 0}), 0);
}

TEST_P(GroupOfConsumers, AsynchronousCommitsAreToldInOrderInsidePoll) {
  open().create_topic("t", {.partitions = 1}).value();
  send("t", 0, {"a", "b", "c"});
  auto consumer = broker_->consumer(member());
  consumer.subscribe({"t"});
  read(consumer, 3);
  std::vector<int> told;
  for (int i = 1; i <= 3; ++i)
    consumer.commit_async({{{"t", 0}, {.offset = i}}}, [&told, i](const Result<void>& outcome) {
      EXPECT_TRUE(outcome);
      told.push_back(i);
    });
  EXPECT_EQ(consumer.committed({{"t", 0}}).value().empty(), false);
  EXPECT_THAT(told, IsEmpty());
  ASSERT_TRUE(poll_until({&consumer}, [&] { return told.size() == 3; }));
  EXPECT_THAT(told, ElementsAre(1, 2, 3));
  EXPECT_EQ(consumer.committed({{"t", 0}}).value().at({"t", 0}).offset, 3);
  consumer.commit_async({{{"t", 0}, {.offset = 1}}}, [&](const Result<void>&) { told.push_back(4); });
  consumer.close();
  EXPECT_THAT(told, ElementsAre(1, 2, 3, 4));
}

TEST_P(GroupOfConsumers, ClosingCommitsWithAutoCommitAndDestructionDoesNot) {
  open().create_topic("t", {.partitions = 1}).value();
  send("t", 0, {"a", "b"});
  auto options = member();
  options.auto_commit = true;
  {
    auto destroyed = broker_->consumer(options);
    destroyed.subscribe({"t"});
    EXPECT_THAT(read(destroyed, 2), SizeIs(2));
  }
  auto closed = broker_->consumer(options);
  closed.subscribe({"t"});
  EXPECT_THAT(read(closed, 2), ElementsAre("a", "b")) << "what was interrupted comes again";
  closed.close();
  EXPECT_EQ(broker_->consumer(options).committed({{"t", 0}}).value().at({"t", 0}).offset, 2);
}

TEST_P(GroupOfConsumers, WhatIsWrongWithASubscriptionIsSaidByPoll) {
  open().create_topic("t", {.partitions = 1}).value();
  auto none = broker_->consumer();
  none.subscribe({"t"});
  EXPECT_EQ(none.poll(0s).error().code, Errc::invalid_group_id);
  EXPECT_EQ(none.commit().error().code, Errc::invalid_group_id);
  EXPECT_EQ(none.committed({{"t", 0}}).error().code, Errc::invalid_group_id);

  auto range = broker_->consumer(member({Assignor::range}));
  range.subscribe({"t"});
  EXPECT_EQ(range.assign({{"t", 0}}).error().code, Errc::invalid_argument);
  ASSERT_TRUE(poll_until({&range}, have({{&range, 1}})));
  auto sticky = broker_->consumer(member({Assignor::sticky}));
  sticky.subscribe({"t"});
  EXPECT_EQ(sticky.poll(5s).error().code, Errc::inconsistent_group_protocol);

  auto impatient = member();
  impatient.group = "h";
  impatient.session_timeout = 1ms;
  auto consumer = broker_->consumer(impatient);
  consumer.subscribe({"t"});
  EXPECT_EQ(consumer.poll(5s).error().code, Errc::invalid_session_timeout);
}

TEST_P(GroupOfConsumers, WithoutAPlaceToStartAPartitionWaitsForASeek) {
  open().create_topic("t", {.partitions = 1}).value();
  send("t", 0, {"a"});
  auto options = member();
  options.auto_offset_reset = OffsetReset::none;
  auto consumer = broker_->consumer(options);
  consumer.subscribe({"t"});
  EXPECT_EQ(consumer.poll(5s).error().code, Errc::offset_out_of_range);
  EXPECT_EQ(consumer.position({"t", 0}).error().code, Errc::offset_out_of_range);
  EXPECT_TRUE(consumer.poll(20ms).value().empty());
  consumer.seek({"t", 0}, 0).value();
  EXPECT_THAT(read(consumer, 1), ElementsAre("a"));
}

TEST_P(GroupOfConsumers, CallbacksMayNotCallWhatCallsThem) {
  open().create_topic("t", {.partitions = 1}).value();
  auto consumer = broker_->consumer(member());
  Errc code = Errc::none;
  consumer.subscribe({"t"}, {.on_assigned = [&](const Partitions&) {
                       code = consumer.poll(0s).error().code;
                       consumer.unsubscribe();
                       consumer.close();
                     }});
  ASSERT_TRUE(poll_until({&consumer}, have({{&consumer, 1}})));
  EXPECT_EQ(code, Errc::invalid_argument);
  EXPECT_THAT(consumer.subscription(), ElementsAre("t"));
}

TEST_P(GroupOfConsumers, MembersOutliveTheirBroker) {
  open().create_topic("t", {.partitions = 1}).value();
  auto consumer = broker_->consumer(member());
  consumer.subscribe({"t"});
  ASSERT_TRUE(poll_until({&consumer}, have({{&consumer, 1}})));
  broker_->close().value();
  EXPECT_EQ(consumer.poll(1s).error().code, Errc::closed);
  EXPECT_EQ(consumer.commit().error().code, Errc::closed);
  consumer.close();
}

TEST_P(GroupOfConsumers, MembersReadOnAfterARestartOfTheBroker) {
  open().create_topic("t", {.partitions = 2}).value();
  send("t", 0, {"a", "b"});
  {
    auto consumer = broker_->consumer(member());
    consumer.subscribe({"t"});
    EXPECT_THAT(read(consumer, 2), ElementsAre("a", "b"));
    consumer.commit().value();
  }
  open();
  send("t", 0, {"c"});
  auto consumer = broker_->consumer(member());
  consumer.subscribe({"t"});
  EXPECT_THAT(read(consumer, 1), ElementsAre("c"));
}

}  // namespace
}  // namespace leat
