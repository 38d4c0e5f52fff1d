#include "storage/sync_rounds.h"

#include <algorithm>
#include <utility>

namespace leat::storage {

struct SyncRounds::Core : std::enable_shared_from_this<Core> {
  explicit Core(io::Volume& volume_) : volume(volume_) {}

  struct Member {
    std::shared_ptr<Syncable> log;
    Syncable::Mark mark;
  };
  struct Round {
    std::vector<Member> members;
    std::size_t bytes = 0;
  };

  io::Volume& volume;
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<Syncable>> waiting;
  std::size_t waiting_bytes = 0;
  std::size_t round_bytes = 0;  ///< of rounds that have begun and whose logs have not been told yet
  bool is_running = false;
  std::vector<std::function<void()>> listeners;

  /// Takes all who wait into a round; `is_running` is set. Under no lock.
  void begin();
  /// Begins the next round, or lets the rounds rest.
  void go_on();
  void end(Round round, const Result<void>& outcome);
};

void SyncRounds::Core::begin() {
  std::vector<std::shared_ptr<Syncable>> logs;
  auto round = std::make_shared<Round>();
  {
    std::lock_guard lock(mutex);
    logs = std::exchange(waiting, {});
    round->bytes = std::exchange(waiting_bytes, 0);
    round_bytes += round->bytes;
  }
  std::vector<std::shared_ptr<io::File>> files;
  for (auto& log : logs) {
    auto pending = log->begin_sync();
    files.insert(files.end(), std::make_move_iterator(pending.files.begin()),
                 std::make_move_iterator(pending.files.end()));
    round->members.push_back({std::move(log), pending.mark});
  }
  volume.sync(std::move(files), [self = shared_from_this(), round](Result<void> outcome) {
    self->end(std::move(*round), outcome);
  });
}

void SyncRounds::Core::go_on() {
  {
    std::lock_guard lock(mutex);
    if (waiting.empty()) {
      is_running = false;
      return;
    }
  }
  begin();
}

void SyncRounds::Core::end(Round round, const Result<void>& outcome) {
  // The disk works on the next round while this one's logs are told. After a failure they are told first,
  // so that none of them is in another round.
  if (outcome) go_on();
  for (const Member& member : round.members) member.log->end_sync(member.mark, outcome);
  if (!outcome) go_on();
  std::vector<std::function<void()>> told;
  {
    std::lock_guard lock(mutex);
    round_bytes -= round.bytes;
    told = listeners;
  }
  for (const auto& listener : told) listener();
}

SyncRounds::SyncRounds(io::Volume& volume) : core_(std::make_shared<Core>(volume)) {}

void SyncRounds::request(std::shared_ptr<Syncable> log, std::size_t bytes) {
  {
    std::lock_guard lock(core_->mutex);
    core_->waiting_bytes += bytes;
    if (std::ranges::find(core_->waiting, log) == core_->waiting.end()) core_->waiting.push_back(std::move(log));
    if (std::exchange(core_->is_running, true)) return;
  }
  core_->begin();
}

std::size_t SyncRounds::unsynced_bytes() const {
  std::lock_guard lock(core_->mutex);
  return core_->waiting_bytes + core_->round_bytes;
}

void SyncRounds::on_round_end(std::function<void()> listener) {
  std::lock_guard lock(core_->mutex);
  core_->listeners.push_back(std::move(listener));
}

}  // namespace leat::storage
