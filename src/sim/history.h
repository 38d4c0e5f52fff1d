#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/types.h"

namespace leat::sim {

/// What clients of a cluster saw, in the order in which they saw it, and whether a log that keeps its promises could have
/// shown it to them.
///
///   H1 lost: what was acknowledged is in the log, where the acknowledgement said
///   H2 twice: a record of an idempotent producer is in the log once
///   H3 gone: what a consumer has read stays where it was
///   H4 two values: an offset never has two values, for nobody
///   H5 backwards: a consumer's offsets rise, and the end of a partition never falls
///   H6 order: an idempotent producer's records of a partition are in the log in the order of sending
///   H7 invented: only what was sent is in the log, and nothing that was refused for certain
///
/// One thread. Values must be unique among all records sent.
class History {
 public:
  using WriteId = std::size_t;
  enum class Kind { plain, idempotent };

  /// In the order in which the producer sends them.
  WriteId sent(const std::string& producer, Kind kind, const TopicPartition& partition, const std::string& value);
  void acknowledged(WriteId write, Offset offset);
  /// The answer says that it was not written. A write without any answer may be there or not.
  void refused(WriteId write);

  void read(const std::string& consumer, const TopicPartition& partition, Offset offset, const std::string& value);
  /// The consumer goes to `offset`: what it reads next may lie below what it has read.
  void moved(const std::string& consumer, const TopicPartition& partition, Offset offset);
  /// A client was told the end of the partition (ListOffsets, latest).
  void end_seen(const TopicPartition& partition, Offset end);

  std::size_t acknowledged_writes() const { return acknowledged_; }

  /// What a partition holds when all is over.
  using Log = std::map<Offset, std::string>;
  /// What is wrong, as sentences that begin with the rule; none for a log that kept its promises. `starts`: offsets below
  /// were deleted on purpose, and are not missed.
  std::vector<std::string> faults(const std::map<TopicPartition, Log>& logs,
                                  const std::map<TopicPartition, Offset>& starts = {}) const;

 private:
  enum class Fate { unknown, acknowledged, refused };
  struct Write {
    std::string producer;
    Kind kind;
    TopicPartition partition;
    std::string value;
    Fate fate = Fate::unknown;
    Offset offset = no_offset;
  };
  struct Sighting {
    std::string who;
    TopicPartition partition;
    Offset offset;
    std::string value;
  };
  class Judge;

  void say(std::string fault) { seen_faults_.push_back(std::move(fault)); }

  std::vector<Write> writes_;
  std::vector<Sighting> sightings_;
  std::map<std::pair<std::string, TopicPartition>, Offset> next_;  // what a consumer may read from on
  std::map<TopicPartition, Offset> ends_;
  std::vector<std::string> seen_faults_;  // those that need no log to be told
  std::size_t acknowledged_ = 0;
};

}  // namespace leat::sim
