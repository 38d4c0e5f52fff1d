#include "progress.h"

#include <cstdio>

#include "output.h"

namespace leat::cli {
namespace {
constexpr std::chrono::seconds interval(1);
constexpr const char* clear_line = "\r\x1b[K";
}  // namespace

Progress::Progress(bool wanted)
    : is_shown_(wanted && Output::is_terminal(2)), next_(std::chrono::steady_clock::now() + interval) {}

Progress::~Progress() {
  if (has_line_) std::fputs(clear_line, stderr);
}

void Progress::show(const std::function<std::string()>& line) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + interval;
  has_line_ = true;
  std::fprintf(stderr, "%s%s", clear_line, line().c_str());
  std::fflush(stderr);
}

}  // namespace leat::cli
