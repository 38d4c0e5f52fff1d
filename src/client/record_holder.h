#pragma once

#include <leat/record.h>

#include <memory>
#include <string>
#include <vector>

#include "base/payload.h"
#include "record/record_view.h"

namespace leat::client {

/// The records of one answer and everything that they view. Not thread-safe until handed out.
class RecordHolder {
 public:
  void add(std::string_view topic, std::int32_t partition, const record::RecordView& record);
  /// Keeps what records added from now on view.
  void keep(std::shared_ptr<const void> owner);
  std::size_t size() const { return records_.size(); }
  /// Empty again, for other records.
  void clear();

  /// Hands out; nothing is added any more.
  static Records seal(const std::shared_ptr<RecordHolder>& holder);

 private:
  struct HeaderPlace {
    std::size_t record, first, count;
  };
  std::vector<Record> records_;
  std::vector<Header> headers_;
  std::vector<HeaderPlace> places_;
  std::vector<std::shared_ptr<const void>> owners_;
};

}  // namespace leat::client
