#include "sim/disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sim/scheduler.h"

namespace leat::sim {
namespace {

using namespace std::chrono_literals;
using io::OpenMode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A scheduler, a disk with the durable folder /d, and short words for what tests do to it.
struct World {
  explicit World(std::uint64_t seed = 1, Duration sync_delay_max = 5ms)
      : scheduler(seed), disk(scheduler, {.seed = seed, .sync_delay_max = sync_delay_max}) {
    disk.create_directories("/d").value();
    disk.sync_directory("/").value();
  }
  std::shared_ptr<io::File> create(const std::string& path, std::string_view text = "") {
    auto file = disk.open(path, OpenMode::create).value();
    if (!text.empty()) file->write_at(0, text).value();
    return file;
  }
  /// The outcome, once it is there.
  std::shared_ptr<std::optional<Result<void>>> start_sync(std::vector<std::shared_ptr<io::File>> files) {
    auto outcome = std::make_shared<std::optional<Result<void>>>();
    disk.sync(std::move(files), [outcome](Result<void> result) { *outcome = std::move(result); });
    return outcome;
  }
  Result<void> sync(std::vector<std::shared_ptr<io::File>> files) {
    const auto outcome = start_sync(std::move(files));
    scheduler.run_until_idle();
    return outcome->value();
  }
  std::string read(const std::string& path) { return io::read_text(disk, path).value(); }
  std::vector<std::string> names(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : disk.list(directory).value()) names.push_back(entry.name);
    return names;
  }

  Scheduler scheduler;
  Disk disk;
};

TEST(DiskPowerCycle, KeepsWhatWasSynced) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    World world(seed);
    const auto file = world.create("/d/log", std::string(3000, 'a'));
    ASSERT_TRUE(world.sync({file}));
    file->write_at(3000, std::string(3000, 'b')).value();
    world.disk.power_cycle();
    const std::string left = world.read("/d/log");
    ASSERT_GE(left.size(), 3000u);
    ASSERT_EQ(left.substr(0, 3000), std::string(3000, 'a')) << "seed " << seed;
  }
}

TEST(DiskPowerCycle, KeepsLosesOrTearsEachUnsyncedSector) {
  std::size_t kept = 0, lost = 0, torn = 0;
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    World world(seed);
    const auto file = world.create("/d/log", std::string(4096, 'a'));
    ASSERT_TRUE(world.sync({file}));
    file->write_at(0, std::string(8192, 'b')).value();
    world.disk.power_cycle();
    const std::string left = world.read("/d/log");
    sizes.insert(left.size());
    for (std::size_t sector = 0; sector < 8; ++sector) {
      const std::string bytes = left.substr(sector * 512, 512);
      if (bytes == std::string(512, 'b'))
        ++kept;
      else if (bytes == std::string(512, 'a'))
        ++lost;
      else
        ++torn;
    }
  }
  EXPECT_GT(kept, 100u);
  EXPECT_GT(lost, 100u);
  EXPECT_GT(torn, 50u);
  EXPECT_TRUE(sizes.contains(4096) && sizes.contains(8192));
  EXPECT_GT(sizes.size(), 10u);
}

TEST(DiskPowerCycle, ATruncationThatWasNotSyncedMayComeUndone) {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    World world(seed);
    const auto file = world.create("/d/log", std::string(2000, 'a'));
    ASSERT_TRUE(world.sync({file}));
    file->truncate(700).value();
    world.disk.power_cycle();
    const std::string left = world.read("/d/log");
    ASSERT_EQ(left.substr(0, 700), std::string(700, 'a'));
    sizes.insert(left.size());
  }
  EXPECT_TRUE(sizes.contains(700) && sizes.contains(2000));
}

TEST(DiskPowerCycle, BytesCutOffBeforeASyncDoNotComeBack) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    World world(seed);
    const auto file = world.create("/d/log", std::string(2000, 'a'));
    ASSERT_TRUE(world.sync({file}));
    file->truncate(100).value();
    file->truncate(2000).value();
    ASSERT_TRUE(world.sync({file}));
    world.disk.power_cycle();
    ASSERT_EQ(world.read("/d/log"), std::string(100, 'a') + std::string(1900, '\0'));
  }
}

