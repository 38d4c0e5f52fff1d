#include "group/member.h"

namespace leat::group {
namespace {

using Record = protocol::GroupMetadataValue::MemberMetadata;

/// Bytes from a request must not keep its whole buffer for as long as the member lives.
Payload held(const Payload& from) {
  const Bytes bytes = from.memory();
  return Payload::own(std::vector<std::byte>(bytes.begin(), bytes.end()));
}

/// Records from before there were rebalance time-outs have none.
std::chrono::milliseconds rebalance_timeout(const Record& record) {
  return std::chrono::milliseconds(record.rebalance_timeout < 0 ? record.session_timeout : record.rebalance_timeout);
}

/// 8-4-4-4-12 hexadecimal digits, as Java prints one.
std::string dashed(const Uuid& id) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    const auto byte = std::to_integer<unsigned>(id.bytes[i]);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace

Terms Terms::of(const protocol::JoinGroupRequest& request) {
  Terms terms;
  terms.protocols.reserve(request.protocols.size());
  for (const Protocol& one : request.protocols) terms.protocols.push_back({one.name, held(one.metadata)});
  terms.rebalance_timeout = std::chrono::milliseconds(std::max(request.rebalance_timeout_ms, 0));
  terms.session_timeout = std::chrono::milliseconds(request.session_timeout_ms);
  return terms;
}

Payload Terms::metadata(std::string_view protocol) const {
  for (const Protocol& one : protocols)
    if (one.name == protocol) return one.metadata;
  return {};
}

bool Terms::same_protocols(const Terms& other) const {
  return std::equal(protocols.begin(), protocols.end(), other.protocols.begin(), other.protocols.end(),
                    [](const Protocol& a, const Protocol& b) {
                      return a.name == b.name && a.metadata.memory() == b.metadata.memory();
                    });
}

Member Member::of(const Record& record, const std::string& protocol) {
  Member member;
  member.id = record.member_id;
  member.instance_id = record.group_instance_id;
  member.client_id = record.client_id;
  member.client_host = record.client_host;
  member.terms.protocols.push_back({protocol, record.subscription});
  member.terms.rebalance_timeout = group::rebalance_timeout(record);
  member.terms.session_timeout = std::chrono::milliseconds(record.session_timeout);
  member.assignment = record.assignment;
  return member;
}

bool Member::is(const Record& record, std::string_view protocol) const {
  return instance_id == record.group_instance_id && client_id == record.client_id &&
         client_host == record.client_host && terms.rebalance_timeout == group::rebalance_timeout(record) &&
         terms.session_timeout.count() == record.session_timeout &&
         terms.metadata(protocol).memory() == record.subscription.memory();
}

Record Member::record(std::string_view protocol) const {
  Record out;
  out.member_id = id;
  out.group_instance_id = instance_id;
  out.client_id = client_id;
  out.client_host = client_host;
  out.rebalance_timeout = static_cast<std::int32_t>(terms.rebalance_timeout.count());
  out.session_timeout = static_cast<std::int32_t>(terms.session_timeout.count());
  out.subscription = terms.metadata(protocol);
  out.assignment = assignment;
  return out;
}

std::size_t Member::memory_bytes() const {
  std::size_t bytes = sizeof(Member) + 2 * id.size() + client_id.size() + client_host.size() + assignment.size();
  if (instance_id) bytes += 2 * instance_id->size() + id.size();
  for (const Terms::Protocol& one : terms.protocols) bytes += sizeof one + one.name.size() + one.metadata.size();
  return bytes;
}

std::string new_member_id(const Join& event) {
  return event.request.group_instance_id.value_or(event.asker.client_id) + '-' + dashed(event.fresh);
}

}  // namespace leat::group
