#include "io/real_entropy.h"

#include <sys/random.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"

namespace leat::io {

std::uint64_t SystemEntropy::next() {
  std::lock_guard lock(mutex_);
  if (left_ == 0) {
    auto* const to = reinterpret_cast<char*>(buffer_.data());
    for (std::size_t filled = 0; filled < sizeof buffer_;) {
      const ssize_t got = ::getrandom(to + filled, sizeof buffer_ - filled, 0);
      LEAT_ASSERT(got >= 0 || errno == EINTR, "getrandom fails only for bad arguments");
      if (got > 0) filled += static_cast<std::size_t>(got);
    }
    left_ = buffer_.size();
  }
  // A number handed out must not stay behind in memory.
  return std::exchange(buffer_[--left_], 0);
}

}  // namespace leat::io
