#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <string>
#include <vector>

#include "base/types.h"
#include "base/uuid.h"

namespace leat::quorum {

/// Where a voter can be reached by its like.
struct VoterEndpoint {
  std::string listener;  ///< "CONTROLLER"
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const VoterEndpoint&, const VoterEndpoint&) = default;
};

/// A voter is a node together with its metadata directory: a node that lost its disk is another voter.
struct Voter {
  NodeId id = no_node;
  Uuid directory_id;
  std::vector<VoterEndpoint> endpoints;
  std::int16_t kraft_version_min = 0;
  std::int16_t kraft_version_max = 1;
  friend bool operator==(const Voter&, const Voter&) = default;
};

using VoterSet = std::vector<Voter>;

/// The value of a KRAFT_VOTERS control record (files.md 5.5).
Result<std::vector<std::byte>> encode_voters(const VoterSet& voters);
Result<VoterSet> decode_voters(Bytes value);

}  // namespace leat::quorum
