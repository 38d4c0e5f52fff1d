#include "base/errors.h"
#include "log/retention.h"
#include "replication/partition.h"

/// What makes a partition's log shorter at its start.
namespace leat::replication {

Result<void> Partition::move_log_start(Offset offset, Aftermath& after) {
  const Offset before = log_->log_start();
  if (auto moved = log_->move_log_start(offset); !moved) {
    fail_log(moved.error(), after);
    return moved;
  }
  if (log_->log_start() != before) tell_watchers(after);
  return {};
}

Result<bool> Partition::retain() {
  Aftermath after;
  Result<bool> moved = false;
  {
    std::lock_guard lock(mutex_);
    if (retired_ || closing_ || log_->failure() || !config_->cleanup_delete) return false;
    const auto segments = log_->segments();
    const log::RetentionRules rules{.max_age_ms = config_->retention_ms, .max_bytes = config_->retention_bytes};
    const std::size_t expired =
        log::count_expired(segments, log_->log_end(), rules, high_watermark_, clock_.wall_ms());
    if (expired > 0) {
      const bool all = expired == segments.size();
      const Offset start = all ? log_->log_end() : segments[expired].base;
      // The log always has a segment to write to.
      Result<void> done = all ? log_->roll() : Result<void>();
      if (!done) fail_log(done.error(), after);
      else done = move_log_start(start, after);
      if (done) moved = true;
      else moved = done.error();
    }
  }
  run(after);
  return moved;
}

Partition::DeleteResult Partition::delete_records(Offset offset) {
  DeleteResult result;
  Aftermath after;
  {
    std::lock_guard lock(mutex_);
    if (Errc error = why_not_leading(); error != Errc::none) return {.error = error};
    if (config_->cleanup_compact && !config_->cleanup_delete) return {.error = Errc::policy_violation};
    if (offset == -1) offset = high_watermark_;
    if (offset < 0 || offset > high_watermark_) return {.error = Errc::offset_out_of_range};
    if (auto moved = move_log_start(offset, after); moved) result.low_watermark = log_->log_start();
    else result.error = Errc::kafka_storage_error;
  }
  run(after);
  return result;
}

Result<void> Partition::drop_unreachable() {
  Aftermath after;
  Result<void> dropped;
  {
    std::lock_guard lock(mutex_);
    if (log_->failure() || retired_) return {};
    dropped = log_->drop_unreachable();
    if (!dropped) fail_log(dropped.error(), after);
  }
  run(after);
  return dropped ? log_->sync_names() : dropped;
}

}  // namespace leat::replication