TEST(DiskPowerCycle, IsDecidedByTheSeed) {
  const auto left = [](std::uint64_t seed) {
    World world(seed);
    const auto file = world.create("/d/log", "x");
    EXPECT_TRUE(world.sync({file}));
    file->write_at(0, std::string(20'000, 'b')).value();
    world.disk.power_cycle();
    return world.read("/d/log");
  };
  EXPECT_EQ(left(3), left(3));
  EXPECT_NE(left(3), left(4));
}

TEST(DiskPowerCycle, UnsyncedNamesVanish) {
  World world;
  world.create("/d/kept");
  world.create("/d/old");
  world.disk.sync_directory("/d").value();
  world.create("/d/new");
  world.disk.create_directories("/d/sub/deep").value();
  world.disk.rename("/d/old", "/d/renamed").value();
  world.disk.remove("/d/kept").value();
  EXPECT_THAT(world.names("/d"), ElementsAre("new", "renamed", "sub"));
  world.disk.power_cycle();
  EXPECT_THAT(world.names("/d"), ElementsAre("kept", "old"));
}

TEST(DiskPowerCycle, SyncedNamesStay) {
  World world;
  const auto file = world.create("/d/old", "text");
  file->sync().value();
  world.disk.sync_directory("/d").value();
  world.disk.rename("/d/old", "/d/renamed").value();
  world.disk.sync_directory("/d").value();
  world.disk.power_cycle();
  EXPECT_THAT(world.names("/d"), ElementsAre("renamed"));
  EXPECT_EQ(world.read("/d/renamed"), "text");
}

TEST(DiskPowerCycle, ASyncMakesANewFileAndItsNewFoldersDurableByName) {
  World world;
  world.disk.create_directories("/d/t-0/deep").value();
  const auto file = world.create("/d/t-0/deep/log", "text");
  world.create("/d/t-0/deep/other", "text");
  ASSERT_TRUE(world.sync({file}));
  world.disk.power_cycle();
  EXPECT_THAT(world.names("/d/t-0/deep"), ElementsAre("log"));
  EXPECT_EQ(world.read("/d/t-0/deep/log"), "text");
}

TEST(DiskPowerCycle, ASyncMakesARenamedFileDurableByItsNewName) {
  World world;
  world.create("/d/file", "old");
  const auto file = world.create("/d/file.tmp", "new");
  ASSERT_TRUE(world.sync({file}));
  world.disk.sync_directory("/d").value();
  world.disk.rename("/d/file.tmp", "/d/file").value();
  ASSERT_TRUE(world.sync({file}));
  world.disk.power_cycle();
  EXPECT_EQ(world.read("/d/file"), "new");
  EXPECT_THAT(world.names("/d"), ElementsAre("file"));
}

TEST(DiskPowerCycle, ABlockingSyncDoesNotMakeANameDurable) {
  World world;
  world.create("/d/a", "text")->sync().value();
  world.disk.power_cycle();
  EXPECT_THAT(world.names("/d"), IsEmpty());
}

TEST(DiskPowerCycle, ReplaceTextLeavesTheOldOrTheNewText) {
  World world;
  io::replace_text(world.disk, "/d/t", "old").value();
  for (std::uint64_t calls = 0;; ++calls) {
    world.disk.crash_at(calls);
    const bool replaced = io::replace_text(world.disk, "/d/t", "new").has_value();
    const bool fired = world.disk.fault_fired();
    world.disk.power_cycle();
    const std::string text = world.read("/d/t");
    EXPECT_TRUE(text == "new" || (!replaced && text == "old")) << text;
    if (!fired) break;
    io::replace_text(world.disk, "/d/t", "old").value();
  }
}

TEST(DiskPowerCycle, EarlierFilesAndLocksAreGone) {
  World world;
  const auto file = world.create("/d/a", "text");
  ASSERT_TRUE(world.sync({file}));
  const auto lock = world.disk.lock("/d").value();
  EXPECT_EQ(world.disk.lock("/d").error().code, Errc::in_use);
  world.disk.power_cycle();
  EXPECT_EQ(file->write_at(0, "x").error().code, Errc::closed);
  EXPECT_EQ(file->size().error().code, Errc::closed);
  const auto second = world.disk.lock("/d");
  EXPECT_TRUE(second);
}

TEST(DiskPowerCycle, AnEarlierLockReleasesNothing) {
  World world;
  auto old_lock = world.disk.lock("/d").value();
  world.disk.power_cycle();
  const auto lock = world.disk.lock("/d").value();
  old_lock.reset();
  EXPECT_EQ(world.disk.lock("/d").error().code, Errc::in_use);
}

TEST(DiskKillProcess, KeepsWhatWasWrittenButNoFilesAndLocks) {
  World world;
  const auto file = world.create("/d/a", "text");
  const auto lock = world.disk.lock("/d").value();
  world.disk.kill_process();
  EXPECT_EQ(world.read("/d/a"), "text");
  EXPECT_EQ(file->write_at(0, "x").error().code, Errc::closed);
  EXPECT_TRUE(world.disk.lock("/d"));
}

TEST(DiskSync, CompletesLaterFromATask) {
  World world;
  const auto outcome = world.start_sync({world.create("/d/a", "x")});
  EXPECT_FALSE(*outcome);
  const Instant before = world.scheduler.now();
  world.scheduler.run_until_idle();
  EXPECT_TRUE(*outcome);
  EXPECT_GT(world.scheduler.now(), before);
}

TEST(DiskSync, WithoutADelayItCompletesInTheNextTask) {
  World world(1, 0ms);
  const auto outcome = world.start_sync({world.create("/d/a", "x")});
  EXPECT_FALSE(*outcome);
  world.scheduler.run_ready();
  EXPECT_TRUE(*outcome);
}

TEST(DiskSync, CoversOnlyWhatWasWrittenBeforeIt) {
  bool later_bytes_were_lost = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    World world(seed);
    const auto file = world.create("/d/a", "first");
    const auto outcome = world.start_sync({file});
    file->write_at(0, "other").value();
    world.scheduler.run_until_idle();
    ASSERT_TRUE(**outcome);
    world.disk.power_cycle();
    later_bytes_were_lost |= world.read("/d/a") == "first";
  }
  EXPECT_TRUE(later_bytes_were_lost);
}

TEST(DiskSync, AnOvertakenSyncDoesNotTakeBytesBack) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    World world(seed);
    const auto file = world.create("/d/a", std::string(600, 'a'));
    const auto first = world.start_sync({file});
    file->write_at(600, std::string(600, 'b')).value();
    const auto second = world.start_sync({file});
    world.scheduler.run_until_idle();
    ASSERT_TRUE(**first && **second);
    world.disk.power_cycle();
    ASSERT_EQ(world.read("/d/a"), std::string(600, 'a') + std::string(600, 'b')) << "seed " << seed;
  }
}

