#include "storage/partition_name.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace leat::storage {
namespace {

constexpr std::size_t name_max = 255;
constexpr std::size_t unique_digits = 32;

struct Suffix {
  std::string_view text;
  DirectoryKind kind;
};
constexpr Suffix suffixes[] = {{"-delete", DirectoryKind::deleted},
                               {"-stray", DirectoryKind::stray},
                               {"-future", DirectoryKind::future}};

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<TopicPartition> parse_plain(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == name.size()) return std::nullopt;
  TopicPartition found{std::string(name.substr(0, dash)), 0};
  const std::string_view digits = name.substr(dash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), found.partition);
  if (error != std::errc() || end != digits.data() + digits.size() || found.partition < 0) return std::nullopt;
  return found;
}

}  // namespace

std::optional<PartitionName> parse_partition_name(std::string_view name) {
  for (const Suffix& suffix : suffixes) {
    if (!name.ends_with(suffix.text)) continue;
    std::string_view rest = name.substr(0, name.size() - suffix.text.size());
    const std::size_t dot = rest.rfind('.');
    if (dot == std::string_view::npos || rest.size() - dot - 1 != unique_digits || !is_hex(rest.substr(dot + 1)))
      continue;
    if (auto plain = parse_plain(rest.substr(0, dot))) return PartitionName{std::move(*plain), suffix.kind};
  }
  if (auto plain = parse_plain(name)) return PartitionName{std::move(*plain), DirectoryKind::partition};
  return std::nullopt;
}

std::string unique_name(const TopicPartition& partition, std::string_view suffix, Entropy& entropy) {
  std::string unique;
  for (int word = 0; word < 2; ++word) {
    std::uint64_t bits = entropy.next();
    for (int digit = 0; digit < 16; ++digit, bits >>= 4) unique += "0123456789abcdef"[bits & 15];
  }
  std::string tail = "-" + std::to_string(partition.partition) + "." + unique + std::string(suffix);
  return partition.topic.substr(0, name_max - tail.size()) + tail;
}

}  // namespace leat::storage
