#pragma once

#include <leat/protobuf.h>

#include <string>

namespace leat::protobuf {

/// What `unframe` takes off. The indexes of the first message of a file are written as a single 0, as all serializers
/// of the registry do; both ways are read.
void append_frame(const Frame& frame, std::string& out);

}  // namespace leat::protobuf
