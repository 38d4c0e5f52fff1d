#pragma once

#include <leat/bytes.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace leat {

/// A named value that travels with a record. A view.
struct Header {
  std::string_view key = {};
  Bytes value = {};
};

/// A record that was read: views into the buffer that it was read into, which its Records keeps.
struct Record {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = -1;
  /// Milliseconds since 1970 UTC; -1 is "none".
  std::int64_t timestamp = -1;
  /// Null when the record has no key.
  Bytes key;
  /// Null is a tombstone.
  Bytes value;
  std::span<const Header> headers;
};

/// A record to be sent. Views only: `send` copies what they show before it returns.
///
///     producer.send({.topic = "orders", .key = "alice", .value = "2 books"});
struct Message {
  std::string_view topic = {};
  /// Null: no key.
  Bytes key = {};
  /// Null: a tombstone.
  Bytes value = {};
  std::vector<Header> headers = {};
  /// Unset: by the hash of the key, as Kafka's Java clients choose it; without a key a partition is kept
  /// until it has had a batch's worth, then another is taken.
  std::optional<std::int32_t> partition = {};
  /// Milliseconds since 1970 UTC. Unset: now.
  std::optional<std::int64_t> timestamp = {};
};

/// Where an acknowledged record is.
struct RecordPosition {
  std::int32_t partition = 0;
  /// -1 with `Acks::none`: the broker does not say.
  std::int64_t offset = -1;
  /// As stored: the record's own, or the broker's when the topic says LogAppendTime.
  std::int64_t timestamp = -1;
};

/// What one read returned, in order: a range of Record.
///
///     for (const leat::Record& record : consumer.poll(100ms).value()) ...
///
/// The views of its records live as long as this object or a copy of it; those of `Consumer::poll` also
/// until the next poll. Cheap to copy: copies share the buffer. Immutable, so safe from any thread.
class Records {
 public:
  using value_type = Record;
  using const_iterator = const Record*;

  Records() = default;
  /// `owner` keeps what the records view, and the records themselves.
  Records(std::span<const Record> records, std::shared_ptr<const void> owner)
      : records_(records), owner_(std::move(owner)) {}

  const Record* begin() const noexcept { return records_.data(); }
  const Record* end() const noexcept { return records_.data() + records_.size(); }
  std::size_t size() const noexcept { return records_.size(); }
  bool empty() const noexcept { return records_.empty(); }
  const Record& operator[](std::size_t index) const noexcept { return records_[index]; }
  const Record& front() const noexcept { return records_.front(); }
  const Record& back() const noexcept { return records_.back(); }

 private:
  std::span<const Record> records_;
  std::shared_ptr<const void> owner_;
};

}  // namespace leat
