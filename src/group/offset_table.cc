#include "group/offset_table.h"

#include <algorithm>

namespace leat::group {
namespace {

/// A node of a std::map besides its value: colour and three links.
constexpr std::size_t map_node_bytes = 32;

std::size_t heap_bytes(const std::string& text) {
  return text.capacity() < sizeof(std::string) / 2 ? 0 : text.capacity() + 1;
}

}  // namespace

OffsetTable::Page::const_iterator OffsetTable::position(const Page& page, std::int32_t partition) {
  return std::ranges::lower_bound(page, partition, {}, &Entry::partition);
}

CommittedOffset OffsetTable::shown(const Entry& entry) {
  CommittedOffset out{entry.offset, entry.leader_epoch, entry.committed, no_timestamp, {}};
  if (!entry.extra) return out;
  out.expires = entry.extra->expires;
  out.metadata = entry.extra->metadata;
  return out;
}

std::size_t OffsetTable::size_of(const Extra* extra) {
  return extra ? sizeof(Extra) + heap_bytes(extra->metadata) : 0;
}
std::size_t OffsetTable::size_of(std::string_view topic) {
  return map_node_bytes + sizeof(std::string) + sizeof(Pages) + topic.size();
}
std::size_t OffsetTable::size_of(const Page& page) {
  return map_node_bytes + sizeof(Pages::value_type) + page.capacity() * sizeof(Entry);
}

void OffsetTable::set(std::string_view topic, std::int32_t partition, const CommittedOffset& offset) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) {
    found = topics_.try_emplace(std::string(topic)).first;
    bytes_ += size_of(topic);
  }
  const auto [slot, fresh] = found->second.try_emplace(page_of(partition));
  Page& page = slot->second;
  if (!fresh) bytes_ -= size_of(page);

  auto at = page.begin() + (position(page, partition) - page.begin());
  if (at == page.end() || at->partition != partition) {
    at = page.emplace(at);
    at->partition = partition;
  }
  bytes_ -= size_of(at->extra.get());
  at->leader_epoch = offset.leader_epoch;
  at->offset = offset.offset;
  at->committed = offset.committed;
  at->extra = offset.expires == no_timestamp && offset.metadata.empty()
                  ? nullptr
                  : std::make_unique<Extra>(Extra{offset.expires, std::string(offset.metadata)});
  bytes_ += size_of(at->extra.get()) + size_of(page);
}

void OffsetTable::erase(std::string_view topic, std::int32_t partition) {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  Pages& pages = found->second;
  const auto slot = pages.find(page_of(partition));
  if (slot == pages.end()) return;
  Page& page = slot->second;
  const auto at = position(page, partition);
  if (at == page.end() || at->partition != partition) return;

  bytes_ -= size_of(at->extra.get());
  page.erase(at);
  if (!page.empty()) return;
  bytes_ -= size_of(page);
  pages.erase(slot);
  if (!pages.empty()) return;
  bytes_ -= size_of(found->first);
  topics_.erase(found);
}

std::optional<CommittedOffset> OffsetTable::find(std::string_view topic, std::int32_t partition) const {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return std::nullopt;
  const auto slot = found->second.find(page_of(partition));
  if (slot == found->second.end()) return std::nullopt;
  const auto at = position(slot->second, partition);
  if (at == slot->second.end() || at->partition != partition) return std::nullopt;
  return shown(*at);
}

}  // namespace leat::group
