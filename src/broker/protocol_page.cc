#include "broker/protocol_page.h"

#include <algorithm>

#include "protocol/schema.h"
#include "protocol/schema_index.h"

namespace leat::broker {
namespace {

using protocol::ApiKey;
using protocol::MessageSchema;
using protocol::VersionRange;

constexpr std::string_view opening = R"(# Protocol

Leat speaks the protocol of Apache Kafka 4.3.1: the same frames, headers, messages and error codes. This page says which
requests it answers. A request outside these ranges closes the connection, as in Kafka; only ApiVersions is answered at any
version, so that a client can find out.

This page is generated from the API table in `src/broker/api_table.cc`, which dispatch and the answer to ApiVersions come
from too; a test compares them. To write it anew: `LEAT_UPDATE_DOCS=1 bin/test_broker --gtest_filter='ProtocolPage.*'`.
Messages are declared in `src/protocol/schema`.

## Answered

"Kafka" is what a Kafka 4.3.1 broker answers.

| key | API | Leat | Kafka | remarks |
|---:|---|---|---|---|
)";

constexpr std::string_view missing = R"(
## Not answered

Not in the answer to ApiVersions, so clients do not ask. Messages of all of these can be encoded and decoded already.

)";

struct Remark {
  ApiKey key;
  std::string_view text;
};

/// What the versions do not say.
constexpr Remark remarks[] = {
    {ApiKey::produce, "A transactional batch is refused with INVALID_TXN_STATE."},
    {ApiKey::fetch, "By consumers. Of transactions that Kafka left in the directory, both isolation levels are what they are there."},
    {ApiKey::init_producer_id, "A transactional id is refused with TRANSACTIONAL_ID_AUTHORIZATION_FAILED."},
};

std::string range(std::int16_t low, std::int16_t high) {
  const std::string first = std::to_string(low);
  return low == high ? first : first + "-" + std::to_string(high);
}

VersionRange stable(const MessageSchema& schema) {
  VersionRange versions = schema.versions;
  if (schema.latest_unstable) --versions.high;
  return versions;
}

std::string remark(const Api& api) {
  std::string text;
  if (api.advertised_min != api.min_version)
    text = "ApiVersions says " + range(api.advertised_min, api.max_version) + ", as Kafka's does for old clients.";
  for (const Remark& one : remarks)
    if (one.key == api.key) text += (text.empty() ? "" : " ") + std::string(one.text);
  return text;
}

std::string row(const Api& api) {
  const VersionRange kafka = stable(*protocol::request_schema(api.key));
  return "| " + std::to_string(static_cast<int>(api.key)) + " | " + std::string(protocol::name(api.key)) + " | " +
         range(api.min_version, api.max_version) + " | " + range(kafka.low, kafka.high) + " | " + remark(api) + " |\n";
}

/// By key: what a Kafka broker answers to its clients and this table does not.
std::string unanswered(std::span<const Api> table) {
  std::string list;
  for (std::int16_t key = 0; key <= protocol::api_key_max; ++key) {
    const MessageSchema* schema = protocol::request_schema(static_cast<ApiKey>(key));
    if (!schema || !schema->served_on(protocol::ListenerKind::broker) || stable(*schema).empty()) continue;
    if (std::ranges::find(table, static_cast<ApiKey>(key), &Api::key) != table.end()) continue;
    if (!list.empty()) list += ",\n";
    list += std::string(protocol::name(static_cast<ApiKey>(key))) + " (" + std::to_string(key) + ")";
  }
  return list + ".\n";
}

}  // namespace

std::string render_protocol_page(std::span<const Api> table) {
  std::string page(opening);
  for (const Api& api : table) page += row(api);
  page += missing;
  return page + unanswered(table);
}

}  // namespace leat::broker
