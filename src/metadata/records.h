#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <string>
#include <vector>

#include "protocol/message.h"
#include "protocol/schema.h"

namespace leat::metadata {

/// One record of the metadata log: a message of metadata_records.schema and the version it is written at.
struct Record {
  protocol::AnyMessage message;
  std::int16_t version = 0;
};
using Records = std::vector<Record>;

template <protocol::Message T>
Record make_record(T message, std::int16_t version = 0) {
  return {protocol::AnyMessage(std::move(message)), version};
}

/// The record as the value of a log record: UVARINT frame version 1, type, version, message (files.md 5.4).
Result<std::vector<std::byte>> encode_record(const Record& record);
Result<std::vector<std::vector<std::byte>>> encode_records(const Records& records);
/// `unsupported` for a type or version that this build does not know: written by something newer, so that
/// going on would build another cluster than the log describes. `corrupt` for other damage.
Result<Record> decode_record(Bytes value);

/// "TopicRecord v0 {...}": for traces and errors.
std::string describe(const Record& record);

}  // namespace leat::metadata
