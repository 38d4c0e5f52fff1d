#include "line_reader.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/errors.h"
#include "interrupt.h"

namespace leat::cli {

LineReader::~LineReader() { ::close(descriptor_); }

Result<bool> LineReader::next(std::string_view& line) {
  for (std::size_t searched = at_;;) {
    if (const auto end = buffer_.find('\n', searched); end != std::string::npos) {
      line = std::string_view(buffer_).substr(at_, end - at_);
      at_ = end + 1;
      return true;
    }
    searched = buffer_.size() - at_;
    LEAT_TRY(const bool more, fill());
    if (more) continue;
    line = std::string_view(buffer_).substr(at_);
    at_ = buffer_.size();
    return !line.empty();
  }
}

/// Moves what is left to the front and reads more behind it.
Result<bool> LineReader::fill() {
  constexpr std::size_t piece = 64 * 1024;
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t size = buffer_.size();
  buffer_.resize(size + piece);
  ssize_t got = 0;
  while (!has_ended_ && !interrupt_.is_set()) {
    got = ::read(descriptor_, buffer_.data() + size, piece);
    if (got >= 0 || errno != EINTR) break;
    got = 0;
  }
  const int error = errno;
  buffer_.resize(size + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got < 0) return Error{Errc::io_error, std::string("reading the input: ") + std::strerror(error)};
  has_ended_ = got == 0;
  return !has_ended_;
}

}  // namespace leat::cli
