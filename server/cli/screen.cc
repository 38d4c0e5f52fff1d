#include "screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/errors.h"

namespace leat::cli {
namespace {

constexpr const char *clear_all = "\x1b[2J", *to_top = "\x1b[H", *clear_rest_of_line = "\x1b[K", *clear_below = "\x1b[J";

std::string cut(const std::string& line, std::size_t columns) {
  std::size_t shown = 0;
  for (std::size_t i = 0; i < line.size(); ++i)
    if ((line[i] & 0xc0) != 0x80 && shown++ == columns) return line.substr(0, i);
  return line;
}

}  // namespace

std::string fitted(const std::string& text, std::size_t lines, std::size_t columns, const std::string& line_end) {
  std::string out;
  std::size_t start = 0;
  for (; start < text.size() && lines > 0; --lines) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    out += cut(text.substr(start, end - start), columns) + line_end;
    start = end + 1;
  }
  return out;
}

Result<void> Screen::show(const std::string& text) {
  winsize size{};
  if (!is_terminal_) {
    output_.buffer() += (is_first_ ? "" : "\n") + text;
  } else if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 && size.ws_col > 0) {
    output_.buffer() += std::string(is_first_ ? clear_all : "") + to_top +
                        fitted(text, size.ws_row - 1u, size.ws_col, std::string(clear_rest_of_line) + '\n') + clear_below;
  } else {
    output_.buffer() += std::string(clear_all) + to_top + text;
  }
  is_first_ = false;
  return output_.flush();
}

}  // namespace leat::cli
