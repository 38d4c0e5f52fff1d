#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace leat {

/// A file that can be read at any position. Safe from any thread.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  /// Fills `out` from `position`; fewer bytes only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t position, std::span<std::byte> out) const = 0;
  /// For sendfile, open for as long as this object; -1 where there is none (a simulated disk, or an
  /// io::File, whose descriptor comes and goes: take a slice of it).
  virtual int descriptor() const = 0;
  /// Whether reading the range now would not touch the disk; one probe each 128 KiB. A guess of
  /// "no" is always allowed. Never blocks.
  virtual bool is_resident(std::uint64_t /*position*/, std::size_t /*length*/) const { return true; }
  /// Brings the range into the page cache; blocks.
  virtual void read_ahead(std::uint64_t /*position*/, std::size_t /*length*/) const {}
};

/// `length` bytes of a file from `position`. Those bytes are never rewritten while it is held, and stay
/// readable even when the file is removed meanwhile.
struct FileSlice {
  std::shared_ptr<const ReadableFile> file;
  std::uint64_t position = 0;
  std::size_t length = 0;
};

/// Bytes on their way through the protocol without being copied: a view into a buffer that it keeps
/// alive, or ranges of files that leave by sendfile. May be null. Cheap to copy.
class Payload {
 public:
  /// Null.
  Payload() = default;
  /// A view; `owner` keeps the memory alive (may be empty when the caller does).
  explicit Payload(Bytes view, std::shared_ptr<const void> owner = {})
      : memory_(view), owner_(std::move(owner)), null_(view.is_null()) {}
  /// Takes the bytes.
  static Payload own(std::vector<std::byte> bytes) {
    auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    return Payload(Bytes(*owner), owner);
  }
  static Payload own(std::string_view text) {
    auto owner = std::make_shared<const std::string>(text);
    return Payload(Bytes(*owner), owner);
  }
  /// Ranges of files, in order; no slices is empty, not null.
  static Payload of(std::vector<FileSlice> slices) {
    Payload payload;
    payload.null_ = false;
    payload.memory_ = Bytes(nullptr, 0);
    payload.slices_ = std::move(slices);
    return payload;
  }

  bool is_null() const { return null_; }
  std::size_t size() const {
    std::size_t total = memory_.size();
    for (const FileSlice& slice : slices_) total += slice.length;
    return total;
  }
  bool empty() const { return size() == 0; }
  bool is_in_files() const { return !slices_.empty(); }
  /// The view, when it is not in files.
  Bytes memory() const { return memory_; }
  const std::vector<FileSlice>& slices() const { return slices_; }
  const std::shared_ptr<const void>& owner() const { return owner_; }
  /// The same bytes in memory: itself, or one read of each slice into a fresh buffer.
  Result<Payload> in_memory() const;

 private:
  Bytes memory_;
  std::shared_ptr<const void> owner_;
  std::vector<FileSlice> slices_;
  bool null_ = true;
};

}  // namespace leat
