#include <filesystem>

#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "io/thread_pool.h"
#include "log_fixture.h"

namespace leat::log {
namespace {

/// The same log on the machine's own file system.
TEST(LogOnPosix, KeepsAllOverCleanStopsTornTailsAndDeletion) {
  char folder[] = "/tmp/leat-test-XXXXXX";
  ASSERT_TRUE(::mkdtemp(folder));
  const std::string directory = std::string(folder) + "/orders-0";
  {
    io::ThreadPool pool(1);
    io::PosixVolume volume(pool, {.max_open_descriptors = 4});
    io::SystemClock clock;
    const LogSettings settings{.segment_bytes = 1000, .segment_ms = 1LL << 60, .index_interval_bytes = 100,
                               .file_delete_delay_ms = 0};
    const auto open = [&](OpenState state) {
      state.directory = directory;
      return Log::open(volume, clock, state, settings).value();
    };
    {
      auto log = open({});
      for (Offset at = 0; at < 100; ++at) ASSERT_TRUE(log->append(batch({.base = at})));
      ASSERT_TRUE(log->close());
    }
    {
      auto log = open({.clean = true});
      EXPECT_THAT(batches_from(*log, 0), testing::SizeIs(100));
      const auto range = log->read({.from = 0, .below = 100, .max_bytes = 10000}).value();
      ASSERT_TRUE(log->raise_log_start(50));
      ASSERT_TRUE(log->purge_deleted(clock.wall_ms() + 1));
      EXPECT_EQ(bytes_of(range).size(), range.bytes) << "a slice outlives the removal of its file";
      for (Offset at = 100; at < 103; ++at) ASSERT_TRUE(log->append(batch({.base = at})));
      ASSERT_TRUE(log->truncate_to(102));
      EXPECT_TRUE(log->unsynced_files().empty()) << "truncation leaves nothing to be synced";
    }
    auto log = open({.recovery_point = 50, .log_start = 50});
    EXPECT_EQ(log->log_end(), 102);
    EXPECT_THAT(batches_from(*log, 50), testing::SizeIs(52));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace leat::log
