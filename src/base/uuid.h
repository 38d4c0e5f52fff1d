#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/entropy.h"

namespace leat {

/// 16 raw bytes; all zero means none. Its text is base64url without padding, 22 characters.
struct Uuid {
  std::array<std::byte, 16> bytes{};

  bool is_zero() const { return *this == Uuid{}; }
  std::string to_string() const;
  static std::optional<Uuid> parse(std::string_view text);
  /// A fresh version-4 uuid that is not reserved and whose text does not start with '-', as Kafka's are.
  static Uuid random(Entropy& entropy);
  /// The topic id of `__cluster_metadata`: 00..01.
  static Uuid metadata_topic();

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

struct UuidHash {
  std::size_t operator()(const Uuid& id) const noexcept;
};

}  // namespace leat
