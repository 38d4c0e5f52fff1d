#include "broker/group_replay.h"

#include "base/errors.h"
#include "record/control_record.h"
#include "record/record_reader.h"

namespace leat::broker {

void GroupReplay::start(const Environment& environment, std::shared_ptr<replication::Partition> partition,
                        const group::Settings& settings, std::size_t buffer_size, Done done) {
  std::shared_ptr<GroupReplay> replay(
      new GroupReplay(environment, std::move(partition), settings, buffer_size, std::move(done)));
  if (replay->at_ == replay->outcome_.end) return replay->finish();
  replay->wait_until_committed();
}

GroupReplay::GroupReplay(const Environment& environment, std::shared_ptr<replication::Partition> partition,
                         const group::Settings& settings, std::size_t buffer_size, Done done)
    : environment_(environment),
      partition_(std::move(partition)),
      buffer_size_(buffer_size),
      done_(std::move(done)),
      outcome_{.coordinator = std::make_unique<group::Coordinator>(settings), .end = partition_->log_end()},
      at_(partition_->log_start()) {}

/// A new leader first has to know that what its log ends with is committed.
void GroupReplay::wait_until_committed() {
  auto committed = [self = shared_from_this()](Errc outcome) {
    if (outcome != Errc::none) return self->done_(Error{outcome});
    self->next_buffer();
  };
  if (const auto known = partition_->wait_for(outcome_.end, -1, committed)) committed(*known);
}

void GroupReplay::next_buffer() {
  environment_.blocking.post([self = shared_from_this()] {
    const FatalScope fatal(self->environment_.on_fatal);
    if (auto read = self->read_buffer(); !read) return self->done_(read.error());
    if (self->at_ < self->outcome_.end) return self->next_buffer();
    self->finish();
  });
}

Result<void> GroupReplay::read_buffer() {
  const auto read = partition_->read({.from = at_, .max_bytes = buffer_size_, .at_least_one_batch = true});
  if (read.error != Errc::none) return Error{read.error};
  if (read.range.next <= at_)
    return Error{Errc::corrupt, partition_->id().to_string() + " ends at " + std::to_string(at_) + " before its end"};
  LEAT_TRY(const Payload bytes, Payload::of(read.range.slices).in_memory());
  for (record::BatchCursor cursor(bytes.memory());;) {
    LEAT_TRY(const auto batch, cursor.next());
    if (!batch) break;
    if (auto taken = take(*batch); !taken)
      return wrap(taken.error(),
                  partition_->id().to_string() + ", batch at " + std::to_string(batch->base_offset()));
  }
  at_ = read.range.next;
  return {};
}

Result<void> GroupReplay::take(const record::BatchView& batch) {
  if (batch.is_control()) return end_transaction(batch);
  LEAT_TRY(auto reader, record::RecordReader::open(batch, scratch_));
  for (record::RecordView one;;) {
    LEAT_TRY(const bool more, reader.next(one));
    if (!more) return {};
    if (one.offset < at_) continue;
    auto record = group::decode(one.key, one.value);
    if (!record) return wrap(record.error(), "record at offset " + std::to_string(one.offset));
    ++outcome_.records;
    if (!*record) continue;
    if (batch.is_transactional()) pending_[batch.producer_id()].push_back(std::move(**record));
    else outcome_.coordinator->apply(**record);
  }
}

Result<void> GroupReplay::end_transaction(const record::BatchView& batch) {
  LEAT_TRY(auto reader, record::RecordReader::open(batch, scratch_));
  record::RecordView marker;
  LEAT_TRY(const bool is_there, reader.next(marker));
  if (!is_there) return {};  // an empty batch that compaction left
  LEAT_TRY(const auto type, record::control_type(marker.key));
  auto ended = pending_.extract(batch.producer_id());
  if (ended && type == record::ControlType::commit)
    for (const group::Record& record : ended.mapped()) outcome_.coordinator->apply(record);
  return {};
}

void GroupReplay::finish() { done_(std::move(outcome_)); }

}  // namespace leat::broker
