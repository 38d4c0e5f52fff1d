#include <google/protobuf/descriptor.h>
#include <leat/protobuf.h>

#include <limits>

#include "base/errors.h"
#include "serdes/diagnosis.h"
#include "serdes/framing.h"

namespace leat::protobuf {
namespace {

using google::protobuf::Descriptor;

constexpr std::size_t size_max = std::numeric_limits<int>::max();  // libprotobuf's own

std::string missing(const google::protobuf::Message& message) {
  return message.GetDescriptor()->full_name() + " lacks required fields: " + message.InitializationErrorString();
}

std::string text(const MessageIndexes& indexes) {
  std::string out = "[";
  for (const std::int32_t index : indexes) out.append(out.size() > 1 ? "," : "").append(std::to_string(index));
  return out + "]";
}

/// The message that the indexes lead to in a file, or null.
const Descriptor* follow(const MessageIndexes& indexes, const google::protobuf::FileDescriptor& file) {
  const Descriptor* at = nullptr;
  for (const std::int32_t index : indexes) {
    if (index >= (at ? at->nested_type_count() : file.message_type_count())) return nullptr;
    at = at ? at->nested_type(index) : file.message_type(index);
  }
  return at;
}

Result<void> check_indexes(const Frame& frame, const Descriptor& type) {
  const Descriptor* const found = follow(frame.message_indexes, *type.file());
  if (found == &type) return {};
  const std::string where = found ? found->full_name() : "no message of " + type.file()->name();
  return Error{Errc::corrupt, "the frame's message indexes " + text(frame.message_indexes) + " lead to " + where +
                                  ", and not to " + type.full_name() + " at " + text(message_indexes(type))};
}

}  // namespace

Result<std::string> serialize(const google::protobuf::Message& message, std::optional<std::int32_t> schema_id) {
  // Asked for first: libprotobuf would write to standard error.
  if (!message.IsInitialized()) return Error{Errc::invalid_argument, missing(message)};
  const Descriptor& type = *message.GetDescriptor();
  const std::size_t size = message.ByteSizeLong();
  if (size > size_max)
    return Error{Errc::message_too_large, type.full_name() + " of " + std::to_string(size) + " bytes"};
  std::string out;
  if (schema_id) {
    if (*schema_id < 0)
      return Error{Errc::invalid_argument, "the schema id " + std::to_string(*schema_id) + " is negative"};
    append_frame({*schema_id, message_indexes(type)}, out);
  }
  message.AppendPartialToString(&out);  // false only for what is too large
  return out;
}

Result<std::optional<Frame>> parse(Bytes value, google::protobuf::Message& message, const ParseOptions& options) {
  const Descriptor& type = *message.GetDescriptor();
  if (value.is_null()) return Error{Errc::corrupt, "a null value is no " + type.full_name()};
  LEAT_TRY(Payload payload, unframe(value));
  if (payload.frame && options.check_message_indexes) LEAT_CHECK(check_indexes(*payload.frame, type));
  const Bytes bytes = payload.message;
  if (bytes.size() > size_max) return Error{Errc::corrupt, "a message of 2 GiB or more"};
  if (!message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Error{Errc::corrupt,
                 std::to_string(bytes.size()) + " bytes are no " + type.full_name() + ": " + diagnose(bytes, type)};
  if (!message.IsInitialized()) return Error{Errc::corrupt, missing(message)};
  return std::move(payload.frame);
}

Result<std::optional<Frame>> parse(const leat::Record& record, google::protobuf::Message& message,
                                   const ParseOptions& options) {
  auto frame = parse(record.value, message, options);
  if (frame) return frame;
  const std::string partition = TopicPartition{std::string(record.topic), record.partition}.to_string();
  return wrap(std::move(frame).error(), partition + ", offset " + std::to_string(record.offset));
}

}  // namespace leat::protobuf
