#pragma once

#include "base/types.h"
#include "base/wire.h"

namespace leat::log {

/// A transaction that ended in an abort, and an entry of `.txnindex`, which lists those whose marker lies in its
/// segment, by the marker's offset (files.md 8.5). A transaction without data in the partition has no entry.
struct AbortedTransaction {
  static constexpr std::size_t size = 34;
  static constexpr std::int16_t current_version = 0;
  std::int16_t version = current_version;
  std::int64_t producer_id = -1;
  Offset first_offset = no_offset;
  Offset last_offset = no_offset;         ///< the marker
  Offset last_stable_offset = no_offset;  ///< once the marker was there: all below was decided

  static AbortedTransaction load(const std::byte* at) {
    return {load_be<std::int16_t>(at), load_be<std::int64_t>(at + 2), load_be<Offset>(at + 10),
            load_be<Offset>(at + 18), load_be<Offset>(at + 26)};
  }
  void store(std::byte* at) const {
    store_be(at, version);
    store_be(at + 2, producer_id);
    store_be(at + 10, first_offset);
    store_be(at + 18, last_offset);
    store_be(at + 26, last_stable_offset);
  }
  /// Nobody preallocates this index.
  static constexpr bool is_padding() { return false; }
  friend bool operator==(const AbortedTransaction&, const AbortedTransaction&) = default;
};

}  // namespace leat::log
