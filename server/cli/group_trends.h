#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "group_report.h"

namespace leat::cli {

/// How a partition's lag changes, over the last reports.
struct PartitionTrend {
  double arriving = 0;  ///< records a second
  double consumed = 0;

  /// Until nothing is left, if both go on as they do. Nothing: never.
  std::optional<std::chrono::seconds> catch_up(std::int64_t lag) const;
};

/// What reports of one group say together: how fast, and why it is behind. Without a clock: reports carry their time.
class GroupTrends {
 public:
  /// Reports of the last `window` count; who has records before it and commits nothing for `silence` has stopped.
  GroupTrends(std::chrono::nanoseconds window, std::chrono::nanoseconds silence) : window_(window), silence_(silence) {}

  void add(GroupReport report);
  /// Expects that one was added.
  const GroupReport& now() const { return reports_.back(); }
  /// Nothing until two reports have both its offsets.
  std::optional<PartitionTrend> of(const GroupPartition& partition) const;
  /// In one sentence, why the group is behind, or that it is not.
  std::string why() const;

 private:
  using Chosen = std::vector<const GroupPartition*>;
  std::string behind(std::int64_t lag) const;
  std::string silent_member() const;
  std::string most_of_it(std::int64_t lag) const;
  Chosen lagging(bool held) const;

  struct Commit {
    std::int64_t offset = 0;
    /// It was made, or there was nothing more to commit.
    std::chrono::steady_clock::time_point since;
  };
  const std::chrono::nanoseconds window_, silence_;
  std::deque<GroupReport> reports_;
  std::map<TopicPartition, Commit> commits_;
};

/// "40 s", "5 min", "3 h", "2 days"
std::string duration_text(std::chrono::seconds duration);
/// "0", "0.4", "1200"
std::string rate_text(double per_second);

}  // namespace leat::cli
