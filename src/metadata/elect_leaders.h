#pragma once

#include "metadata/decision.h"
#include "metadata/image.h"
#include "metadata/leadership_rules.h"
#include "protocol/messages/elect_leaders.h"

namespace leat::metadata {

/// ElectLeaders: the preferred leader, or an unclean one where there is none (cluster.md G4-G5, G8). Asked for all
/// partitions, those that need no election are not told of.
Decision<protocol::ElectLeadersResponse> decide_elect_leaders(const Image& image,
                                                              const protocol::ElectLeadersRequest& request,
                                                              const LeadershipDefaults& defaults);
protocol::ElectLeadersResponse elect_leaders_failed(const protocol::ElectLeadersRequest& request, const Error& error);

/// G8: at most this many partitions a round; when as many came, there may be more.
inline constexpr std::size_t elections_per_round_max = 1000;
/// Leadership goes back to the first replicas where they are in sync.
Records decide_preferred_leaders(const Image& image, const LeadershipDefaults& defaults);
/// What has no leader gets one that may lack records, where topics allow it.
Records decide_unclean_leaders(const Image& image, const LeadershipDefaults& defaults);

}  // namespace leat::metadata
