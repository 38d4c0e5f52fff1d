#include "metadata/producer_ids.h"

#include "protocol/messages/metadata_records.h"

namespace leat::metadata {

Records decide_allocate_producer_ids(const Image& image, NodeId broker, std::int64_t broker_epoch) {
  protocol::ProducerIdsRecord record;
  record.broker_id = broker;
  record.broker_epoch = broker_epoch;
  record.next_producer_id = image.next_producer_id + producer_id_block_size;
  Records records;
  records.push_back(make_record(std::move(record)));
  return records;
}

}  // namespace leat::metadata
