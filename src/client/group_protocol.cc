#include "client/group_protocol.h"

#include <algorithm>
#include <string_view>

#include "base/errors.h"
#include "base/wire.h"
#include "protocol/decoder.h"
#include "protocol/messages/consumer_protocol.h"

namespace leat::client {
namespace {

constexpr std::int16_t newest_version = 3;

/// By topic, in order; the two messages have a type each for the same thing.
template <class Topics>
void write_partitions(std::vector<TopicPartition> partitions, Topics& topics) {
  std::ranges::sort(partitions);
  for (const TopicPartition& partition : partitions) {
    if (topics.empty() || topics.back().topic != partition.topic) topics.emplace_back().topic = partition.topic;
    topics.back().partitions.push_back(partition.partition);
  }
}

template <class Topics>
std::vector<TopicPartition> read_partitions(const Topics& topics) {
  std::vector<TopicPartition> partitions;
  for (const auto& topic : topics)
    for (const std::int32_t partition : topic.partitions) partitions.push_back({topic.topic, partition});
  return partitions;
}

template <class Message>
std::vector<std::byte> with_version(const Message& message) {
  const auto body = protocol::encode_flat(message, newest_version).value();
  std::vector<std::byte> bytes(sizeof newest_version);
  store_be(bytes.data(), newest_version);
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

/// A newer version than ours begins with what ours has.
template <class Message>
Result<Message> read_with_version(Bytes bytes) {
  if (bytes.size() < sizeof newest_version) return Error{Errc::corrupt, "no version"};
  const auto version = load_be<std::int16_t>(bytes.data());
  if (version < 0) return Error{Errc::corrupt, "version " + std::to_string(version)};
  Message message;
  protocol::Decoder decoder(bytes.subspan(sizeof newest_version), nullptr);
  LEAT_CHECK(decoder.message(Message::schema(), &message, std::min(version, newest_version)));
  return message;
}

void append(std::vector<std::byte>& to, std::integral auto number) {
  to.resize(to.size() + sizeof number);
  store_be(to.data() + to.size() - sizeof number, number);
}

/// StickyAssignor's user data: [topic [partition]] generation, all in Kafka's old encoding, since that assignor is
/// older than owned partitions in the subscription, and gives up all before it joins.
std::vector<std::byte> sticky_bytes(const AssignorMemory& memory) {
  std::vector<protocol::ConsumerProtocolAssignment::TopicPartition> topics;
  write_partitions(memory.partitions, topics);
  std::vector<std::byte> bytes;
  append(bytes, static_cast<std::int32_t>(topics.size()));
  for (const auto& topic : topics) {
    append(bytes, static_cast<std::int16_t>(topic.topic.size()));
    const Bytes name(topic.topic);
    bytes.insert(bytes.end(), name.begin(), name.end());
    append(bytes, static_cast<std::int32_t>(topic.partitions.size()));
    for (const std::int32_t partition : topic.partitions) append(bytes, partition);
  }
  append(bytes, memory.generation);
  return bytes;
}

/// Front to back; false at the end.
class Cursor {
 public:
  explicit Cursor(Bytes bytes) : bytes_(bytes) {}
  template <std::integral T>
  bool take(T& number) {
    if (bytes_.size() < sizeof(T)) return false;
    number = load_be<T>(bytes_.data());
    bytes_ = bytes_.subspan(sizeof(T));
    return true;
  }
  bool take(std::string& text) {
    std::int16_t size = 0;
    if (!take(size) || size < 0 || bytes_.size() < static_cast<std::size_t>(size)) return false;
    text = bytes_.subspan(0, static_cast<std::size_t>(size)).to_string();
    bytes_ = bytes_.subspan(static_cast<std::size_t>(size));
    return true;
  }

 private:
  Bytes bytes_;
};

/// What does not parse is forgotten, as Kafka's does: then the member keeps nothing. Old members leave the generation out.
AssignorMemory read_sticky(Bytes bytes) {
  Cursor cursor(bytes);
  AssignorMemory memory;
  std::int32_t topics = 0;
  if (!cursor.take(topics)) return {};
  for (; topics > 0; --topics) {
    TopicPartition partition;
    std::int32_t count = 0;
    if (!cursor.take(partition.topic) || !cursor.take(count)) return {};
    for (; count > 0; --count) {
      if (!cursor.take(partition.partition)) return {};
      memory.partitions.push_back(partition);
    }
  }
  cursor.take(memory.generation);
  return memory;
}

}  // namespace

std::vector<std::byte> subscription_bytes(Assignor assignor, const MemberSubscription& member,
                                          const AssignorMemory* memory) {
  protocol::ConsumerProtocolSubscription message;
  message.topics = member.topics;
  std::ranges::sort(message.topics);
  write_partitions(member.owned, message.owned_partitions);
  message.generation_id = member.generation;
  if (assignor == Assignor::sticky && memory) message.user_data = Payload::own(sticky_bytes(*memory));
  if (assignor == Assignor::cooperative_sticky) {
    // What members older than the generation in the subscription look for.
    std::vector<std::byte> generation;
    append(generation, memory ? memory->generation : std::int32_t{-1});
    message.user_data = Payload::own(std::move(generation));
  }
  return with_version(message);
}

Result<MemberSubscription> read_subscription(Assignor assignor, Bytes bytes) {
  LEAT_TRY(const auto message, read_with_version<protocol::ConsumerProtocolSubscription>(bytes));
  MemberSubscription member;
  member.topics = message.topics;
  const Bytes user_data = message.user_data.memory();
  if (assignor == Assignor::sticky) {
    auto memory = read_sticky(user_data);
    member.owned = std::move(memory.partitions);
    member.generation = memory.generation;
    return member;
  }
  member.owned = read_partitions(message.owned_partitions);
  member.generation = message.generation_id;
  if (assignor == Assignor::cooperative_sticky && member.generation < 0) Cursor(user_data).take(member.generation);
  return member;
}

std::vector<std::byte> assignment_bytes(const std::vector<TopicPartition>& partitions) {
  protocol::ConsumerProtocolAssignment message;
  write_partitions(partitions, message.assigned_partitions);
  return with_version(message);
}

Result<std::vector<TopicPartition>> read_assignment(Bytes bytes) {
  if (bytes.empty()) return std::vector<TopicPartition>();
  LEAT_TRY(const auto message, read_with_version<protocol::ConsumerProtocolAssignment>(bytes));
  auto partitions = read_partitions(message.assigned_partitions);
  std::ranges::sort(partitions);
  return partitions;
}

}  // namespace leat::client
