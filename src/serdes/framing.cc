#include "serdes/framing.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <limits>

#include "base/errors.h"
#include "base/wire.h"

namespace leat::protobuf {
namespace {

constexpr std::byte magic{0};
constexpr std::size_t id_end = 1 + sizeof(std::int32_t);

void append_varint(std::int32_t value, std::string& out) {
  std::byte bytes[max_varint_size];
  out.append(reinterpret_cast<const char*>(bytes), store_uvarint(bytes, zigzag(value)));
}

Result<std::int32_t> take_varint(Bytes& from) {
  std::uint64_t value = 0;
  const std::size_t size = load_uvarint(from.begin(), from.end(), value, 5);
  if (size == 0 || value > std::numeric_limits<std::uint32_t>::max())
    return Error{Errc::corrupt, "the frame is cut in its message indexes, or one of them has more than 32 bits"};
  from = from.subspan(size);
  return unzigzag(static_cast<std::uint32_t>(value));
}

Result<MessageIndexes> take_indexes(Bytes& from) {
  LEAT_TRY(const std::int32_t count, take_varint(from));
  if (count == 0) return MessageIndexes{0};
  // Each takes a byte at least, which also bounds what is reserved.
  if (count < 0 || static_cast<std::size_t>(count) > from.size())
    return Error{Errc::corrupt, "the frame says that it has " + std::to_string(count) + " message indexes, but " +
                                    std::to_string(from.size()) + " bytes follow"};
  MessageIndexes indexes;
  indexes.reserve(static_cast<std::size_t>(count));
  for (std::int32_t i = 0; i < count; ++i) {
    LEAT_TRY(const std::int32_t index, take_varint(from));
    if (index < 0) return Error{Errc::corrupt, "the frame has the message index " + std::to_string(index)};
    indexes.push_back(index);
  }
  return indexes;
}

}  // namespace

MessageIndexes message_indexes(const google::protobuf::Descriptor& type) {
  MessageIndexes indexes;
  for (const auto* at = &type; at; at = at->containing_type()) indexes.push_back(at->index());
  std::ranges::reverse(indexes);
  return indexes;
}

void append_frame(const Frame& frame, std::string& out) {
  std::byte head[id_end] = {magic};
  store_be(head + 1, frame.schema_id);
  out.append(reinterpret_cast<const char*>(head), sizeof head);
  if (frame.message_indexes == MessageIndexes{0}) return append_varint(0, out);
  append_varint(static_cast<std::int32_t>(frame.message_indexes.size()), out);
  for (const std::int32_t index : frame.message_indexes) append_varint(index, out);
}

Result<Payload> unframe(Bytes value) {
  if (value.empty() || value[0] != magic) return Payload{{}, value};
  if (value.size() < id_end) return Error{Errc::corrupt, "the frame is cut in its schema id"};
  Frame frame{.schema_id = load_be<std::int32_t>(value.data() + 1)};
  if (frame.schema_id < 0)
    return Error{Errc::corrupt, "the frame has the schema id " + std::to_string(frame.schema_id)};
  Bytes rest = value.subspan(id_end);
  LEAT_TRY(frame.message_indexes, take_indexes(rest));
  return Payload{std::move(frame), rest};
}

}  // namespace leat::protobuf
