#include "io/descriptor.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "io/posix_error.h"

namespace leat::io {

namespace {
/// The kernel's default readahead window: within one, the first byte stands for the rest.
constexpr std::size_t probe_window = 128 * 1024;
}  // namespace

bool DescriptorBudget::try_take() {
  std::lock_guard lock(mutex_);
  if (taken_ >= limit_) return false;
  ++taken_;
  return true;
}

void DescriptorBudget::give_back() {
  {
    std::lock_guard lock(mutex_);
    --taken_;
  }
  given_back_.notify_one();
}

void DescriptorBudget::wait(Duration timeout) {
  std::unique_lock lock(mutex_);
  given_back_.wait_for(lock, timeout, [this] { return taken_ < limit_; });
}

std::size_t DescriptorBudget::taken() const {
  std::lock_guard lock(mutex_);
  return taken_;
}

Descriptor::~Descriptor() { ::close(fd_); }

Result<std::size_t> Descriptor::read_at(std::uint64_t position, std::span<std::byte> out) const {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t got = ::pread(fd_, out.data() + filled, out.size() - filled,
                                static_cast<off_t>(position + filled));
    if (got == 0) break;
    if (got > 0)
      filled += static_cast<std::size_t>(got);
    else if (errno != EINTR)
      return posix_error(errno, "read", path_);
  }
  return filled;
}

bool Descriptor::is_resident(std::uint64_t position, std::size_t length) const {
  const std::uint64_t end = position + length;
  while (position < end) {
    std::byte byte;
    iovec target{&byte, 1};
    const ssize_t got = ::preadv2(fd_, &target, 1, static_cast<off_t>(position), RWF_NOWAIT);
    if (got < 0) return false;
    if (got == 0) break;
    position = (position / probe_window + 1) * probe_window;
  }
  return true;
}

void Descriptor::read_ahead(std::uint64_t position, std::size_t length) const {
  // The advice starts the reads together; reading then waits for them. One byte a page would do, but a
  // kernel that dropped the advice would be asked for single pages.
  (void)::posix_fadvise(fd_, static_cast<off_t>(position), static_cast<off_t>(length), POSIX_FADV_WILLNEED);
  std::array<std::byte, 32 * 1024> scratch;
  while (length > 0) {
    const ssize_t got =
        ::pread(fd_, scratch.data(), std::min(length, scratch.size()), static_cast<off_t>(position));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;  // the real read will meet the error, and say it
    position += static_cast<std::uint64_t>(got);
    length -= static_cast<std::size_t>(got);
  }
}

}  // namespace leat::io
