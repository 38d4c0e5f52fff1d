#include <cstdlib>
#include <functional>

#include "power_world.h"

/// The power goes, or a call to the disk fails, at every call of short workloads in turn: what was promised is kept.
///
/// LEAT_SEEDS=FIRST-LAST runs other seeds; a seed decides which sectors and names survive.
namespace leat::test {
namespace {

struct Workload {
  std::string name;
  std::function<void(PowerWorld&)> prepare;
  std::function<void(PowerWorld&)> run;
  std::string directories = "data";
};

void PrintTo(const Workload& workload, std::ostream* out) { *out << workload.name; }

const Settings small_segments{{"internal.segment.bytes", "300"}, {"index.interval.bytes", "100"},
                              {"file.delete.delay.ms", "1000"}};
/// Longer than what checkpoints, retention and the removal of files wait for.
constexpr auto a_minute = std::chrono::seconds(70);
constexpr auto six_minutes = std::chrono::minutes(6);

void nothing(PowerWorld&) {}
void make_topic(PowerWorld& world) { world.create_topic("t"); }
void write_ten(PowerWorld& world) {
  world.create_topic("t", small_segments);
  world.produce("t", 10);
}

const std::vector<Workload> workloads{
    {"Append", make_topic, [](PowerWorld& world) { world.produce("t", 5); }},
    {"Roll", [](PowerWorld& world) { world.create_topic("t", small_segments); },
     [](PowerWorld& world) { world.produce("t", 10); }},
    {"Consume", write_ten,
     [](PowerWorld& world) {
       for (int i = 0; i < 3; ++i) {
         world.produce("t");
         world.consume("t");
       }
     }},
    {"DeleteRecords", write_ten,
     [](PowerWorld& world) {
       world.delete_records("t", 4);
       world.pass(a_minute);
       world.delete_records("t", 7);
       world.produce("t");
     }},
    {"DeleteRecordsAndRestart", write_ten,
     [](PowerWorld& world) {
       world.delete_records("t", 5);
       world.restart();
       world.produce("t");
     }},
    {"RetentionBySize", write_ten,
     [](PowerWorld& world) {
       world.retain("t");
       world.alter_topic("t", "retention.bytes", "300");
       world.pass(six_minutes);
       world.produce("t", 2);
     }},
    {"RetentionByTime",
     [](PowerWorld& world) {
       write_ten(world);
       world.retain("t");
       world.alter_topic("t", "retention.ms", "60000");
     },
     [](PowerWorld& world) {
       world.pass(six_minutes);
       world.produce("t", 2);
     }},
    {"CreateTopics", nothing,
     [](PowerWorld& world) {
       world.create_topic("a");
       world.create_topic("b");
       world.produce("b");
     }},
    {"DeleteTopic", write_ten,
     [](PowerWorld& world) {
       world.delete_topic("t");
       world.pass(a_minute);
     }},
    {"AlterTopic", write_ten,
     [](PowerWorld& world) {
       world.alter_topic("t", "retention.ms", "3600000");
       world.alter_topic("t", "internal.segment.bytes", "200");
       world.produce("t", 3);
     }},
    {"Checkpoints", write_ten,
     [](PowerWorld& world) {
       world.pass(a_minute);
       world.produce("t", 3);
       world.pass(a_minute);
     }},
    {"CheckpointWithinASegment",
     [](PowerWorld& world) {
       world.create_topic("t", {}, 900'000);
       world.produce("t", 5);
     },
     [](PowerWorld& world) {
       world.pass(a_minute);
       world.produce("t");
       world.pass(a_minute);
     }},
    {"Restart", write_ten,
     [](PowerWorld& world) {
       world.restart();
       world.produce("t", 2);
     }},
    {"RestartTwice", write_ten,
     [](PowerWorld& world) {
       world.restart();
       world.restart();
     }},
    {"RecoveryItself",
     [](PowerWorld& world) {
       write_ten(world);
       world.die();
     },
     [](PowerWorld& world) {
       world.come_back();
       world.produce("t", 2);
     }},
    {"RecoveryWithinASegment",
     [](PowerWorld& world) {
       world.create_topic("t", {}, 900'000);
       world.produce("t", 5);
       world.pass(a_minute);
       world.produce("t");
       world.die();
     },
     [](PowerWorld& world) { world.come_back(); }},
    {"SeveralTopics",
     [](PowerWorld& world) {
       for (const char* topic : {"a", "b", "c"}) world.create_topic(topic, small_segments);
     },
     [](PowerWorld& world) {
       for (int i = 0; i < 3; ++i)
         for (const char* topic : {"a", "b", "c"}) world.produce(topic);
       world.delete_topic("b");
       world.produce("c");
     }},
    {"SeveralDirectories",
     [](PowerWorld& world) {
       for (const char* topic : {"a", "b", "c"}) world.create_topic(topic, small_segments);
     },
     [](PowerWorld& world) {
       for (int i = 0; i < 2; ++i)
         for (const char* topic : {"a", "b", "c"}) world.produce(topic, 2);
       world.pass(a_minute);
       world.restart();
     },
     "data,more,others"},
    {"GroupOffsets", write_ten,
     [](PowerWorld& world) {
       world.commit("g", "t", 3);
       world.commit("g", "t", 7);
       world.commit("h", "t", 1);
     }},
    {"GroupOffsetsAndRestart",
     [](PowerWorld& world) {
       write_ten(world);
       world.commit("g", "t", 3);
     },
     [](PowerWorld& world) {
       world.commit("g", "t", 5);
       world.restart();
       world.commit("g", "t", 6);
     }},
};

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

Seeds seeds() {
  const char* text = std::getenv("LEAT_SEEDS");
  if (!text) return {};
  const std::string range = text;
  const auto dash = range.find('-');
  return {std::stoull(range), std::stoull(dash == std::string::npos ? range : range.substr(dash + 1))};
}

using Trouble = std::function<void(sim::Disk&, std::uint64_t nth)>;

void fail_with_replay(const std::string& what) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  FAIL() << what << "; replay: LEAT_SEEDS=" << what.substr(5, what.find(',') - 5) << " build/release/bin/test_power --gtest_filter="
         << test->test_suite_name() << "." << test->name();
}

class PowerTest : public testing::TestWithParam<Workload> {
 protected:
  enum class After { power_cut, failure };
  /// The workload meets `trouble` at its first call to the disk, at its second, and so on until it is through.
  void sweep(After after, const Trouble& trouble) {
    for (auto [seed, last] = seeds(); seed <= last; ++seed)
      for (std::uint64_t nth = 1; is_met(seed, nth, after, trouble); ++nth)
        if (HasFailure()) return fail_with_replay("seed " + std::to_string(seed) + ", call " + std::to_string(nth));
  }

 private:
  bool is_met(std::uint64_t seed, std::uint64_t nth, After after, const Trouble& trouble) {
    PowerWorld world(seed, GetParam().directories);
    GetParam().prepare(world);
    trouble(world.disk(), nth);
    GetParam().run(world);
    const bool is_met = world.disk().fault_fired();
    if (is_met && after == After::failure) world.check_failure();
    world.lose_power();
    if (!HasFatalFailure()) world.check();
    return is_met;
  }
};

INSTANTIATE_TEST_SUITE_P(Workloads, PowerTest, testing::ValuesIn(workloads),
                         [](const auto& workload) { return workload.param.name; });

TEST_P(PowerTest, APowerCutAtAnyCallBreaksNoPromise) {
  sweep(After::power_cut, [](sim::Disk& disk, std::uint64_t nth) { disk.crash_at(nth); });
}

TEST_P(PowerTest, AFailureOfAnyCallBreaksNoPromise) {
  sweep(After::failure, [](sim::Disk& disk, std::uint64_t nth) { disk.fail_nth(nth); });
}

TEST_P(PowerTest, AFullDiskAtAnyCallBreaksNoPromise) {
  sweep(After::failure, [](sim::Disk& disk, std::uint64_t nth) { disk.fail_nth(nth, Errc::disk_full); });
}

/// What a workload may do, by chance.
void step(PowerWorld& world, sim::SeededEntropy& chance) {
  const std::string topic(1, static_cast<char>('a' + chance.below(3)));
  if (!world.knows(topic)) return world.create_topic(topic, chance.below(2) ? small_segments : Settings{});
  switch (chance.below(12)) {
    case 0: return world.delete_topic(topic);
    case 1: return world.restart();
    case 2: return world.pass(a_minute);
    case 3: return world.consume(topic);
    case 4: return world.commit("g", topic, static_cast<Offset>(chance.below(20)));
    case 5: return world.alter_topic(topic, "segment.ms", std::to_string(60'000 + chance.below(1000)));
    case 6: return world.delete_records(topic, static_cast<Offset>(chance.below(6)));
    default: return world.produce(topic, 1 + static_cast<int>(chance.below(4)));
  }
}

/// Three lives of a broker, each ended by a power cut at a call that chance chooses.
TEST(PowerAtRandom, NoPromiseIsBroken) {
  const Seeds range = std::getenv("LEAT_SEEDS") ? seeds() : Seeds{1, 150};
  for (std::uint64_t seed = range.first; seed <= range.last; ++seed) {
    sim::SeededEntropy chance(seed);
    PowerWorld world(seed, chance.below(4) == 0 ? "data,more" : "data");
    for (int life = 0; life < 3 && !testing::Test::HasFailure(); ++life) {
      world.disk().crash_at(chance.below(400));
      for (std::uint64_t steps = 5 + chance.below(20); steps > 0; --steps) step(world, chance);
      world.lose_power();
      if (!testing::Test::HasFatalFailure()) world.check();
    }
    if (testing::Test::HasFailure()) return fail_with_replay("seed " + std::to_string(seed) + ", by chance");
  }
}

}  // namespace
}  // namespace leat::test