TEST(DiskSync, ASyncUnderWayWhenThePowerFailsIsNotAnswered) {
  World world;
  const auto outcome = world.start_sync({world.create("/d/a", "x")});
  world.disk.power_cycle();
  world.scheduler.run_until_idle();
  ASSERT_TRUE(*outcome);
  EXPECT_EQ((*outcome)->error().code, Errc::closed);
}

TEST(DiskSync, HeldOnesCompleteOneByOneOrAllAtOnce) {
  World world;
  world.disk.hold_syncs();
  std::vector<std::shared_ptr<std::optional<Result<void>>>> outcomes;
  for (const char* path : {"/d/a", "/d/b", "/d/c"})
    outcomes.push_back(world.start_sync({world.create(path, "x")}));
  world.scheduler.run_until_idle();
  EXPECT_EQ(world.disk.held_syncs(), 3u);
  EXPECT_FALSE(*outcomes[0]);
  EXPECT_TRUE(world.disk.complete_one_sync());
  world.scheduler.run_until_idle();
  EXPECT_TRUE(*outcomes[0]);
  EXPECT_FALSE(*outcomes[1]);
  world.disk.release_syncs();
  world.scheduler.run_until_idle();
  EXPECT_TRUE(*outcomes[1] && *outcomes[2]);
  EXPECT_FALSE(world.disk.complete_one_sync());
  EXPECT_TRUE(world.sync({world.create("/d/e", "x")}));
}

TEST(DiskSync, CostsNothingForAFileWithoutWrites) {
  World world;
  const auto a = world.create("/d/a", "x"), b = world.create("/d/b", "y");
  ASSERT_TRUE(world.sync({a, b, a}));
  EXPECT_EQ(world.disk.counters().syncs, 2u);
  a->write_at(0, "z").value();
  ASSERT_TRUE(world.sync({a, b}));
  EXPECT_EQ(world.disk.counters().syncs, 3u);
  EXPECT_EQ(world.disk.counters().sync_calls, 2u);
  EXPECT_EQ(world.disk.counters().writes, 3u);
}

