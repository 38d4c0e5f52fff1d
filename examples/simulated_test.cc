// A test of one's own that replays from its seed: an outbox must lose nothing that it was told is safe, whatever the power,
// the network and the clock do. Thirty worlds take less than a second.
#include <gtest/gtest.h>
#include <leat/leat.h>
#include <leat/sim.h>

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;

/// The code under test: it is given its producer, and cannot tell one world from another.
class Outbox {
 public:
  explicit Outbox(leat::Producer producer) : producer_(std::move(producer)) {}
  void put(const std::string& mail) { receipts_.push_back(producer_.send({.topic = "mail", .value = mail})); }
  /// How many of the mails put so far are safe, from the first on.
  std::size_t safe() {
    while (safe_ < receipts_.size() && receipts_[safe_].is_ready() && receipts_[safe_].get()) ++safe_;
    return safe_;
  }
  leat::Result<void> flush() { return producer_.flush(); }

 private:
  leat::Producer producer_;
  std::vector<leat::Receipt> receipts_;
  std::size_t safe_ = 0;
};

static std::vector<std::string> stored(leat::sim::World& world) {
  auto consumer = world.consumer();
  const leat::TopicPartition mail{"mail", 0};
  consumer.assign({mail}).value();
  consumer.seek(mail, 0).value();
  const auto end = consumer.end_offsets({mail}).value().at(mail);
  std::vector<std::string> all;
  while (consumer.position(mail).value() < end)
    for (const leat::Record& record : consumer.poll(1s).value()) all.push_back(record.value.to_string());
  return all;
}

class OutboxIn : public testing::Test {
 protected:
  static leat::sim::World world(std::uint64_t seed) {
    leat::sim::World made({.seed = seed});
    made.start().value();
    made.admin().create_topic("mail", {.partitions = 1}).value();
    return made;
  }
};

TEST_F(OutboxIn, APowerCutLosesNothingThatWasSafe) {
  std::size_t safe_in_all = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto world = OutboxIn::world(seed);
    Outbox outbox(world.producer({.linger = 0ns}));
    for (int i = 0; i < 50; ++i) {
      outbox.put(std::to_string(i));
      world.run_for(500us);
    }
    world.crash();  // the next record may be half on its way, or half on disk
    const std::size_t safe = outbox.safe();
    world.start().value();

    const auto found = stored(world);
    ASSERT_GE(found.size(), safe);
    safe_in_all += safe;
    // And once the broker is back, what was not safe becomes so by itself: each mail once, in order.
    outbox.flush().value();
    EXPECT_EQ(outbox.safe(), 50u);
    const auto all = stored(world);
    ASSERT_EQ(all.size(), 50u);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], std::to_string(i));
  }
  // Else the cuts came too early, or too late, to show anything.
  EXPECT_GT(safe_in_all, 0u);
  EXPECT_LT(safe_in_all, 30 * 50u);
}

TEST_F(OutboxIn, APartitionOfAMinuteDelaysAndDoesNotRepeat) {
  auto world = OutboxIn::world(1);
  Outbox outbox(world.producer({.linger = 0ns}));
  outbox.put("before");
  outbox.flush().value();

  world.partition();
  outbox.put("meanwhile");
  world.run_for(60s);  // of virtual time
  EXPECT_EQ(outbox.safe(), 1u);

  world.heal();
  outbox.flush().value();
  EXPECT_EQ(stored(world), (std::vector<std::string>{"before", "meanwhile"}));
}

TEST_F(OutboxIn, TheSameSeedIsTheSameRun) {
  const auto run = [](std::uint64_t seed) {
    auto world = OutboxIn::world(seed);
    Outbox outbox(world.producer());
    outbox.put("a mail");
    outbox.flush().value();
    return world.now();
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}
