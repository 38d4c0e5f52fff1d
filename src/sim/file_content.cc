#include "sim/file_content.h"

#include <algorithm>

namespace leat::sim {

std::size_t FileContent::read(std::uint64_t position, std::span<std::byte> out) const {
  if (position >= seen_.size()) return 0;
  const std::size_t count = std::min<std::uint64_t>(out.size(), seen_.size() - position);
  std::copy_n(seen_.begin() + static_cast<std::ptrdiff_t>(position), count, out.begin());
  return count;
}

void FileContent::write(std::uint64_t position, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const std::uint64_t end = position + bytes.size();
  if (end > seen_.size()) seen_.resize(end);
  std::ranges::copy(bytes, seen_.begin() + static_cast<std::ptrdiff_t>(position));
  mark_dirty(position, end);
}

void FileContent::truncate(std::uint64_t size) {
  // Also what is on the disk, or will be by a sync under way, must not show again when the file grows.
  const std::uint64_t end = std::max(seen_.size(), disk_.size());
  if (size < end) mark_dirty(size, end);
  seen_.resize(size);
  ++version_;
}

FileContent::Snapshot FileContent::snapshot() {
  Snapshot taken{.number = ++snapshots_, .size = seen_.size(), .sectors = {}, .versions = dirty_};
  for (const auto& [sector, version] : dirty_) {
    const auto bytes = sector_of(seen_, sector);
    taken.sectors[sector].assign(bytes.begin(), bytes.end());
  }
  return taken;
}

void FileContent::complete(const Snapshot& snapshot) {
  // What was dirty for this one was dirty for a later one that has overtaken it, too.
  if (snapshot.number < completed_) return;
  completed_ = snapshot.number;
  disk_.resize(snapshot.size);
  for (const auto& [sector, bytes] : snapshot.sectors)
    std::ranges::copy(bytes, disk_.begin() + static_cast<std::ptrdiff_t>(
                                                 std::min<std::uint64_t>(sector * sector_size, disk_.size())));
  for (const auto& [sector, version] : snapshot.versions)
    if (const auto at = dirty_.find(sector); at != dirty_.end() && at->second == version) dirty_.erase(at);
}

void FileContent::fail(const Snapshot& snapshot) {
  for (const auto& [sector, version] : snapshot.versions) {
    const auto at = dirty_.find(sector);
    if (at == dirty_.end() || at->second != version) continue;
    unknown_.insert(sector);
    dirty_.erase(at);
  }
}

void FileContent::drop_cached(std::uint64_t position, SeededEntropy& entropy) {
  for (auto at = unknown_.lower_bound(position / sector_size); at != unknown_.end(); at = unknown_.erase(at)) {
    const auto bytes = resolve(*at, entropy);
    const std::uint64_t begin = *at * sector_size;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (begin + i < seen_.size()) seen_[begin + i] = bytes[i];
      if (begin + i < disk_.size()) disk_[begin + i] = bytes[i];
    }
  }
}

void FileContent::lose_power(SeededEntropy& entropy) {
  const std::uint64_t least = std::min(seen_.size(), disk_.size()), most = std::max(seen_.size(), disk_.size());
  std::vector<std::byte> left = disk_;
  left.resize(most);
  std::set<std::uint64_t> open = unknown_;
  for (const auto& [sector, version] : dirty_) open.insert(sector);
  for (const std::uint64_t sector : open) {
    const std::uint64_t begin = sector * sector_size;
    if (begin >= most) continue;
    auto bytes = resolve(sector, entropy);
    bytes.resize(std::min<std::uint64_t>(sector_size, most - begin));
    std::ranges::copy(bytes, left.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  std::uint64_t size = disk_.size();
  if (least != most) {
    const auto choice = entropy.below(3);
    if (choice == 1) size = seen_.size();
    if (choice == 2) size = least + entropy.below(most - least + 1);
  }
  left.resize(size);
  seen_ = disk_ = std::move(left);
  dirty_.clear();
  unknown_.clear();
}

void FileContent::flip_bits(std::uint64_t position, std::byte mask) {
  if (position < seen_.size()) seen_[position] ^= mask;
  if (position < disk_.size()) disk_[position] ^= mask;
}

std::span<const std::byte> FileContent::sector_of(const std::vector<std::byte>& bytes, std::uint64_t sector) {
  const std::uint64_t begin = std::min<std::uint64_t>(sector * sector_size, bytes.size());
  return std::span(bytes).subspan(begin, std::min<std::uint64_t>(sector_size, bytes.size() - begin));
}

void FileContent::mark_dirty(std::uint64_t begin, std::uint64_t end) {
  ++version_;
  for (std::uint64_t sector = begin / sector_size; sector * sector_size < end; ++sector) {
    dirty_[sector] = version_;
    unknown_.erase(sector);  // the whole sector will be written again
  }
}

std::vector<std::byte> FileContent::resolve(std::uint64_t sector, SeededEntropy& entropy) const {
  const auto as_seen = sector_of(seen_, sector), on_disk = sector_of(disk_, sector);
  std::vector<std::byte> fresh(as_seen.begin(), as_seen.end()), old(on_disk.begin(), on_disk.end());
  fresh.resize(sector_size);
  old.resize(sector_size);
  switch (entropy.below(5)) {
    case 0:
    case 1: return fresh;
    case 2:
    case 3: return old;
    default: break;
  }
  // Torn: new up to some byte and old behind it, or garbage where the two differ.
  const std::size_t cut = entropy.below(sector_size);
  const bool is_garbage = entropy.chance(1, 2);
  for (std::size_t i = 0; i < sector_size; ++i) {
    if (fresh[i] == old[i]) continue;
    if (is_garbage)
      old[i] = static_cast<std::byte>(entropy.next());
    else if (i < cut)
      old[i] = fresh[i];
  }
  return old;
}

}  // namespace leat::sim
