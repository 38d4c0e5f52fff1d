#include "broker/fetch_sessions.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace leat::broker {
namespace {

constexpr std::int32_t final_epoch = -1;   // closes the session, or never makes one
constexpr std::int32_t initial_epoch = 0;  // wants a new one
constexpr std::int16_t first_version_with_topic_ids = 13;
/// A session unused for so long may lose its slot to any new one; one so old, to a new one that is worth more.
constexpr auto stale_after = std::chrono::minutes(2);

std::int32_t next_epoch(std::int32_t epoch) {
  return epoch == std::numeric_limits<std::int32_t>::max() ? 1 : epoch + 1;
}

std::size_t partition_count(const protocol::FetchRequest& request) {
  std::size_t count = 0;
  for (const auto& topic : request.topics) count += topic.partitions.size();
  return count;
}

}  // namespace

std::optional<FetchingReplica> fetching_replica(const protocol::FetchRequest& request, std::int16_t version) {
  constexpr std::int16_t first_version_with_state = 15;
  const FetchingReplica replica =
      version >= first_version_with_state
          ? FetchingReplica{request.replica_state.replica_id, request.replica_state.replica_epoch}
          : FetchingReplica{request.replica_id, -1};
  return replica.id >= 0 ? std::optional(replica) : std::nullopt;
}

Result<FetchSessions::Opened> FetchSessions::open(const protocol::FetchRequest& request, std::int16_t version,
                                                  Instant now) {
  const bool uses_topic_ids = version >= first_version_with_topic_ids;
  // What is dropped dies after the lock is released: a session's end takes partitions' locks.
  std::shared_ptr<FetchSession> session, replaced, evicted;
  const bool is_full = request.session_epoch == final_epoch || request.session_epoch == initial_epoch;
  {
    std::lock_guard lock(mutex_);
    if (is_full) {
      if (auto old = sessions_.find(request.session_id); old != sessions_.end()) {
        replaced = std::move(old->second.session);
        sessions_.erase(old);
      }
      const bool wants_one = version >= 7 && request.session_epoch == initial_epoch;
      Slot slot{.last_used = now,
                .created = now,
                .is_follower = fetching_replica(request, version).has_value(),
                .partitions = partition_count(request)};
      const bool gets_one = wants_one && slot.partitions > 0 && make_room(slot, now, evicted);
      session = slot.session = std::make_shared<FetchSession>(
          gets_one ? fresh_id() : 0, uses_topic_ids,
          slot.is_follower ? replication::Partition::Interest::appended : replication::Partition::Interest::committed);
      if (gets_one) sessions_[session->id()] = std::move(slot);
      session->begin();
    } else {
      auto found = sessions_.find(request.session_id);
      if (found == sessions_.end()) return Error{Errc::fetch_session_id_not_found, {}};
      Slot& slot = found->second;
      if (slot.session->uses_topic_ids() != uses_topic_ids)
        return Error{Errc::fetch_session_topic_id_error, {}};
      if (slot.next_epoch != request.session_epoch || !slot.session->begin())
        return Error{Errc::invalid_fetch_session_epoch, {}};
      slot.next_epoch = next_epoch(slot.next_epoch);
      slot.last_used = now;
      session = slot.session;
    }
  }
  session->update(request);
  return Opened{.session = std::move(session), .is_incremental = !is_full};
}

bool FetchSessions::make_room(const Slot& wanted, Instant now, std::shared_ptr<FetchSession>& evicted) {
  if (sessions_.size() < slots_) return true;
  if (sessions_.empty()) return false;
  auto victim = std::ranges::min_element(sessions_, {}, [](const auto& entry) { return entry.second.last_used; });
  if (now - victim->second.last_used < stale_after) {
    // A follower pushes a consumer out at any age.
    const auto may_go = [&](const Slot& slot) {
      return now - slot.created >= stale_after || (wanted.is_follower && !slot.is_follower);
    };
    victim = std::ranges::min_element(sessions_, {}, [&](const auto& entry) {
      return std::pair(!may_go(entry.second), entry.second.worth());
    });
    if (!may_go(victim->second) || wanted.worth() <= victim->second.worth()) return false;
  }
  evicted = std::move(victim->second.session);
  sessions_.erase(victim);
  return true;
}

std::int32_t FetchSessions::fresh_id() {
  for (;;) {
    const auto id = static_cast<std::int32_t>(entropy_.next() & 0x7fffffff);
    if (id != 0 && !sessions_.contains(id)) return id;
  }
}

std::int32_t FetchSessions::close(const FetchSession& session) {
  std::shared_ptr<FetchSession> dropped;  // dies after the lock is released
  std::lock_guard lock(mutex_);
  auto found = sessions_.find(session.id());
  if (found == sessions_.end() || found->second.session.get() != &session) return 0;
  found->second.session->end();
  found->second.partitions = session.size();
  if (found->second.partitions > 0) return session.id();
  dropped = std::move(found->second.session);
  sessions_.erase(found);
  return 0;
}

std::size_t FetchSessions::size() const {
  std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace leat::broker
