#include "group_trends.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "rate.h"
#include "table.h"

namespace leat::cli {
namespace {

double seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

const GroupPartition* find(const GroupReport& report, const TopicPartition& id) {
  const auto at = std::ranges::lower_bound(report.partitions, id, {}, &GroupPartition::id);
  return at != report.partitions.end() && at->id == id ? &*at : nullptr;
}

std::string names(const std::vector<const GroupPartition*>& partitions) {
  constexpr std::size_t shown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown, partitions.size()); ++i)
    text += (i == 0 ? "" : ", ") + partitions[i]->id.to_string();
  if (partitions.size() > shown) text += " and " + std::to_string(partitions.size() - shown) + " more";
  return text;
}

std::string waiting(std::int64_t lag) { return counted(lag, "record") + (lag == 1 ? " waits" : " wait"); }

std::int64_t sum(const std::vector<const GroupPartition*>& partitions) {
  std::int64_t lag = 0;
  for (const GroupPartition* partition : partitions) lag += partition->lag().value_or(0);
  return lag;
}

bool is_rebalancing(const std::string& state) { return state == "PreparingRebalance" || state == "CompletingRebalance"; }

}  // namespace

std::optional<std::chrono::seconds> PartitionTrend::catch_up(std::int64_t lag) const {
  constexpr double slow = 0.01;  // records a second; below that it is noise
  constexpr double longest = 10 * 365 * 86'400.0;
  const double gain = consumed - arriving;
  if (gain < slow || static_cast<double>(lag) / gain > longest) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(std::ceil(static_cast<double>(lag) / gain)));
}

void GroupTrends::add(GroupReport report) {
  for (const GroupPartition& partition : report.partitions) {
    if (!partition.committed) continue;
    const auto [at, is_new] = commits_.try_emplace(partition.id, Commit{partition.committed->offset, report.taken});
    if (!is_new && (at->second.offset != partition.committed->offset || partition.lag() == 0))
      at->second = {partition.committed->offset, report.taken};
  }
  reports_.push_back(std::move(report));
  // The second keeps the span at least as long as the window.
  while (reports_.size() > 2 && now().taken - reports_[1].taken >= window_) reports_.pop_front();
}

std::optional<PartitionTrend> GroupTrends::of(const GroupPartition& partition) const {
  if (!partition.committed || !partition.end) return std::nullopt;
  const GroupPartition* first = nullptr;
  const GroupReport* first_report = nullptr;
  // Backwards, up to where somebody set the offset back or the topic was made anew.
  std::int64_t offset = partition.committed->offset, end = *partition.end;
  for (auto report = reports_.rbegin() + 1; report < reports_.rend(); ++report) {
    const GroupPartition* before = find(*report, partition.id);
    if (!before || !before->committed || !before->end || before->committed->offset > offset || *before->end > end) break;
    first = before;
    first_report = &*report;
    offset = before->committed->offset;
    end = *before->end;
  }
  if (!first || now().taken <= first_report->taken) return std::nullopt;
  const double span = seconds(now().taken - first_report->taken);
  return PartitionTrend{.arriving = static_cast<double>(*partition.end - end) / span,
                        .consumed = static_cast<double>(partition.committed->offset - offset) / span};
}

GroupTrends::Chosen GroupTrends::lagging(bool held) const {
  Chosen chosen;
  for (const GroupPartition& partition : now().partitions)
    if (partition.lag().value_or(0) > 0 && partition.member.has_value() == held) chosen.push_back(&partition);
  std::ranges::sort(chosen, {}, [](const GroupPartition* p) { return std::tuple(-*p->lag(), p->id); });
  return chosen;
}

