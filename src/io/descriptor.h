#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "base/payload.h"
#include "base/types.h"

namespace leat::io {

/// How many descriptors a volume may have open, and has.
class DescriptorBudget {
 public:
  explicit DescriptorBudget(std::size_t limit) : limit_(limit) {}
  bool try_take();
  void give_back();
  /// Waits until there may be one to take, at most `timeout`.
  void wait(Duration timeout);
  std::size_t taken() const;

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable given_back_;
  std::size_t taken_ = 0;
};

/// The right to have one descriptor open.
class DescriptorSlot {
 public:
  /// Expects that `budget` has been taken from.
  explicit DescriptorSlot(std::shared_ptr<DescriptorBudget> budget) : budget_(std::move(budget)) {}
  DescriptorSlot(DescriptorSlot&&) = default;
  DescriptorSlot& operator=(DescriptorSlot&&) = delete;
  ~DescriptorSlot() {
    if (budget_) budget_->give_back();
  }

 private:
  std::shared_ptr<DescriptorBudget> budget_;
};

/// An open descriptor: what slices refer to. Closed with its last owner.
class Descriptor : public ReadableFile {
 public:
  /// Takes over `fd`. `path` is for errors.
  Descriptor(int fd, std::string path, DescriptorSlot slot)
      : fd_(fd), path_(std::move(path)), slot_(std::move(slot)) {}
  ~Descriptor() override;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  Result<std::size_t> read_at(std::uint64_t position, std::span<std::byte> out) const override;
  int descriptor() const override { return fd_; }
  bool is_resident(std::uint64_t position, std::size_t length) const override;
  void read_ahead(std::uint64_t position, std::size_t length) const override;

 private:
  const int fd_;
  const std::string path_;
  const DescriptorSlot slot_;
};

}  // namespace leat::io
