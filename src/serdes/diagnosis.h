#pragma once

#include <google/protobuf/descriptor.h>
#include <leat/bytes.h>

#include <string>

namespace leat::protobuf {

/// What is wrong with bytes that did not parse as a `type`, for people: "byte 12: field lines: byte 3: ...", positions
/// counted in the message that the field is in. libprotobuf itself only says that they did not.
std::string diagnose(Bytes bytes, const google::protobuf::Descriptor& type);

}  // namespace leat::protobuf
