#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/schema.h"
#include "record/record_view.h"

namespace leat::cli {

/// What a record says whose bytes are a message of Kafka's own.
struct Meaning {
  std::string type;        ///< "TopicRecord"
  int version = 0;         ///< of the value
  std::string key_json;    ///< empty: the key says nothing more
  std::string value_json;  ///< empty: there is no value
  std::string problem;     ///< why it could not be understood; the rest is as far as it went
};

/// The log that the partitions of such a topic are; none for those of users.
protocol::RecordLog log_of_topic(std::string_view topic);

/// Nothing for a user's record. `log` is of its topic, `is_control` of its batch.
std::optional<Meaning> meaning_of(const record::RecordView& record, protocol::RecordLog log, bool is_control);

}  // namespace leat::cli