TEST(DiskFault, TheNthCallFailsOnce) {
  World world;
  const auto file = world.create("/d/a");
  world.disk.fail_nth(2, Errc::disk_full);
  EXPECT_TRUE(file->write_at(0, "x"));
  EXPECT_FALSE(world.disk.fault_fired());
  EXPECT_EQ(world.disk.list("/d").error().code, Errc::disk_full);
  EXPECT_TRUE(world.disk.fault_fired());
  EXPECT_TRUE(world.disk.list("/d"));
}

TEST(DiskFault, AFailedWriteLeavesAPartAndSticks) {
  World world;
  const auto file = world.create("/d/a");
  world.disk.fail_nth(1, Errc::disk_full);
  EXPECT_EQ(file->write_at(0, std::string(1000, 'x')).error().code, Errc::disk_full);
  EXPECT_LT(file->size().value(), 1000u);
  EXPECT_THAT(file->write_at(0, "x").error().context, HasSubstr("failed before"));
  EXPECT_EQ(file->sync().error().code, Errc::disk_full);
  EXPECT_EQ(world.sync({file}).error().code, Errc::disk_full);
  EXPECT_TRUE(world.disk.open("/d/a", OpenMode::write).value()->write_at(0, "x"));
}

TEST(DiskFault, AFailedSyncSticksToItsFileAlone) {
  World world;
  const auto bad = world.create("/d/a", "x"), good = world.create("/d/b", "y");
  world.disk.fail_nth(1);
  EXPECT_FALSE(world.sync({bad, good}));
  EXPECT_FALSE(bad->write_at(0, "z"));
  EXPECT_TRUE(good->write_at(0, "z"));
  EXPECT_TRUE(world.sync({good}));
}

TEST(DiskFault, ASyncAfterAFailedOneSucceedsAndMakesNothingDurable) {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    World world(seed);
    world.disk.fail_nth(3);  // open, write, sync
    ASSERT_FALSE(world.create("/d/a", "precious")->sync());
    const auto reopened = world.disk.open("/d/a", OpenMode::write).value();
    ASSERT_EQ(world.read("/d/a"), "precious");
    ASSERT_TRUE(reopened->sync());
    ASSERT_TRUE(reopened->drop_cached(0));
    const std::string on_disk = world.read("/d/a");
    lost |= on_disk != "precious";
    // What shows after that is what a power cycle leaves.
    world.disk.sync_directory("/d").value();
    world.disk.power_cycle();
    ASSERT_EQ(world.read("/d/a"), on_disk);
  }
  EXPECT_TRUE(lost);
}

TEST(DiskFault, AfterACrashEveryCallFailsUntilThePowerIsBack) {
  World world;
  const auto file = world.create("/d/a");
  world.disk.crash_at(1);
  EXPECT_TRUE(file->write_at(0, "x"));
  EXPECT_FALSE(file->write_at(1, "y"));
  EXPECT_FALSE(world.disk.open("/d/b", OpenMode::create));
  EXPECT_FALSE(world.disk.sync_directory("/d"));
  EXPECT_FALSE(world.sync({file}));
  world.disk.power_cycle();
  EXPECT_TRUE(world.disk.open("/d/b", OpenMode::create));
}

TEST(DiskFault, BitRotShowsInMemoryAndAfterAPowerCycle) {
  World world;
  ASSERT_TRUE(world.sync({world.create("/d/a", "abc")}));
  world.disk.flip_bits("/d/a", 1, 0x20);
  EXPECT_EQ(world.read("/d/a"), "aBc");
  world.disk.power_cycle();
  EXPECT_EQ(world.read("/d/a"), "aBc");
}

TEST(Disk, ModificationTimesFollowTheVirtualClock) {
  World world;
  world.scheduler.run_for(1h);
  world.create("/d/a", "x");
  EXPECT_EQ(world.disk.modified_at("/d/a").value(), Scheduler::epoch_ms + 3'600'000);
}

TEST(Disk, TheSameSeedGivesTheSameRun) {
  const auto run = [](std::uint64_t seed) {
    World world(seed);
    std::vector<std::string> lines;
    world.scheduler.set_trace([&](const std::string& line) { lines.push_back(line); });
    for (int i = 0; i < 20; ++i) {
      const std::string name = "/d/" + std::to_string(i);
      world.disk.sync({world.create(name, "x")}, [&world, name](Result<void> result) {
        world.scheduler.trace("synced " + name + (result ? "" : " failed"));
      });
    }
    world.scheduler.run_until_idle();
    return lines;
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

}  // namespace
}  // namespace leat::sim
