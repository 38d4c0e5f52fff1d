#include <algorithm>
#include <deque>
#include <set>
#include <string_view>

#include "client/assignor.h"

namespace leat::client {
namespace {

/// The members as numbers, and who has what. Shares are even when no partition could go from a member to one with two
/// fewer, be it in several steps; who reads which topic decides whether a step can be made. (As a graph: a semi-matching
/// without a cost-reducing path, which is one of least cost; Harvey et al., "Semi-matchings for bipartite graphs".)
class Table {
 public:
  Table(const Members& members, const PartitionCounts& counts) {
    for (const auto& [id, member] : members) ids_.push_back(&id);
    shares_.resize(ids_.size());
    loads_.resize(ids_.size());
    std::size_t index = 0;
    for (const auto& [id, member] : members) {
      for (const std::string& topic : member.topics)
        if (counts.contains(topic)) readers_[topic].insert(index);
      ++index;
    }
    keep_owned(members, counts);
    place_the_rest(counts);
    while (even_out()) {
    }
  }

  Shares shares() const {
    Shares result;
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      auto& share = result[*ids_[i]];
      for (const auto& [topic, partitions] : shares_[i])
        for (const std::int32_t partition : partitions) share.push_back({topic, partition});
    }
    return result;
  }

 private:
  using Share = std::map<std::string, std::set<std::int32_t>>;

  void give(std::size_t member, const TopicPartition& partition) {
    shares_[member][partition.topic].insert(partition.partition);
    ++loads_[member];
  }

  /// A partition stays with who got it last; where two say that of one generation, with neither.
  void keep_owned(const Members& members, const PartitionCounts& counts) {
    struct Claim {
      std::int32_t generation;
      std::size_t member;
      bool is_contested;
    };
    std::map<TopicPartition, Claim> claims;
    std::size_t index = 0;
    for (const auto& [id, member] : members) {
      const std::set<TopicPartition> owned(member.owned.begin(), member.owned.end());
      for (const TopicPartition& partition : owned) {
        const auto [claim, is_first] = claims.try_emplace(partition, Claim{member.generation, index, false});
        if (is_first) continue;
        if (member.generation > claim->second.generation)
          claim->second = {member.generation, index, false};
        else if (member.generation == claim->second.generation)
          claim->second.is_contested = true;
      }
      ++index;
    }
    for (const auto& [partition, claim] : claims) {
      const auto count = counts.find(partition.topic);
      if (claim.is_contested || count == counts.end() || partition.partition < 0 || partition.partition >= count->second)
        continue;
      const auto readers = readers_.find(partition.topic);
      if (readers != readers_.end() && readers->second.contains(claim.member)) give(claim.member, partition);
    }
  }

  /// To whoever has least; topics with few readers first, since they have no choice.
  void place_the_rest(const PartitionCounts& counts) {
    std::vector<const decltype(readers_)::value_type*> topics;
    for (const auto& topic : readers_) topics.push_back(&topic);
    std::ranges::sort(topics, {}, [](const auto* topic) {
      return std::pair(topic->second.size(), std::string_view(topic->first));
    });
    for (const auto* topic : topics) {
      std::set<std::int32_t> placed;
      for (const Share& share : shares_)
        if (const auto found = share.find(topic->first); found != share.end())
          placed.insert(found->second.begin(), found->second.end());
      for (std::int32_t partition = 0; partition < counts.at(topic->first); ++partition) {
        if (placed.contains(partition)) continue;
        give(*std::ranges::min_element(topic->second, {}, [this](std::size_t member) { return loads_[member]; }),
             {topic->first, partition});
      }
    }
  }

  /// Moves one partition, or several in a row, so that a member with too much has one less and one with too little has
  /// one more. False when there is no such way.
  bool even_out() {
    std::vector<std::size_t> by_load(ids_.size());
    for (std::size_t i = 0; i < by_load.size(); ++i) by_load[i] = i;
    std::ranges::sort(by_load, [this](std::size_t a, std::size_t b) {
      return loads_[a] != loads_[b] ? loads_[a] > loads_[b] : a < b;
    });
    for (const std::size_t from : by_load) {
      // No way to anybody means none for those in the way either; but they come in their turn, in any case.
      if (loads_[from] < 2) return false;
      if (move_from(from)) return true;
    }
    return false;
  }

  bool move_from(std::size_t from) {
    struct Step {
      std::size_t previous;
      const std::string* topic;
    };
    std::map<std::size_t, Step> reached{{from, {from, nullptr}}};
    std::set<std::string_view> followed;  // all readers of these are reached
    std::deque<std::size_t> next{from};
    std::optional<std::size_t> best;
    while (!next.empty()) {
      const std::size_t member = next.front();
      next.pop_front();
      if (loads_[member] + 2 <= loads_[from] && (!best || loads_[member] < loads_[*best])) best = member;
      for (const auto& [topic, partitions] : shares_[member]) {
        if (partitions.empty() || !followed.insert(topic).second) continue;
        for (const std::size_t reader : readers_.at(topic))
          if (reached.try_emplace(reader, Step{member, &topic}).second) next.push_back(reader);
      }
    }
    if (!best) return false;
    for (std::size_t to = *best; to != from;) {
      const Step step = reached.at(to);
      auto& left = shares_[step.previous].at(*step.topic);
      const std::int32_t partition = *left.rbegin();
      left.erase(partition);
      shares_[to][*step.topic].insert(partition);
      to = step.previous;
    }
    --loads_[from];
    ++loads_[*best];
    return true;
  }

  std::vector<const std::string*> ids_;
  std::map<std::string, std::set<std::size_t>> readers_;  ///< by topic
  std::vector<Share> shares_;
  std::vector<std::size_t> loads_;
};

}  // namespace

Shares share_sticky(const Members& members, const PartitionCounts& counts) {
  return members.empty() ? Shares() : Table(members, counts).shares();
}

void withhold_moving(const Members& members, Shares& shares) {
  /// The latest generation in which somebody got it, and who did, if only one.
  struct Claim {
    std::int32_t generation;
    const std::string* member;
  };
  std::map<TopicPartition, Claim> latest;
  for (const auto& [id, member] : members)
    for (const TopicPartition& partition : std::set(member.owned.begin(), member.owned.end())) {
      const auto [claim, is_first] = latest.try_emplace(partition, Claim{member.generation, &id});
      if (is_first) continue;
      if (member.generation > claim->second.generation)
        claim->second = {member.generation, &id};
      else if (member.generation == claim->second.generation)
        claim->second.member = nullptr;
    }
  for (auto& [id, share] : shares)
    std::erase_if(share, [&](const TopicPartition& partition) {
      const auto claim = latest.find(partition);
      return claim != latest.end() && (!claim->second.member || *claim->second.member != id);
    });
}

}  // namespace leat::client
