// Appending and reading beside the bare system call, in the same run and on the same file system, all in
// the page cache. Napkin: a 16 KiB pwrite copies at some 8 GB/s and costs 2-4 us; the log's own share
// (headers, index entry, producer state) should stay a small part of that.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "io/thread_pool.h"
#include "log/log.h"
#include "record/batch_builder.h"

namespace leat::log {
namespace {

constexpr std::size_t batch_size = 16 << 10;
constexpr std::uint64_t file_size_max = 256 << 20;

std::vector<std::byte> sample_batch() {
  record::BatchBuilder builder({.leader_epoch = 0, .producer_id = 1, .producer_epoch = 0, .base_sequence = 0});
  const std::string value(1000, 'v');
  while (builder.estimated_size() + 1100 < batch_size) builder.append(1'700'000'000'000, "key", value);
  return builder.build().value();
}

/// A folder on disk, gone with it.
struct Folder {
  Folder() {
    char name[] = "/var/tmp/leat-bench-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

struct Fixture {
  std::unique_ptr<Log> open(std::int64_t segment_bytes = file_size_max) {
    return Log::open(volume, clock, {.directory = folder.path + "/t-0", .clean = true},
                     {.segment_bytes = segment_bytes, .segment_ms = 1LL << 60, .file_delete_delay_ms = 0})
        .value();
  }
  /// Appends and keeps the disk use bounded.
  void append(Log& log, std::vector<std::byte>& batch) {
    record::set_base_offset(batch, log.log_end());
    if (!log.append(batch)) std::abort();
    if (log.size_bytes() < 2 * file_size_max) return;
    if (!log.raise_log_start(log.segments().back().base) || !log.purge_deleted(clock.wall_ms() + 1)) std::abort();
  }
  Folder folder;
  io::ThreadPool pool{1};
  io::PosixVolume volume{pool};
  io::SystemClock clock;
};

void bare_pwrite(benchmark::State& state) {
  Folder folder;
  const auto batch = sample_batch();
  const int fd = ::open((folder.path + "/file").c_str(), O_CREAT | O_RDWR, 0644);
  std::uint64_t at = 0;
  for (auto _ : state) {
    if (::pwrite(fd, batch.data(), batch.size(), static_cast<off_t>(at)) < 0) std::abort();
    if ((at += batch.size()) > file_size_max) {
      state.PauseTiming();
      if (::ftruncate(fd, 0) != 0) std::abort();
      at = 0;
      state.ResumeTiming();
    }
  }
  ::close(fd);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.size()));
}
BENCHMARK(bare_pwrite);

void log_append(benchmark::State& state) {
  Fixture fixture;
  auto log = fixture.open();
  auto batch = sample_batch();
  for (auto _ : state) fixture.append(*log, batch);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.size()));
}
BENCHMARK(log_append);

/// Reads of `range(0)` bytes one after the other through 64 MiB.
void log_read(benchmark::State& state) {
  Fixture fixture;
  auto log = fixture.open();
  auto batch = sample_batch();
  while (log->size_bytes() < 64 << 20) fixture.append(*log, batch);
  std::vector<std::byte> buffer(static_cast<std::size_t>(state.range(0)));
  Offset from = 0;
  std::int64_t bytes = 0;
  for (auto _ : state) {
    const auto range = log->read({.from = from, .below = log->log_end(), .max_bytes = buffer.size(), .at_least_one_batch = true}).value();
    for (const FileSlice& slice : range.slices)
      if (!slice.file->read_at(slice.position, std::span(buffer).first(slice.length))) std::abort();
    bytes += static_cast<std::int64_t>(range.bytes);
    from = range.next < log->log_end() ? range.next : 0;
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(log_read)->Arg(64 << 10)->Arg(1 << 20);

void bare_pread(benchmark::State& state) {
  Folder folder;
  const int fd = ::open((folder.path + "/file").c_str(), O_CREAT | O_RDWR, 0644);
  std::vector<std::byte> buffer(static_cast<std::size_t>(state.range(0)));
  constexpr std::uint64_t size = 64 << 20;
  // In the same pieces as the log's, since the kernel sizes its page cache folios by them.
  const auto batch = sample_batch();
  for (std::uint64_t end = 0; end < size; end += batch.size())
    if (::pwrite(fd, batch.data(), batch.size(), static_cast<off_t>(end)) < 0) std::abort();
  std::uint64_t at = 0;
  for (auto _ : state) {
    if (::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(at)) < 0) std::abort();
    at = (at + buffer.size()) % size;
  }
  ::close(fd);
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(bare_pread)->Arg(64 << 10)->Arg(1 << 20);

void open_after_clean_stop(benchmark::State& state) {
  Fixture fixture;
  {
    auto log = fixture.open();
    auto batch = sample_batch();
    for (int i = 0; i < 100; ++i) fixture.append(*log, batch);
    if (!log->close()) std::abort();
  }
  for (auto _ : state) benchmark::DoNotOptimize(fixture.open());
}
BENCHMARK(open_after_clean_stop)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace leat::log
