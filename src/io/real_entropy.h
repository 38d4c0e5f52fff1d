#pragma once

#include <array>
#include <mutex>

#include "base/entropy.h"

namespace leat::io {

/// The kernel's random numbers, fetched 512 bytes at a time. Fit for secrets. After a fork the child must
/// not use its parent's.
class SystemEntropy : public Entropy {
 public:
  std::uint64_t next() override;

 private:
  std::mutex mutex_;
  std::array<std::uint64_t, 64> buffer_{};
  std::size_t left_ = 0;
};

}  // namespace leat::io
