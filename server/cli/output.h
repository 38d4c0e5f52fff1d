#pragma once

#include <leat/result.h>

#include <string>
#include <string_view>

namespace leat::cli {

/// Standard output, written in large pieces. What is left is lost without a flush(), which can fail.
class Output {
 public:
  /// To be filled; follow with write().
  std::string& buffer() { return buffer_; }
  /// Writes what has gathered, once that is much or when a terminal shows it.
  Result<void> write();
  Result<void> flush();

 private:
  const bool is_terminal_ = is_terminal(1);
  std::string buffer_;

 public:
  static bool is_terminal(int descriptor);
};

}  // namespace leat::cli
