#include "quorum/metadata_log.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "base/payload.h"
#include "quorum/control_batches.h"
#include "quorum/directories.h"
#include "record/control_record.h"
#include "record/fetched_batches.h"
#include "record/record_reader.h"

namespace leat::quorum {
namespace {

constexpr std::size_t replay_chunk = 4 << 20;

/// The values of a data batch; views into the batch, or into `scratch`.
Result<std::vector<Bytes>> values_of(const record::BatchView& batch, std::vector<std::byte>& scratch) {
  LEAT_TRY(auto reader, record::RecordReader::open(batch, scratch));
  std::vector<Bytes> values;
  for (record::RecordView record;;) {
    LEAT_TRY(const bool more, reader.next(record));
    if (!more) return values;
    values.push_back(record.value);
  }
}

std::vector<NodeId> ids_of(const VoterSet& voters, NodeId self) {
  if (voters.empty()) return {self};
  std::vector<NodeId> ids;
  for (const Voter& voter : voters) ids.push_back(voter.id);
  return ids;
}

}  // namespace

MetadataLog::MetadataLog(io::Volume& volume, const Clock& clock, Options options)
    : volume_(volume), clock_(clock), options_(std::move(options)) {}

Result<std::unique_ptr<MetadataLog>> MetadataLog::open(io::Volume& volume, const Clock& clock, Options options,
                                                       const Diagnostics& diagnostics) {
  auto opened = std::unique_ptr<MetadataLog>(new MetadataLog(volume, clock, std::move(options)));
  const std::string& directory = opened->options_.directory;
  LEAT_CHECK(make_directories(volume, directory));
  LEAT_TRY(opened->snapshot_, latest_snapshot(volume, directory));
  LEAT_TRY(opened->log_, log::Log::open(volume, clock, {.directory = directory}, opened->options_.settings, diagnostics));

  log::Log& log = *opened->log_;
  const auto& snapshot = opened->snapshot_;
  if (snapshot && snapshot->end > log.log_end()) LEAT_CHECK(log.restart_at(snapshot->end));
  if (log.log_start() > 0 && (!snapshot || snapshot->end < log.log_start()))
    return Error{Errc::corrupt, directory + ": the log starts at offset " + std::to_string(log.log_start()) +
                                    " and no snapshot reaches that far"};
  LEAT_CHECK(opened->restore_topic_id());
  LEAT_TRY(const auto stored, load_quorum_state(volume, directory));
  opened->epoch_ = std::max(stored ? stored->leader_epoch : 0, log.leader_epochs().latest().value_or(0));
  if (snapshot) opened->committed_ = snapshot->end;
  return opened;
}

Result<void> MetadataLog::restore_topic_id() {
  const std::string path = options_.directory + "/partition.metadata";
  const std::string content = "version: 0\ntopic_id: " + Uuid::metadata_topic().to_string();
  const auto there = io::read_text(volume_, path);
  if (there && *there == content) return {};
  if (!there && there.error().code != Errc::not_found) return there.error();
  LEAT_TRY(topic_id_file_, volume_.open(path, io::OpenMode::create_truncate));
  return topic_id_file_->write_at(0, content);
}

Result<void> MetadataLog::replay(Offset below, const Visit& visit) {
  if (!replayed_) {
    if (snapshot_)
      if (auto ok = replay_snapshot(visit); !ok)
        return wrap(std::move(ok).error(), options_.directory + "/" + snapshot_name(*snapshot_));
    replayed_ = std::max(log_->log_start(), snapshot_ ? snapshot_->end : 0);
  }
  if (auto ok = replay_log(below, visit); !ok) return wrap(std::move(ok).error(), options_.directory);
  return {};
}

Result<void> MetadataLog::replay_snapshot(const Visit& visit) {
  const bool founding = *snapshot_ == SnapshotId{};
  LEAT_TRY(const auto file, read_batches_file(volume_, options_.directory + "/" + snapshot_name(*snapshot_)));
  std::vector<std::byte> scratch;
  bool has_footer = false;
  LEAT_CHECK(for_each_batch(Bytes(file), [&](const record::BatchView& batch) -> Result<void> {
    has_footer = batch.is_control() && batch.base_offset() > 0;
    if (batch.is_control()) return note_control(batch, founding);
    Batch out{.last_offset = snapshot_->end - 1, .epoch = snapshot_->epoch};
    LEAT_TRY(out.values, values_of(batch, scratch));
    return visit(out);
  }));
  if (!has_footer) return Error{Errc::corrupt, "no snapshot footer"};
  epoch_ = std::max(epoch_, snapshot_->epoch);
  return {};
}

Result<void> MetadataLog::replay_log(Offset below, const Visit& visit) {
  std::vector<std::byte> scratch;
  for (Offset& next = *replayed_; next < below;) {
    LEAT_TRY(const log::ReadRange range,
             log_->read({.from = next, .below = below, .max_bytes = replay_chunk, .at_least_one_batch = true}));
    if (range.next <= next) return Error{Errc::corrupt, "no batch at offset " + std::to_string(next)};
    LEAT_TRY(const Payload bytes, Payload::of(range.slices).in_memory());
    LEAT_CHECK(for_each_batch(bytes.memory(), [&](const record::BatchView& batch) -> Result<void> {
      if (batch.last_offset() < next) return {};
      epoch_ = std::max(epoch_, batch.leader_epoch());
      Batch out{.last_offset = batch.last_offset(), .epoch = batch.leader_epoch(), .is_control = batch.is_control()};
      if (batch.is_control()) {
        LEAT_CHECK(note_control(batch, false));
      } else {
        LEAT_TRY(out.values, values_of(batch, scratch));
      }
      return visit(out);
    }));
    next = range.next;
  }
  return {};
}

Result<void> MetadataLog::note_control(const record::BatchView& batch, bool founding) {
  std::vector<std::byte> scratch;
  LEAT_TRY(auto reader, record::RecordReader::open(batch, scratch));
  for (record::RecordView record;;) {
    LEAT_TRY(const bool more, reader.next(record));
    if (!more) return {};
    LEAT_TRY(const auto type, record::control_type(record.key));
    if (type != record::ControlType::kraft_voters) continue;
    LEAT_TRY(voters_, decode_voters(record.value));
    voters_unlogged_ = founding;
  }
}

std::optional<VoterSet> MetadataLog::voters_to_announce() {
  bool stale = voters_unlogged_;
  for (Voter& voter : voters_) {
    if (voter.id != options_.node_id || options_.endpoints.empty()) continue;
    stale |= voter.endpoints != options_.endpoints;
    voter.endpoints = options_.endpoints;
  }
  if (!stale) return std::nullopt;
  voters_unlogged_ = false;
  return voters_;
}

Result<Offset> MetadataLog::lead() {
  LEAT_TRY(const auto stored, load_quorum_state(volume_, options_.directory));
  const LeaderEpoch log_epoch = std::max(epoch_, log_->leader_epochs().latest().value_or(0));
  LEAT_TRY(auto election,
           Election::start({options_.node_id, options_.directory_id}, voters_, stored, log_epoch));
  const auto voter_ids = ids_of(voters_, options_.node_id);
  for (ElectionActions actions = election.step(Started{}); !actions.lead; actions = election.step(Persisted{}))
    if (actions.persist)
      LEAT_CHECK(store_quorum_state(volume_, options_.directory, *actions.persist, voter_ids));

  epoch_ = election.epoch();
  // In memory only: quorum-state holds the epoch, and recovery finds its start in the LEADER_CHANGE batch.
  LEAT_CHECK(log_->start_epoch(epoch_));
  LEAT_TRY(const auto batch, leader_change_batch({log_->log_end(), epoch_, clock_.wall_ms()}, options_.node_id,
                                                 voter_ids, voters_to_announce()));
  LEAT_CHECK(log_->append(Bytes(batch)));
  is_leader_ = true;
  return log_->log_end() - 1;
}

MetadataLog::Answer MetadataLog::fetch(const Ask& ask) const {
  Answer answer;
  {
    std::lock_guard lock(log_mutex_);
    answer.high_watermark = high_watermark();
    answer.log_start = log_->log_start();
    if (ask.from < 0 || ask.leader_epoch < 0 || ask.last_fetched_epoch > ask.leader_epoch) return {.error = Errc::invalid_request};
    if (ask.leader_epoch < epoch_) answer.error = Errc::fenced_leader_epoch;
    else if (ask.leader_epoch > epoch_) answer.error = Errc::unknown_leader_epoch;
    else if (!is_leader_) answer.error = Errc::not_leader_or_follower;
    if (answer.error != Errc::none) return answer;

    const bool has_snapshot = snapshot_ && *snapshot_ != SnapshotId{};
    if (has_snapshot && (ask.from == 0 || ask.from < answer.log_start || ask.last_fetched_epoch < snapshot_->epoch)) {
      answer.snapshot = snapshot_;
      return answer;
    }
    if (ask.from > 0 && !(has_snapshot && SnapshotId{ask.from, ask.last_fetched_epoch} == *snapshot_)) {
      const log::EpochEnd own = log_->leader_epochs().end_of(ask.last_fetched_epoch, log_->log_end());
      if (own.epoch != ask.last_fetched_epoch || own.end < ask.from) {
        answer.diverging = own.epoch == no_epoch ? log::EpochEnd{0, answer.log_start} : own;
        return answer;
      }
    }
  }
  auto range = log_->read({.from = ask.from,
                           .below = answer.high_watermark,
                           .max_bytes = ask.max_bytes,
                           .at_least_one_batch = true});
  if (range) answer.range = std::move(*range);
  else if (ask.from < answer.high_watermark) answer.error = Errc::kafka_storage_error;
  return answer;
}

Result<MetadataLog::SnapshotPiece> MetadataLog::read_snapshot(const SnapshotId& id, std::int64_t position,
                                                              std::size_t max_bytes) const {
  if (id == SnapshotId{}) return Error{Errc::snapshot_not_found, {}};
  auto file = volume_.open(options_.directory + "/" + snapshot_name(id), io::OpenMode::read);
  if (!file) return Error{Errc::snapshot_not_found, file.error().context};
  LEAT_TRY(const std::uint64_t size, (*file)->size());
  if (position < 0 || static_cast<std::uint64_t>(position) >= size) return Error{Errc::position_out_of_range, {}};
  const auto from = static_cast<std::uint64_t>(position);
  LEAT_TRY(auto slice, (*file)->slice(from, std::min<std::uint64_t>(max_bytes, size - from)));
  std::vector<FileSlice> slices;
  slices.push_back(std::move(slice));
  return SnapshotPiece{Payload::of(std::move(slices)), size};
}

Result<void> MetadataLog::follow(NodeId leader, LeaderEpoch epoch) {
  QuorumState state{.leader_id = leader, .leader_epoch = epoch};
  state.data_version = voters_.empty() ? 0 : 1;
  LEAT_CHECK(store_quorum_state(volume_, options_.directory, state, ids_of(voters_, leader)));
  std::lock_guard lock(log_mutex_);
  epoch_ = epoch;
  return {};
}

LeaderEpoch MetadataLog::last_epoch() const {
  std::lock_guard lock(log_mutex_);
  if (const auto latest = log_->leader_epochs().latest()) return *latest;
  return snapshot_ ? snapshot_->epoch : 0;
}

Result<void> MetadataLog::append_fetched(Bytes batches) {
  LEAT_TRY(const Bytes usable, record::usable_batches(batches, epoch_));
  std::lock_guard lock(log_mutex_);
  return usable.empty() ? Result<void>() : log_->append(usable);
}

Result<void> MetadataLog::truncate(const log::EpochEnd& leaders) {
  std::lock_guard lock(log_mutex_);
  const log::EpochEnd own = log_->leader_epochs().end_of(leaders.epoch, log_->log_end());
  Offset to = own.epoch == no_epoch ? log_->log_start() : own.end;
  if (own.epoch == leaders.epoch) to = std::min(to, leaders.end);
  if (to < committed_)
    return Error{Errc::corrupt, options_.directory + ": the leader wants offsets from " + std::to_string(to) +
                                    " dropped, and all below " + std::to_string(committed_) + " were committed"};
  return to < log_->log_end() ? log_->truncate_to(to) : Result<void>();
}

Result<void> MetadataLog::restart_with(const SnapshotId& id) {
  std::lock_guard lock(log_mutex_);
  LEAT_CHECK(log_->restart_at(id.end));
  snapshot_ = id;
  replayed_.reset();
  committed_ = id.end;
  return {};
}

Result<Offset> MetadataLog::append(const std::vector<std::vector<std::byte>>& values) {
  std::lock_guard lock(log_mutex_);
  LEAT_TRY(const auto batch, data_batch({log_->log_end(), epoch_, clock_.wall_ms()}, values));
  LEAT_CHECK(log_->append(Bytes(batch)));
  return log_->log_end() - 1;
}

void MetadataLog::synced(Offset end, const Result<void>& result) {
  std::lock_guard lock(log_mutex_);
  if (result)
    log_->mark_durable(end);
  else
    log_->fail(result.error());
}

void MetadataLog::sync(std::function<void(Result<void>)> done) {
  std::unique_lock lock(log_mutex_);
  const Offset end = log_->log_end();
  auto files = log_->unsynced_files();
  lock.unlock();
  volume_.sync(std::move(files), [this, end, done = std::move(done)](Result<void> result) {
    synced(end, result);
    done(std::move(result));
  });
}

Result<void> MetadataLog::sync_now() {
  const Offset end = log_->log_end();
  Result<void> result;
  if (topic_id_file_) result = std::exchange(topic_id_file_, nullptr)->sync();
  for (const auto& file : log_->unsynced_files())
    if (result) result = file->sync();
  synced(end, result);
  return result;
}

Result<void> MetadataLog::close() {
  LEAT_CHECK(sync_now());
  return log_->close();
}

}  // namespace leat::quorum
