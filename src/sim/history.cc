#include "sim/history.h"

#include <algorithm>

#include "base/assert.h"

namespace leat::sim {
namespace {

std::string at(const TopicPartition& partition, Offset offset) {
  return partition.to_string() + " at offset " + std::to_string(offset);
}

}  // namespace

History::WriteId History::sent(const std::string& producer, Kind kind, const TopicPartition& partition,
                               const std::string& value) {
  writes_.push_back({producer, kind, partition, value});
  return writes_.size() - 1;
}

void History::acknowledged(WriteId write, Offset offset) {
  LEAT_ASSERT(writes_.at(write).fate == Fate::unknown, "a write is answered once");
  writes_[write].fate = Fate::acknowledged;
  writes_[write].offset = offset;
  ++acknowledged_;
}

void History::refused(WriteId write) {
  LEAT_ASSERT(writes_.at(write).fate == Fate::unknown, "a write is answered once");
  writes_[write].fate = Fate::refused;
}

void History::read(const std::string& consumer, const TopicPartition& partition, Offset offset,
                   const std::string& value) {
  Offset& next = next_[{consumer, partition}];
  if (offset < next)
    say("H5 backwards: " + consumer + " reads " + at(partition, offset) + " and expected " + std::to_string(next) +
        " or more");
  next = offset + 1;
  sightings_.push_back({consumer, partition, offset, value});
}

void History::moved(const std::string& consumer, const TopicPartition& partition, Offset offset) {
  next_[{consumer, partition}] = offset;
}

void History::end_seen(const TopicPartition& partition, Offset end) {
  Offset& last = ends_[partition];
  if (end < last)
    say("H5 backwards: the end of " + partition.to_string() + " was " + std::to_string(last) + " and is " +
        std::to_string(end));
  last = std::max(last, end);
}

/// The logs as they are in the end against what was seen of them.
class History::Judge {
 public:
  Judge(const History& history, const std::map<TopicPartition, Log>& logs,
        const std::map<TopicPartition, Offset>& starts)
      : history_(history), logs_(logs), starts_(starts) {}

  std::vector<std::string> run() {
    for (const auto& [partition, log] : logs_) index(partition, log);
    for (const Write& write : history_.writes_) judge(write);
    for (const Sighting& seen : history_.sightings_)
      expect("H3 gone: what " + seen.who + " read in ", seen.partition, seen.offset, seen.value);
    judge_order();
    judge_origins();
    return std::move(faults_);
  }

 private:
  using Place = std::pair<TopicPartition, Offset>;

  void index(const TopicPartition& partition, const Log& log) {
    for (const auto& [offset, value] : log) places_[value].push_back({partition, offset});
  }

  bool is_deleted(const TopicPartition& partition, Offset offset) const {
    const auto start = starts_.find(partition);
    return start != starts_.end() && offset < start->second;
  }

  /// `value` was told to be there: H4 where another is, `what` where nothing is.
  void expect(const std::string& what, const TopicPartition& partition, Offset offset, const std::string& value) {
    const auto [known, is_first] = values_.try_emplace({partition, offset}, value);
    if (!is_first && known->second != value)
      faults_.push_back("H4 two values: " + at(partition, offset) + " was " + known->second + " to one and " + value +
                        " to another");
    if (is_deleted(partition, offset)) return;
    const auto log = logs_.find(partition);
    const auto found = log == logs_.end() ? Log::const_iterator{} : log->second.find(offset);
    if (log == logs_.end() || found == log->second.end())
      faults_.push_back(what + at(partition, offset) + ", " + value + ", is not there");
    else if (found->second != value)
      faults_.push_back("H4 two values: " + at(partition, offset) + " was " + value + " and is " + found->second);
  }

  void judge(const Write& write) {
    const auto found = places_.find(write.value);
    const auto places = found == places_.end() ? std::vector<Place>{} : found->second;
    if (write.fate == Fate::acknowledged) expect("H1 lost: ", write.partition, write.offset, write.value);
    if (write.fate == Fate::refused && !places.empty())
      faults_.push_back("H7 invented: " + write.value + " was refused, and is in " +
                        at(places.front().first, places.front().second));
    if (write.kind == Kind::idempotent && places.size() > 1)
      faults_.push_back("H2 twice: " + write.value + " is in " + at(places[0].first, places[0].second) + " and in " +
                        at(places[1].first, places[1].second));
    known_.insert({write.value, &write});
  }

  void judge_order() {
    std::map<std::pair<std::string, TopicPartition>, std::pair<Offset, const Write*>> last;
    for (const Write& write : history_.writes_) {
      const auto found = places_.find(write.value);
      if (write.kind != Kind::idempotent || found == places_.end()) continue;
      auto& [offset, before] = last[{write.producer, write.partition}];
      const Offset here = found->second.front().second;
      if (before && here < offset)
        faults_.push_back("H6 order: " + write.value + " is in " + at(write.partition, here) + ", " + before->value +
                          ", which was sent before it, at " + std::to_string(offset));
      offset = here;
      before = &write;
    }
  }

  void judge_origins() {
    for (const auto& [value, places] : places_) {
      const auto write = known_.find(value);
      if (write == known_.end() || write->second->partition != places.front().first)
        faults_.push_back("H7 invented: nobody sent " + value + " to " + at(places.front().first, places.front().second));
    }
  }

  const History& history_;
  const std::map<TopicPartition, Log>& logs_;
  const std::map<TopicPartition, Offset>& starts_;
  std::map<std::string, std::vector<Place>> places_;
  std::map<Place, std::string> values_;  // as they were told first
  std::map<std::string, const Write*> known_;
  std::vector<std::string> faults_;
};

std::vector<std::string> History::faults(const std::map<TopicPartition, Log>& logs,
                                         const std::map<TopicPartition, Offset>& starts) const {
  std::vector<std::string> all = seen_faults_;
  std::vector<std::string> judged = Judge(*this, logs, starts).run();
  all.insert(all.end(), std::make_move_iterator(judged.begin()), std::make_move_iterator(judged.end()));
  return all;
}

}  // namespace leat::sim
