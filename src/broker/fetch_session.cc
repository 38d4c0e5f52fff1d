#include "broker/fetch_session.h"

namespace leat::broker {

FetchSession::~FetchSession() {
  for (auto& [cookie, entry] : entries_) detach(*entry);
}

std::size_t FetchSession::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

void FetchSession::update(const protocol::FetchRequest& request) {
  for (const auto& topic : request.topics) {
    for (const auto& wanted : topic.partitions) {
      auto [at, is_new] = cookies_.try_emplace({topic.topic, topic.topic_id, wanted.partition}, 0);
      std::lock_guard lock(mutex_);
      if (is_new) {
        at->second = ++last_cookie_;
        auto entry = std::make_unique<Entry>();
        entry->cookie = at->second;
        entry->topic = topic.topic;
        entry->topic_id = topic.topic_id;
        entry->index = wanted.partition;
        entries_.emplace(at->second, std::move(entry));
      }
      Entry& entry = *entries_.at(at->second);
      entry.fetch_offset = wanted.fetch_offset;
      entry.max_bytes = wanted.partition_max_bytes;
      entry.current_leader_epoch = wanted.current_leader_epoch;
      entry.last_fetched_epoch = wanted.last_fetched_epoch;
      entry.log_start = wanted.log_start_offset;
      queue(entry);
    }
  }
  for (const auto& topic : request.forgotten_topics_data) {
    for (std::int32_t index : topic.partitions) {
      auto at = cookies_.find({topic.topic, topic.topic_id, index});
      if (at == cookies_.end()) continue;
      std::unique_ptr<Entry> dropped;
      {
        std::lock_guard lock(mutex_);
        auto found = entries_.find(at->second);
        dropped = std::move(found->second);
        entries_.erase(found);
      }
      detach(*dropped);
      cookies_.erase(at);
    }
  }
}

bool FetchSession::begin() {
  std::lock_guard lock(mutex_);
  return !std::exchange(running_, true);
}

void FetchSession::end() {
  std::lock_guard lock(mutex_);
  running_ = false;
}

std::vector<FetchSession::Entry*> FetchSession::take_ready() {
  std::lock_guard lock(mutex_);
  std::vector<Entry*> taken;
  taken.reserve(ready_.size());
  for (std::uint64_t cookie : ready_) {
    auto found = entries_.find(cookie);
    if (found == entries_.end()) continue;  // forgotten meanwhile
    found->second->is_ready = false;
    taken.push_back(found->second.get());
  }
  ready_.clear();
  return taken;
}

void FetchSession::queue(Entry& entry) {
  if (std::exchange(entry.is_ready, true)) return;
  ready_.push_back(entry.cookie);
}

void FetchSession::put_back(Entry& entry) {
  std::lock_guard lock(mutex_);
  queue(entry);
}

bool FetchSession::wait(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  if (!ready_.empty()) return false;
  wake_ = std::move(wake);
  return true;
}

void FetchSession::stop_waiting() {
  std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

void FetchSession::attach(Entry& entry, std::shared_ptr<replication::Partition> partition) {
  detach(entry);
  partition->watch(weak_from_this(), entry.cookie, interest_);
  entry.partition = std::move(partition);
}

void FetchSession::detach(Entry& entry) {
  if (entry.partition) entry.partition->unwatch(this, entry.cookie);
  entry.partition = nullptr;
}

void FetchSession::partition_changed(std::uint64_t cookie) {
  std::lock_guard lock(mutex_);
  auto found = entries_.find(cookie);
  if (found == entries_.end()) return;
  queue(*found->second);
  if (auto wake = std::exchange(wake_, nullptr)) wake();
}

}  // namespace leat::broker
