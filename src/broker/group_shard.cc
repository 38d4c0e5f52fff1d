#include "broker/group_shard.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/errors.h"

namespace leat::broker {
namespace {

/// When the log takes nothing, deadlines wait this long for it.
constexpr auto refused_pause = std::chrono::seconds(1);

/// What a client is told when the log did not take, or did not commit, what its request decided (I27).
Errc after_failed_write(Errc error) {
  switch (error) {
    case Errc::unknown_topic_or_partition:
    case Errc::not_enough_replicas:
    case Errc::not_enough_replicas_after_append:
    case Errc::request_timed_out: return Errc::coordinator_not_available;
    case Errc::not_leader_or_follower:
    case Errc::kafka_storage_error: return Errc::not_coordinator;
    default: return Errc::unknown_server_error;
  }
}

bool may_write(const group::Event& event) {
  return !std::holds_alternative<group::Heartbeat>(event) && !std::holds_alternative<group::FetchOffsets>(event) &&
         !std::holds_alternative<group::ListGroups>(event) && !std::holds_alternative<group::DescribeGroup>(event);
}

void set_ticket(group::Event& event, group::Ticket ticket) {
  std::visit(
      [&](auto& one) {
        if constexpr (requires { one.asker; }) one.asker.ticket = ticket;
      },
      event);
}

}  // namespace

GroupShard::GroupShard(const Environment& environment, const Options& options,
                       std::shared_ptr<replication::Partition> partition)
    : environment_(environment),
      options_(options),
      partition_(std::move(partition)),
      leader_epoch_(partition_->state().leader_epoch) {}

group::Now GroupShard::now() const { return {environment_.executor.now(), environment_.clock.wall_ms()}; }

void GroupShard::load() {
  GroupReplay::start(environment_, partition_, options_.settings, options_.load_buffer_size,
                     [weak = weak_from_this()](Result<GroupReplay::Outcome> outcome) {
                       if (auto self = weak.lock()) self->loaded(std::move(outcome));
                     });
}

void GroupShard::loaded(Result<GroupReplay::Outcome> outcome) {
  const bool failed = !outcome;
  if (failed) {
    environment_.diagnostics.say(LogLevel::error, "the groups in " + partition_->id().to_string() +
                                                      " are not served: " + outcome.error().to_string());
  } else {
    coordinator_ = std::move(outcome->coordinator);
    coordinator_->begin(now());
    written_end_ = outcome->end;
    if (outcome->records > 0)
      environment_.diagnostics.say(LogLevel::info, partition_->id().to_string() + ": " +
                                                       std::to_string(coordinator_->group_count()) +
                                                       " groups from " + std::to_string(outcome->records) +
                                                       " records");
  }
  {
    std::lock_guard lock(mutex_);
    if (phase_ == Phase::loading) phase_ = failed ? Phase::over : Phase::active;
  }
  run();
}

void GroupShard::submit(group::Event event, Done done) {
  Errc refusal = Errc::none;
  {
    std::lock_guard lock(mutex_);
    if (phase_ == Phase::over) {
      refusal = Errc::not_coordinator;
    } else if (phase_ == Phase::loading && done) {
      refusal = Errc::coordinator_load_in_progress;
    } else {
      queue_.push_back({std::move(event), std::move(done)});
      if (std::exchange(is_running_, true)) return;
    }
  }
  if (refusal == Errc::none) run();
  else if (done) done(Error{refusal});
}

void GroupShard::submit(group::Event event) { submit(std::move(event), nullptr); }

void GroupShard::unload() {
  {
    std::lock_guard lock(mutex_);
    phase_ = Phase::over;
    environment_.executor.cancel(std::exchange(timer_, TimerId::none));
    if (std::exchange(is_running_, true)) return;
  }
  run();
}

void GroupShard::run() {
  const FatalScope fatal(environment_.on_fatal);
  std::vector<Incoming> events;
  for (;;) {
    events.clear();
    Phase phase;
    {
      std::lock_guard lock(mutex_);
      phase = phase_;
      events.swap(queue_);
      if (phase == Phase::active && events.empty()) {
        is_running_ = false;
        return arm_timer(coordinator_->next_deadline());
      }
    }
    if (phase == Phase::over) break;
    if (!process(std::move(events))) return;
  }
  for (Incoming& incoming : events)
    if (incoming.done) incoming.done(Error{Errc::not_coordinator});
  refuse_waiting(Errc::not_coordinator);
  coordinator_.reset();
}

bool GroupShard::process(std::vector<Incoming> events) {
  // Asked before any step, so that nothing is decided that cannot be written.
  const Errc refusal = partition_->can_append(-1);
  was_refused_ = refusal != Errc::none;
  Errc failure = Errc::none;
  for (Incoming& incoming : events) {
    if (failure != Errc::none || (was_refused_ && may_write(incoming.event))) {
      if (incoming.done) incoming.done(Error{after_failed_write(failure != Errc::none ? failure : refusal)});
      continue;
    }
    failure = take(std::move(incoming));
  }
  if (failure == Errc::none) failure = append_batch();
  if (failure != Errc::none) {
    start_over(failure);
    return false;
  }
  deliver();
  return true;
}

Errc GroupShard::take(Incoming incoming) {
  if (incoming.done) {
    set_ticket(incoming.event, ++last_ticket_);
    waiting_.emplace(last_ticket_, std::move(incoming.done));
  }
  const group::Now at = now();
  group::Actions actions = coordinator_->step(std::move(incoming.event), at);
  for (const group::Record& record : actions.records)
    if (Errc error = write(record, at.wall); error != Errc::none) return error;
  for (group::Answer& answer : actions.answers) {
    auto asked = waiting_.extract(answer.ticket);
    LEAT_ASSERT(!asked.empty(), "a request was answered twice");
    ready_.push_back({std::move(asked.mapped()), std::move(answer.body)});
  }
  return Errc::none;
}

Errc GroupShard::write(const group::Record& record, TimestampMs now) {
  auto encoded = group::encode(record);
  if (!encoded) return Errc::unknown_server_error;
  const Bytes key(encoded->key);
  const Bytes value = encoded->value ? Bytes(*encoded->value) : Bytes();
  const auto limit = static_cast<std::size_t>(partition_->config()->max_message_bytes);
  if (!batch_.empty() && batch_.size_with(now, key, value) > limit)
    if (Errc error = append_batch(); error != Errc::none) return error;
  batch_.append(now, key, value);
  return Errc::none;
}

Errc GroupShard::append_batch() {
  if (batch_.empty()) return Errc::none;
  const TimestampMs max_timestamp = batch_.max_timestamp();
  auto bytes = batch_.build(options_.codec);
  if (!bytes) return bytes.error().code;
  auto view = record::BatchView::parse(*bytes);
  if (!view) return view.error().code;
  const auto appended = partition_->append(*bytes, {.batch = *view, .max_timestamp = max_timestamp}, -1);
  if (appended.error == Errc::none) written_end_ = appended.end;
  return appended.error;
}

void GroupShard::deliver() {
  if (ready_.empty()) return;
  auto committed = [answers = std::make_shared<std::vector<Outgoing>>(std::exchange(ready_, {}))](Errc outcome) {
    for (Outgoing& answer : *answers) {
      if (outcome == Errc::none) answer.done(std::move(answer.body));
      else answer.done(Error{after_failed_write(outcome)});
    }
  };
  if (const auto known = partition_->wait_for(written_end_, -1, committed)) committed(*known);
}

void GroupShard::start_over(Errc why) {
  environment_.diagnostics.say(LogLevel::warning, "writing to " + partition_->id().to_string() +
                                                      " failed, its groups are read again: " + Error{why}.to_string());
  std::vector<Incoming> queued;
  bool is_over;
  {
    std::lock_guard lock(mutex_);
    is_over = phase_ == Phase::over;
    if (!is_over) {
      phase_ = Phase::loading;
      std::vector<Incoming> own;
      for (Incoming& incoming : queue_) (incoming.done ? queued : own).push_back(std::move(incoming));
      queue_ = std::move(own);
    }
  }
  const Errc code = after_failed_write(why);
  for (Incoming& incoming : queued) incoming.done(Error{code});
  for (Outgoing& answer : std::exchange(ready_, {})) answer.done(Error{code});
  refuse_waiting(code);
  coordinator_.reset();
  batch_.reset({});
  environment_.executor.post([weak = weak_from_this(), is_over] {
    auto self = weak.lock();
    if (!self) return;
    if (is_over) self->run();
    else self->load();
  });
}

void GroupShard::refuse_waiting(Errc code) {
  std::map<group::Ticket, Done> in_order;
  for (auto& [ticket, done] : std::exchange(waiting_, {})) in_order.emplace(ticket, std::move(done));
  for (auto& [ticket, done] : in_order) done(Error{code});
}

/// Under the lock. A timer that is due no later does as well: a Tick that comes early does nothing.
void GroupShard::arm_timer(Instant due) {
  if (was_refused_) due = std::max(due, environment_.executor.now() + refused_pause);
  if (due >= timer_due_) return;
  if (timer_ != TimerId::none) environment_.executor.cancel(timer_);
  timer_due_ = due;
  timer_ = environment_.executor.at(due, [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self) return;
    {
      std::lock_guard lock(self->mutex_);
      self->timer_ = TimerId::none;
      self->timer_due_ = Instant::max();
    }
    self->submit(group::Tick{});
  });
}

}  // namespace leat::broker
