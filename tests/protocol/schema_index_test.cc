#include "protocol/schema_index.h"

#include <gmock/gmock.h>

#include "protocol/messages/fetch.h"
#include "protocol/messages/group_records.h"
#include "protocol/messages/metadata_records.h"
#include "protocol/messages/remote_log_records.h"
#include "protocol/messages/share_records.h"
#include "protocol/messages/transaction_records.h"

namespace leat::protocol {
namespace {

TEST(SchemaIndex, FindsMessagesByName) {
  EXPECT_EQ(all_schemas().size(), 272u);
  for (const MessageSchema* schema : all_schemas()) EXPECT_EQ(find_schema(schema->name), schema);
  EXPECT_EQ(find_schema("Fetch"), nullptr);
  EXPECT_EQ(find_schema(""), nullptr);
  EXPECT_EQ(find_schema("zzz"), nullptr);
}

TEST(SchemaIndex, FindsRequestsAndResponsesByApiKey) {
  EXPECT_EQ(request_schema(ApiKey::fetch), &FetchRequest::schema());
  EXPECT_EQ(response_schema(ApiKey::fetch), &FetchResponse::schema());
  EXPECT_EQ(name(ApiKey::add_partitions_to_txn), "AddPartitionsToTxn");
}

TEST(SchemaIndex, TakesAnyNumberOffTheWire) {
  for (const int key : {-32768, -1, 4, 7, api_key_max + 1, 32767}) {
    EXPECT_EQ(request_schema(static_cast<ApiKey>(key)), nullptr);
    EXPECT_EQ(response_schema(static_cast<ApiKey>(key)), nullptr);
    EXPECT_EQ(name(static_cast<ApiKey>(key)), "unknown");
    EXPECT_EQ(record_schema(RecordLog::cluster_metadata, static_cast<std::int16_t>(key == 4 || key == 7 ? -1 : key)), nullptr);
  }
}

TEST(SchemaIndex, RecordTypesCountFromZeroInEachLog) {
  EXPECT_EQ(record_schema(RecordLog::cluster_metadata, 0), &RegisterBrokerRecord::schema());
  EXPECT_EQ(record_schema(RecordLog::cluster_metadata, 3), &PartitionRecord::schema());
  EXPECT_EQ(record_schema(RecordLog::consumer_offsets, 1), &OffsetCommitValue::schema());
  EXPECT_EQ(record_key_schema(RecordLog::consumer_offsets, 1), &OffsetCommitKey::schema());
  EXPECT_EQ(record_schema(RecordLog::transaction_state, 0), &TransactionLogValue::schema());
  EXPECT_EQ(record_key_schema(RecordLog::transaction_state, 0), &TransactionLogKey::schema());
  EXPECT_EQ(record_schema(RecordLog::share_group_state, 0), &ShareSnapshotValue::schema());
  EXPECT_EQ(record_schema(RecordLog::remote_log_metadata, 0), &RemoteLogSegmentMetadataRecord::schema());
  EXPECT_EQ(record_key_schema(RecordLog::cluster_metadata, 0), nullptr);
}

TEST(SchemaIndex, RequestsSayWhereTheyAreServedAndWhatIsUnstable) {
  const MessageSchema& init = *request_schema(ApiKey::init_producer_id);
  EXPECT_EQ(init.versions, (VersionRange{0, 6}));
  EXPECT_TRUE(init.latest_unstable);
  EXPECT_TRUE(init.served_on(ListenerKind::broker));
  EXPECT_FALSE(init.served_on(ListenerKind::controller));
  const MessageSchema& fetch = FetchRequest::schema();
  EXPECT_FALSE(fetch.latest_unstable);
  EXPECT_EQ(fetch.flexible.low, 12);
  EXPECT_TRUE(fetch.served_on(ListenerKind::controller));
}

}  // namespace
}  // namespace leat::protocol
