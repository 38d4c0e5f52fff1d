#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "log/log.h"
#include "record/batch_builder.h"
#include "record/batch_view.h"
#include "record/control_record.h"
#include "sim/disk.h"
#include "sim/scheduler.h"

namespace leat::log {

inline constexpr TimestampMs sample_time = 1'700'000'000'000;

struct BatchSpec {
  Offset base = 0;
  int records = 1;
  TimestampMs timestamp = sample_time;
  LeaderEpoch epoch = 0;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t sequence = -1;
  std::size_t value_size = 6;
  record::Codec codec = record::Codec::none;
  bool is_transactional = false;
};

/// Records of `value_size` bytes, one millisecond apart.
inline std::vector<std::byte> batch(const BatchSpec& spec) {
  record::BatchBuilder builder({.base_offset = spec.base,
                                .leader_epoch = spec.epoch,
                                .producer_id = spec.producer_id,
                                .producer_epoch = spec.producer_epoch,
                                .base_sequence = spec.sequence,
                                .is_transactional = spec.is_transactional});
  for (int i = 0; i < spec.records; ++i)
    builder.append(spec.timestamp + i, Bytes("k"), Bytes(std::string(spec.value_size, 'v')));
  return builder.build(spec.codec).value();
}

/// One record of a transaction.
inline std::vector<std::byte> transactional(Offset base, std::int64_t producer_id, std::int32_t sequence = 0) {
  return batch({.base = base, .producer_id = producer_id, .producer_epoch = 0, .sequence = sequence,
                .is_transactional = true});
}
inline std::vector<std::byte> marker(Offset base, std::int64_t producer_id, bool commit) {
  auto bytes = record::marker_batch({.commit = commit, .coordinator_epoch = 3}, producer_id, 0, sample_time);
  record::set_base_offset(bytes, base);
  record::set_leader_epoch(bytes, 0);
  return bytes;
}
inline std::vector<std::byte> committed(Offset base, std::int64_t producer_id) { return marker(base, producer_id, true); }
inline std::vector<std::byte> aborted(Offset base, std::int64_t producer_id) { return marker(base, producer_id, false); }

/// The bytes of a range, by the slices' own files.
inline std::vector<std::byte> bytes_of(const ReadRange& range) {
  std::vector<std::byte> all;
  for (const FileSlice& slice : range.slices) {
    std::vector<std::byte> part(slice.length);
    EXPECT_EQ(slice.file->read_at(slice.position, part).value(), part.size());
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

/// Everything from `from` on, as (base, last) offsets of the batches.
inline std::vector<std::pair<Offset, Offset>> batches_from(const Log& log, Offset from) {
  std::vector<std::pair<Offset, Offset>> found;
  while (from < log.log_end()) {
    const auto range = log.read({.from = from, .below = log.log_end(), .max_bytes = 1000, .at_least_one_batch = true});
    EXPECT_TRUE(range) << range.error().to_string();
    if (!range || range->bytes == 0) break;
    const auto bytes = bytes_of(*range);
    record::BatchCursor cursor(bytes);
    for (auto next = cursor.next().value(); next; next = cursor.next().value()) {
      EXPECT_TRUE(next->check_crc());
      found.emplace_back(next->base_offset(), next->last_offset());
    }
    from = range->next;
  }
  return found;
}

class LogTest : public testing::Test {
 protected:
  LogTest() {
    EXPECT_TRUE(disk.create_directories("data"));
    EXPECT_TRUE(disk.sync_directory("."));
  }
  static constexpr const char* directory = "data/orders-0";

  Result<std::unique_ptr<Log>> try_open(OpenState state = {}) {
    state.directory = directory;
    return Log::open(disk, scheduler, state, settings);
  }
  std::unique_ptr<Log> open(OpenState state = {}) {
    auto log = try_open(std::move(state));
    EXPECT_TRUE(log) << log.error().to_string();
    return log ? std::move(log).value() : nullptr;
  }
  std::unique_ptr<Log> open_clean() { return open({.clean = true}); }
  /// Blocks until everything appended is durable.
  void sync(Log& log) {
    const Offset end = log.log_end();
    Result<void> outcome = Error{};
    disk.sync(log.unsynced_files(), [&](Result<void> result) { outcome = std::move(result); });
    scheduler.run_until_idle();
    if (outcome)
      log.mark_durable(end);
    else
      log.fail(outcome.error());
  }
  std::string text(const std::string& name) {
    return io::read_text(disk, std::string(directory) + "/" + name).value();
  }
  bool exists(const std::string& name) { return disk.exists(std::string(directory) + "/" + name).value(); }
  static std::string hex(std::string_view bytes) {
    std::string out;
    for (const unsigned char c : bytes) {
      char digits[3];
      std::snprintf(digits, sizeof digits, "%02x", c);
      out += digits;
    }
    return out;
  }

  sim::Scheduler scheduler{1};
  sim::Disk disk{scheduler};
  LogSettings settings{.segment_ms = 1LL << 60, .producer_id_expiration_ms = 1LL << 60};
};

}  // namespace leat::log
