#pragma once

#include <string>

#include "base/errors.h"
#include "input.h"
#include "log/log.h"
#include "record/batch_builder.h"
#include "sim/disk.h"
#include "sim/scheduler.h"

namespace leat::fuzz {

/// A disk in memory that holds what the fuzzer says.
struct Machine {
  sim::Scheduler scheduler{1};
  sim::Disk disk{scheduler, {.seed = 1, .sync_delay_max = Duration(0)}};

  void put(const std::string& path, Bytes bytes) {
    const std::string folder = path.substr(0, path.rfind('/'));
    require(disk.create_directories(folder).has_value(), "folders can be made");
    auto file = disk.open(path, io::OpenMode::create_truncate);
    require(file && (*file)->write_at(0, bytes) && (*file)->sync() && disk.sync_directory(folder), "files can be written");
  }
};

inline std::vector<std::byte> sample_batch(Offset base) {
  record::BatchBuilder builder({.base_offset = base, .leader_epoch = 1});
  builder.append(1'700'000'000'000, Bytes("k"), Bytes("v"));
  builder.append(1'700'000'000'001, Bytes("k"), Bytes("w"));
  return builder.build().value();
}

/// Whatever the files held: an opened log reads, by offset and by time, takes a batch, and is the same when it is
/// opened again after a kill.
inline void use(Machine& machine, log::OpenState state) {
  constexpr log::LogSettings settings{.segment_bytes = 1 << 20, .index_interval_bytes = 1};
  Offset end = 0;
  {
    auto opened = log::Log::open(machine.disk, machine.scheduler, state, settings);
    if (!opened) return;
    log::Log& log = **opened;
    require(log.log_start() <= log.log_end(), "L2: the log starts before it ends");
    for (Offset from = log.log_start(); from < log.log_end();) {
      auto range = log.read({.from = from, .below = log.log_end(), .max_bytes = 4096, .at_least_one_batch = true});
      if (!range || range->bytes == 0) break;
      require(range->next > from, "reading goes forward");
      for (const FileSlice& slice : range->slices) {
        std::vector<std::byte> bytes(slice.length);
        auto got = slice.file->read_at(slice.position, bytes);
        require(got && *got == bytes.size(), "a range lies inside its file");
      }
      from = range->next;
    }
    (void)log.find_by_time(1'700'000'000'000, log.log_end());
    (void)log.find_max_timestamp(log.log_end());
    if (log.log_end() < std::numeric_limits<Offset>::max() - 1000) (void)log.append(sample_batch(log.log_end()));
    end = log.log_end();
  }
  machine.disk.kill_process();
  state.clean = false;
  state.recovery_point = 0;
  auto again = log::Log::open(machine.disk, machine.scheduler, state, settings);
  if (again) require((*again)->log_end() <= end, "recovery invents nothing");
}

}  // namespace leat::fuzz
