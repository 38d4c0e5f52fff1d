// Opening a log after a crash: logs of different sizes with the same 64 MiB behind the last checkpoint, and the same where no
// checkpoint has noted a place within the segment. Napkin: the tail is read from the disk and its CRC taken, so some 64 MiB at
// the disk's speed, and nothing else that grows with the log but its list of segments.
//
// LEAT_BENCH_LOG_MIB="960 16320" names the sizes, with the checkpoint at the same place of their last segment; the default is
// small, for a look that it works.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <sstream>
#include <string>

#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "io/thread_pool.h"
#include "log/log.h"
#include "record/batch_builder.h"

namespace leat::log {
namespace {

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t tail_bytes = 64 * mib;

struct World {
  World() {
    char name[] = "/var/tmp/leat-bench-XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~World() { std::filesystem::remove_all(folder); }
  std::unique_ptr<Log> open(Offset recovery_point) {
    return Log::open(volume, clock, {.directory = folder + "/t-0", .recovery_point = recovery_point},
                     {.segment_ms = 1LL << 60, .resume_bytes = resume_bytes})
        .value();
  }
  void append(Log& log, std::uint64_t bytes) {
    record::BatchBuilder builder({.leader_epoch = 0, .producer_id = 1, .producer_epoch = 0, .base_sequence = 0});
    const std::string value(1000, 'v');
    while (builder.estimated_size() < 256 * 1024) builder.append(1'700'000'000'000, "key", value);
    auto batch = builder.build().value();
    for (std::uint64_t done = 0; done < bytes; done += batch.size()) {
      record::set_base_offset(batch, log.log_end());
      if (!log.append(batch)) std::abort();
    }
  }
  void sync(Log& log) {
    for (const auto& file : log.unsynced_files())
      if (!file->sync()) std::abort();
  }
  std::string folder;
  std::int64_t resume_bytes = LogSettings{}.resume_bytes;
  io::ThreadPool pool{1};
  io::PosixVolume volume{pool};
  io::SystemClock clock;
};

void recover(benchmark::State& state, std::uint64_t size, bool notes_places) {
  World world;
  if (!notes_places) world.resume_bytes = INT64_MAX;
  Offset recovery_point = 0;
  {
    auto log = world.open(0);
    world.append(*log, size);
    world.sync(*log);
    log->mark_durable(log->log_end());
    recovery_point = log->checkpoint().value();
    world.append(*log, tail_bytes);
    world.sync(*log);  // what the disk still writes would be measured too
  }
  for (auto _ : state) benchmark::DoNotOptimize(world.open(recovery_point));
}

const bool registered = [] {
  const char* given = ::getenv("LEAT_BENCH_LOG_MIB");
  std::istringstream sizes(given ? given : "16");
  for (std::uint64_t size; sizes >> size;)
    for (const bool notes : {true, false})
      benchmark::RegisterBenchmark(
          ("log_recover/" + std::to_string(size) + "MiB/" + (notes ? "from_checkpoint" : "from_segment")).c_str(),
          [=](benchmark::State& state) { recover(state, size * mib, notes); })
          ->Unit(benchmark::kMillisecond);
  return true;
}();

}  // namespace
}  // namespace leat::log
