#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "sim/disk_state.h"

namespace leat::sim {

/// A File of the simulated disk. Also its own slices: there is no descriptor to run out of.
class DiskFile : public io::File, public std::enable_shared_from_this<DiskFile> {
 public:
  /// Under the state's mutex.
  DiskFile(std::shared_ptr<DiskState> disk, std::shared_ptr<Node> node, std::string path, bool writable);

  Result<std::size_t> read_at(std::uint64_t position, std::span<std::byte> out) const override;
  int descriptor() const override { return -1; }
  Result<void> write_at(std::uint64_t position, Bytes bytes) override;
  Result<void> truncate(std::uint64_t size) override;
  Result<std::uint64_t> size() const override;
  Result<FileSlice> slice(std::uint64_t position, std::size_t length) const override;
  Result<void> sync() override;
  Result<void> drop_cached(std::uint64_t position) override;
  const std::string& path() const override;

  // For the disk, under the state's mutex.
  Node& node() const { return *node_; }
  bool belongs_to(const DiskState& disk) const { return disk_.get() == &disk; }
  bool has_unsynced_writes() const { return writes_ != synced_; }
  std::uint64_t writes() const { return writes_; }
  void mark_written() { ++writes_; }
  void mark_synced(std::uint64_t writes) { synced_ = std::max(synced_, writes); }
  Error fail(Error error);
  /// That it is of this life of the disk, and has not failed.
  Result<void> check_usable(bool for_writing) const;
  const std::string& path_locked() const;

 private:
  const std::shared_ptr<DiskState> disk_;
  const std::shared_ptr<Node> node_;
  const bool writable_;
  const std::uint64_t process_;
  mutable std::deque<std::string> paths_;  ///< every name it was asked for, since path() gives out references
  std::uint64_t writes_ = 0;
  std::uint64_t synced_ = 0;
  std::optional<Error> failure_;
};

}  // namespace leat::sim
