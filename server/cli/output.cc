#include "output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/errors.h"
#include "sentence.h"

namespace leat::cli {

bool Output::is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

Result<void> Output::write() {
  constexpr std::size_t enough = 64 * 1024;
  if (buffer_.size() >= enough || is_terminal_) return flush();
  return {};
}

Result<void> Output::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return reader_gone();
    } else if (errno != EINTR) {
      return Error{Errc::io_error, std::string("writing to standard output: ") + std::strerror(errno)};
    }
  }
  buffer_.clear();
  return {};
}

}  // namespace leat::cli