std::string GroupTrends::why() const {
  const GroupReport& report = now();
  const std::int64_t lag = report.lag();
  if (report.group.members.empty())
    return "Nobody reads: the group has no members" + (lag == 0 ? std::string() : ", and " + waiting(lag)) + ".";
  if (is_rebalancing(report.group.state))
    return "The group is rebalancing: its members share the partitions out anew, and " +
           (lag == 0 ? std::string("nothing waits") : waiting(lag)) + " meanwhile.";
  if (const Chosen unheld = lagging(false); !unheld.empty())
    return "No member holds " + names(unheld) + ", where " + waiting(sum(unheld)) + ".";
  if (lag > 0) return behind(lag);
  const auto without = std::ranges::count_if(report.partitions, [](const GroupPartition& p) {
    return !p.committed && p.end.value_or(0) > p.start.value_or(0);
  });
  if (without > 0)
    return "Nothing is committed yet for " + counted(without, "partition") + " with records; where it is, nothing is behind.";
  return "Nothing is behind: all records up to the ends are committed.";
}

std::string GroupTrends::behind(std::int64_t lag) const {
  if (auto silent = silent_member(); !silent.empty()) return silent;
  double arriving = 0, consumed = 0;
  bool is_known = false;
  for (const GroupPartition& partition : now().partitions)
    if (const auto trend = of(partition)) {
      is_known = true;
      arriving += trend->arriving;
      consumed += trend->consumed;
    }
  if (!is_known) return waiting(lag) + most_of_it(lag) + "; the next look tells how that changes.";
  const std::string rates = rate_text(arriving) + " records/s arrive and " + rate_text(consumed) + " are consumed";
  if (const auto left = PartitionTrend{.arriving = arriving, .consumed = consumed}.catch_up(lag))
    return "Catching up: " + rates + "; " + waiting(lag) + most_of_it(lag) + ", gone in about " + duration_text(*left) + ".";
  const bool grows = arriving > consumed;
  return std::string(grows ? "Falling behind: " : "Not catching up: ") + rates + "; " + waiting(lag) + most_of_it(lag) + ".";
}

/// The one with most before it, of those that hold partitions with lag and have committed in none of these for long.
std::string GroupTrends::silent_member() const {
  std::map<std::size_t, Chosen> by_member;
  for (const GroupPartition* partition : lagging(true)) by_member[*partition->member].push_back(partition);
  const Chosen* worst = nullptr;
  std::chrono::nanoseconds worst_still{};
  for (const auto& [member, held] : by_member) {
    auto still = std::chrono::nanoseconds::max();
    for (const GroupPartition* partition : held)
      still = std::min<std::chrono::nanoseconds>(still, now().taken - commits_.at(partition->id).since);
    if (still < silence_ || (worst && sum(held) <= sum(*worst))) continue;
    worst = &held;
    worst_still = still;
  }
  if (!worst) return {};
  return who(*now().holder(*worst->front())) + " has committed nothing for " +
         duration_text(std::chrono::duration_cast<std::chrono::seconds>(worst_still)) + ": it holds " + names(*worst) +
         ", where " + waiting(sum(*worst)) + ".";
}

std::string GroupTrends::most_of_it(std::int64_t lag) const {
  const Chosen held = lagging(true);
  if (held.empty()) return {};
  const GroupPartition& worst = *held.front();
  const std::string holder = worst.id.to_string() + ", held by " + who(*now().holder(worst));
  if (held.size() == 1) return " in " + holder;
  return ", " + fixed(static_cast<double>(*worst.lag()) / static_cast<double>(lag) * 100, 0) + "% of them in " + holder;
}

std::string duration_text(std::chrono::seconds duration) {
  const std::int64_t s = duration.count();
  constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour;
  if (s < 2 * minute) return std::to_string(s) + " s";
  if (s < 2 * hour) return std::to_string(s / minute) + " min";
  if (s < 2 * day) return std::to_string(s / hour) + " h";
  return std::to_string(s / day) + " days";
}

std::string rate_text(double per_second) {
  const double rounded = std::max(0.0, per_second);
  return fixed(rounded, rounded > 0 && rounded < 10 ? 1 : 0);
}

}  // namespace leat::cli
