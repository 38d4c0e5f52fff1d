#include "client/record_holder.h"

namespace leat::client {

void RecordHolder::add(std::string_view topic, std::int32_t partition, const record::RecordView& record) {
  if (!record.headers.empty()) {
    places_.push_back({records_.size(), headers_.size(), record.headers.size()});
    for (const record::HeaderView& header : record.headers) headers_.push_back({header.key, header.value});
  }
  records_.push_back({topic, partition, record.offset, record.timestamp, record.key, record.value, {}});
}

void RecordHolder::keep(std::shared_ptr<const void> owner) {
  if (owner && (owners_.empty() || owners_.back() != owner)) owners_.push_back(std::move(owner));
}

void RecordHolder::clear() {
  records_.clear();
  headers_.clear();
  places_.clear();
  owners_.clear();
}

Records RecordHolder::seal(const std::shared_ptr<RecordHolder>& holder) {
  // Only now do the headers stay where they are.
  for (const HeaderPlace& place : holder->places_)
    holder->records_[place.record].headers = std::span(holder->headers_).subspan(place.first, place.count);
  return Records(holder->records_, holder);
}

}  // namespace leat::client
