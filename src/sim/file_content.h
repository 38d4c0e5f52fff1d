#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "sim/entropy.h"

namespace leat::sim {

/// The bytes of one simulated file: as programs see them, and as they are on the disk. Not synchronised.
class FileContent {
 public:
  static constexpr std::size_t sector_size = 512;

  std::size_t read(std::uint64_t position, std::span<std::byte> out) const;
  void write(std::uint64_t position, std::span<const std::byte> bytes);
  void truncate(std::uint64_t size);
  std::uint64_t size() const { return seen_.size(); }
  bool is_dirty() const { return !dirty_.empty() || seen_.size() != disk_.size(); }

  /// What a sync that starts now will have put on the disk when it completes.
  struct Snapshot {
    std::uint64_t number = 0;
    std::uint64_t size = 0;
    std::map<std::uint64_t, std::vector<std::byte>> sectors;
    std::map<std::uint64_t, std::uint64_t> versions;
  };
  Snapshot snapshot();
  void complete(const Snapshot& snapshot);
  /// The sync failed: its pages count as clean from now on, and what the disk has of them is open.
  void fail(const Snapshot& snapshot);

  /// Decides what became of the sectors of failed syncs from `position` on, and shows it.
  void drop_cached(std::uint64_t position, SeededEntropy& entropy);
  /// Decides what became of everything unsynced, and shows it.
  void lose_power(SeededEntropy& entropy);
  void flip_bits(std::uint64_t position, std::byte mask);

 private:
  static std::span<const std::byte> sector_of(const std::vector<std::byte>& bytes, std::uint64_t sector);
  void mark_dirty(std::uint64_t begin, std::uint64_t end);
  /// A sector's bytes after its fate: kept, lost or torn. Bytes in which memory and disk agree stay.
  std::vector<std::byte> resolve(std::uint64_t sector, SeededEntropy& entropy) const;

  std::vector<std::byte> seen_;
  std::vector<std::byte> disk_;
  /// Sectors in which the two differ, each with the number of its last write.
  std::map<std::uint64_t, std::uint64_t> dirty_;
  /// Sectors whose sync failed.
  std::set<std::uint64_t> unknown_;
  std::uint64_t version_ = 0;
  std::uint64_t snapshots_ = 0;
  std::uint64_t completed_ = 0;
};

}  // namespace leat::sim
