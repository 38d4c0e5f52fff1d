#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/stubs/logging.h>
#include <leat/protobuf.h>

#include "input.h"
#include "serdes/diagnosis.h"
#include "serdes/framing.h"

using namespace leat;

/// A value of any bytes is taken apart, put together again and taken apart to the same; and is read as a message, or it
/// is said why not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto silent = google::protobuf::SetLogHandler(nullptr);
  (void)silent;
  const std::vector<std::byte> value = fuzz::Input(data, size).rest();
  const auto payload = protobuf::unframe(value);
  if (payload && payload->frame) {
    fuzz::require(payload->message.end() == Bytes(value).end(), "a frame is in front of the message");
    std::string again;
    protobuf::append_frame(*payload->frame, again);
    fuzz::require(again.size() <= value.size() - payload->message.size(), "no frame is shorter than ours");
    again.append(payload->message.text());
    const auto same = protobuf::unframe(again);
    fuzz::require(same && same->frame == payload->frame && same->message == payload->message, "a frame comes back");
  } else if (payload) {
    fuzz::require(payload->message == Bytes(value), "a plain value is its message");
  }

  google::protobuf::FileDescriptorProto message;
  const auto frame = protobuf::parse(value, message, {.check_message_indexes = false});
  if (frame) {
    fuzz::require(payload && *frame == payload->frame, "what is read was taken apart");
    fuzz::require(protobuf::serialize(message).has_value(), "what is read can be written");
  } else {
    fuzz::require(!frame.error().context.empty(), "what is not read is explained");
  }
  if (payload) fuzz::require(!protobuf::diagnose(payload->message, *message.GetDescriptor()).empty(), "there is a diagnosis");
  return 0;
}
