#include "quorum/voters.h"

#include "base/errors.h"
#include "protocol/messages/control_records.h"

namespace leat::quorum {

Result<std::vector<std::byte>> encode_voters(const VoterSet& voters) {
  protocol::VotersRecord record;
  for (const Voter& voter : voters) {
    protocol::VotersRecord::Voter out;
    out.voter_id = voter.id;
    out.voter_directory_id = voter.directory_id;
    for (const VoterEndpoint& endpoint : voter.endpoints)
      out.endpoints.push_back({endpoint.listener, endpoint.host, endpoint.port});
    out.kraft_version_feature = {voter.kraft_version_min, voter.kraft_version_max};
    record.voters.push_back(std::move(out));
  }
  return protocol::encode_flat(record, 0);
}

Result<VoterSet> decode_voters(Bytes value) {
  auto record = protocol::decode<protocol::VotersRecord>(value, 0);
  if (!record) return wrap(std::move(record).error(), "KRAFT_VOTERS");
  VoterSet voters;
  for (const auto& in : record->voters) {
    Voter voter{in.voter_id, in.voter_directory_id, {}, in.kraft_version_feature.min_supported_version,
                in.kraft_version_feature.max_supported_version};
    for (const auto& endpoint : in.endpoints)
      voter.endpoints.push_back({endpoint.name, endpoint.host, endpoint.port});
    voters.push_back(std::move(voter));
  }
  return voters;
}

}  // namespace leat::quorum
