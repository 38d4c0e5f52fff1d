#include <leat/leat.h>
#ifdef LEAT_HAS_SERVER
#include <leat/server.h>
#endif

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "process.h"

/// After a fork the child's calls fail with `closed`, whatever the parent's threads were doing; none of them hangs, and
/// the parent goes on.
namespace leat::test {
namespace {

using namespace std::chrono_literals;

template <class T>
bool is_refused(const Result<T>& result) {
  return !result && result.error().code == Errc::closed && result.error().context.find("fork") != std::string::npos;
}

/// 0, or the number of the first that does not hold.
int first_broken(std::initializer_list<bool> promises) {
  int number = 0;
  for (const bool holds : promises) {
    ++number;
    if (!holds) return number;
  }
  return 0;
}

class Fork : public testing::TestWithParam<Threading> {
 protected:
  TemporaryDirectory directory_;
  Broker broker_ = Broker::open({.data_dir = directory_ / "data", .threading = GetParam()}).value();
};

INSTANTIATE_TEST_SUITE_P(Threadings, Fork, testing::Values(Threading::pool, Threading::caller_driven),
                         [](const auto& info) { return info.param == Threading::pool ? "Pool" : "CallerDriven"; });

TEST_P(Fork, EveryCallOfTheChildFails) {
  broker_.create_topic("t", {.partitions = 1}).value();
  auto producer = broker_.producer();
  producer.send({.topic = "t", .value = "before"}).get().value();
  auto consumer = broker_.consumer({.group = "g"});
  consumer.subscribe({"t"});
  auto admin = broker_.admin();
  EXPECT_EQ(in_child([&] {
              bool told = false;
              producer.send({.topic = "t", .value = "x"}, [&](const auto& where) { told = is_refused(where); });
              return first_broken({
                  is_refused(broker_.topics()),
                  is_refused(broker_.create_topic("u")),
                  is_refused(broker_.close()),
                  broker_.run_once() == 0,
                  told,
                  is_refused(producer.send({.topic = "t", .value = "x"}).get()),
                  is_refused(producer.flush()),
                  is_refused(producer.close()),
                  is_refused(consumer.poll(0s)),
                  is_refused(consumer.commit()),
                  is_refused(consumer.position({"t", 0})),
                  consumer.assignment().empty(),
                  is_refused(admin.list_groups()),
                  is_refused(broker_.producer().flush()),
                  is_refused(broker_.consumer().poll(0s)),
                  is_refused(broker_.admin().topics()),
              });
            }),
            0);
  EXPECT_TRUE(producer.send({.topic = "t", .value = "the parent goes on"}).get());
}

TEST_P(Fork, TheChildMayDropEverything) {
  broker_.create_topic("t", {.partitions = 1}).value();
  std::optional<Producer> producer = broker_.producer();
  std::optional<Consumer> consumer = broker_.consumer();
  consumer->assign({{"t", 0}}).value();
  std::optional<Receipt> under_way = producer->send({.topic = "t", .value = "x"});
  EXPECT_EQ(in_child([&] {
              producer.reset();
              consumer.reset();
              under_way.reset();
              { const Broker dropped = std::move(broker_); }
              return 0;
            }),
            0);
  EXPECT_TRUE(under_way->get());
}

TEST_P(Fork, TheChildIsToldThatTheDirectoryIsTheParents) {
  EXPECT_EQ(in_child([&] {
              const auto second = Broker::open({.data_dir = directory_ / "data", .threading = Threading::caller_driven});
              return !second && second.error().code == Errc::in_use ? 0 : 1;
            }),
            0);
}

/// Forks while another thread holds what the child's calls would want.
template <class Work, class Child>
void fork_during(Work work, Child child) {
  std::atomic<bool> is_over = false, has_begun = false;
  std::thread other([&] {
    while (!is_over.load()) {
      work();
      has_begun = true;
    }
  });
  while (!has_begun.load()) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(in_child(child), 0);
  is_over = true;
  other.join();
}

TEST(ForkOfALog, DoesNotHangOnWhatAnotherThreadHeld) {
  TemporaryDirectory directory;
  auto log = Log::open(directory / "log", {.sync = SyncMode::on_request}).value();
  const std::string value(10'000, 'x');
  fork_during([&] { log.append({.value = value}).value(); },
              [&] {
                const bool refused = is_refused(log.append({.value = "x"})) && is_refused(log.read(0)) &&
                                     is_refused(log.sync()) && is_refused(log.trim()) && is_refused(log.close());
                const bool unknown = log.start_offset() == -1 && log.end_offset() == -1;
                { const Log dropped = std::move(log); }
                return refused && unknown ? 0 : 1;
              });
}

TEST_P(Fork, DoesNotHangOnWhatAnotherThreadHeld) {
  broker_.create_topic("t", {.partitions = 1}).value();
  auto producer = broker_.producer();
  fork_during([&] { producer.send({.topic = "t", .value = "x"}).get().value(); },
              [&] {
                const bool refused = is_refused(producer.send({.topic = "t", .value = "x"}).get()) &&
                                     is_refused(broker_.topics());
                { const Producer dropped = std::move(producer); }
                { const Broker dropped = std::move(broker_); }
                return refused ? 0 : 1;
              });
}

#ifdef LEAT_HAS_SERVER
TEST_P(Fork, TheChildMayDropAServer) {
  std::optional<Server> server = Server::listen(broker_, {.listeners = "PLAINTEXT://127.0.0.1:0"}).value();
  EXPECT_EQ(in_child([&] {
              const bool refused = is_refused(server->close());
              server.reset();
              return refused ? 0 : 1;
            }),
            0);
  EXPECT_TRUE(server->close());
}
#endif

}  // namespace
}  // namespace leat::test
