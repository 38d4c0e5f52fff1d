#include "metadata/producer_ids.h"

#include <limits>

#include "base/errors.h"
#include "metadata/broker_registration.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {

Result<Decision<protocol::AllocateProducerIdsResponse>> decide_allocate_producer_ids(
    const Image& image, const protocol::AllocateProducerIdsRequest& request) {
  LEAT_CHECK(registered_broker(image, request.broker_id, request.broker_epoch));
  if (image.next_producer_id > std::numeric_limits<std::int64_t>::max() - producer_id_block_size)
    return Error{Errc::unknown_server_error, "Exhausted all producer ids"};
  Decision<protocol::AllocateProducerIdsResponse> decision;
  decision.response.producer_id_start = image.next_producer_id;
  decision.response.producer_id_len = producer_id_block_size;
  protocol::ProducerIdsRecord record;
  record.broker_id = request.broker_id;
  record.broker_epoch = request.broker_epoch;
  record.next_producer_id = image.next_producer_id + producer_id_block_size;
  decision.records.push_back(make_record(std::move(record)));
  return decision;
}

}  // namespace leat::metadata
