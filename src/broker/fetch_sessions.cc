#include "broker/fetch_sessions.h"

#include <chrono>
#include <limits>

namespace leat::broker {
namespace {

constexpr std::int32_t final_epoch = -1;   // closes the session, or never makes one
constexpr std::int32_t initial_epoch = 0;  // wants a new one
constexpr std::int16_t first_version_with_topic_ids = 13;
/// A session unused for longer may lose its slot to a new one.
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
      const bool gets_one = wants_one && partition_count(request) > 0 && make_room(now, evicted);
      session = std::make_shared<FetchSession>(gets_one ? fresh_id() : 0, uses_topic_ids);
      if (gets_one) sessions_[session->id()] = {.session = session, .last_used = now};
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

bool FetchSessions::make_room(Instant now, std::shared_ptr<FetchSession>& evicted) {
  if (sessions_.size() < slots_) return true;
  for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
    if (now - it->second.last_used < stale_after) continue;
    evicted = std::move(it->second.session);
    sessions_.erase(it);
    return true;
  }
  return false;
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
  if (session.size() > 0) return session.id();
  dropped = std::move(found->second.session);
  sessions_.erase(found);
  return 0;
}

std::size_t FetchSessions::size() const {
  std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace leat::broker
