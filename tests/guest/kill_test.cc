#include <leat/leat.h>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "process.h"

/// A host that is killed at any instant, the normal way to stop, loses nothing that it was told is there.
namespace leat::test {
namespace {

/// Appends, and tells of each record that was acknowledged, until it is killed.
[[noreturn]] void append_for_ever(const std::string& data, int acknowledged) {
  auto broker = Broker::open({.data_dir = data, .threads = 1}).value();
  (void)broker.create_topic("t", {.partitions = 1});
  auto producer = broker.producer();
  for (;;) {
    const auto where = producer.send({.topic = "t", .value = "x"}).get().value();
    (void)!::write(acknowledged, &where.offset, sizeof where.offset);
  }
}

TEST(AKilledHost, LosesNothingAcknowledgedAndItsDirectoryIsFreeAtOnce) {
  TemporaryDirectory directory;
  std::int64_t last = -1;
  for (int kills = 0; kills < 20; ++kills) {
    int acknowledged[2];
    ASSERT_EQ(::pipe(acknowledged), 0);
    const pid_t child = ::fork();
    if (child == 0) append_for_ever(directory / "data", acknowledged[1]);
    ::close(acknowledged[1]);
    std::int64_t offset = -1;
    // Another number of records each time: from the middle of its first ones to some way on.
    for (int i = 0; i <= kills * 3; ++i)
      if (::read(acknowledged[0], &offset, sizeof offset) == sizeof offset) last = offset;
    ::kill(child, SIGKILL);
    ASSERT_EQ(wait_for(child), -SIGKILL) << "it ended by itself";
    while (::read(acknowledged[0], &offset, sizeof offset) == sizeof offset) last = offset;
    ::close(acknowledged[0]);

    auto broker = Broker::open({.data_dir = directory / "data", .threading = Threading::caller_driven});
    ASSERT_TRUE(broker) << broker.error().to_string();
    auto consumer = broker->consumer();
    ASSERT_TRUE(consumer.assign({{"t", 0}}));
    for (std::int64_t next = 0; next <= last;) {
      const auto records = consumer.poll(std::chrono::seconds(10)).value();
      ASSERT_FALSE(records.empty()) << "offset " << next << " of " << last << " is lost";
      for (const Record& record : records) ASSERT_EQ(record.offset, next++);
    }
  }
}

}  // namespace
}  // namespace leat::test
