#include "metadata/elect_leaders.h"

#include "base/errors.h"

namespace leat::metadata {
namespace {

using protocol::ElectLeadersRequest;
using protocol::ElectLeadersResponse;
using TopicResult = ElectLeadersResponse::ReplicaElectionResult;

constexpr std::int8_t preferred_type = 0, unclean_type = 1;

bool is_led_by_preferred(const PartitionImage& partition) {
  return !partition.replicas.empty() && partition.leader == partition.replicas[0];
}

class Elections {
 public:
  Elections(const Image& image, const LeadershipDefaults& defaults) : image_(image), rules_(image, defaults) {}

  Result<void> elect(const std::string& topic_name, std::int32_t index, Election kind) {
    const TopicImage* topic = image_.topic(topic_name);
    if (!topic || !topic->partitions.contains(index))
      return Error{Errc::unknown_topic_or_partition, "No such partition as " + topic_name + "-" + std::to_string(index)};
    return elect(*topic, index, kind);
  }

  Result<void> elect(const TopicImage& topic, std::int32_t index, Election kind) {
    const PartitionImage& now = topic.partitions.at(index);
    const bool is_preferred = kind == Election::preferred;
    if (is_preferred ? is_led_by_preferred(now) : now.leader != no_node)
      return Error{Errc::election_not_needed, "Leader election not needed for topic partition."};
    PartitionTarget target(now);
    target.election = kind;
    auto record = rules_.change(topic, index, std::move(target));
    if (!record && is_preferred)
      return Error{Errc::preferred_leader_not_available, "The preferred leader was not available."};
    if (!record)
      return Error{Errc::eligible_leaders_not_available, "Eligible topic partition leaders are not available."};
    records_.push_back(std::move(*record));
    return {};
  }

  bool is_full() const { return records_.size() >= elections_per_round_max; }
  const LeadershipRules& rules() const { return rules_; }
  Records take() { return std::move(records_); }

 private:
  const Image& image_;
  const LeadershipRules rules_;
  Records records_;
};

void tell(TopicResult& result, std::int32_t index, const Result<void>& outcome) {
  auto& answer = result.partition_result.emplace_back();
  answer.partition_id = index;
  answer.error_message = std::nullopt;
  if (outcome) return;
  answer.error_code = wire_code(outcome.error().code);
  answer.error_message = outcome.error().context;
}

}  // namespace

Decision<ElectLeadersResponse> decide_elect_leaders(const Image& image, const ElectLeadersRequest& request,
                                                    const LeadershipDefaults& defaults) {
  if (request.election_type != preferred_type && request.election_type != unclean_type)
    return {{}, elect_leaders_failed(request, {Errc::invalid_request, "Unknown election type"})};
  const Election kind = request.election_type == preferred_type ? Election::preferred : Election::unclean;
  Elections elections(image, defaults);
  Decision<ElectLeadersResponse> decision;
  auto& results = decision.response.replica_election_results;
  if (request.topic_partitions) {
    for (const auto& asked : *request.topic_partitions) {
      TopicResult& result = results.emplace_back();
      result.topic = asked.topic;
      for (std::int32_t index : asked.partitions) tell(result, index, elections.elect(asked.topic, index, kind));
    }
  } else {
    for (const auto& [name, topic] : image.topics) {
      TopicResult& result = results.emplace_back();
      result.topic = name;
      for (const auto& [index, partition] : topic->partitions) {
        const auto outcome = elections.elect(*topic, index, kind);
        if (outcome || outcome.error().code != Errc::election_not_needed) tell(result, index, outcome);
      }
    }
  }
  decision.records = elections.take();
  return decision;
}

ElectLeadersResponse elect_leaders_failed(const ElectLeadersRequest& request, const Error& error) {
  ElectLeadersResponse response;
  response.error_code = wire_code(error.code);
  if (!request.topic_partitions) return response;
  for (const auto& asked : *request.topic_partitions) {
    TopicResult& result = response.replica_election_results.emplace_back();
    result.topic = asked.topic;
    for (std::int32_t index : asked.partitions) tell(result, index, error);
  }
  return response;
}

Records decide_preferred_leaders(const Image& image, const LeadershipDefaults& defaults) {
  Elections elections(image, defaults);
  for (const auto& [name, topic] : image.topics)
    for (const auto& [index, partition] : topic->partitions) {
      if (elections.is_full()) return elections.take();
      (void)elections.elect(*topic, index, Election::preferred);
    }
  return elections.take();
}

Records decide_unclean_leaders(const Image& image, const LeadershipDefaults& defaults) {
  Elections elections(image, defaults);
  for (const auto& [name, topic] : image.topics) {
    if (!elections.rules().unclean_allowed(*topic)) continue;
    for (const auto& [index, partition] : topic->partitions) {
      if (elections.is_full()) return elections.take();
      (void)elections.elect(*topic, index, Election::unclean);
    }
  }
  return elections.take();
}

}  // namespace leat::metadata
