#pragma once

namespace leat::cli {

/// Ctrl-C and SIGTERM as a question: while one of these lives the first of them only makes is_set() true, and lets a
/// waiting read() return; the second ends the process.
class Interrupt {
 public:
  Interrupt();
  bool is_set() const;
  /// The exit status that says so to a shell.
  static constexpr int status = 130;
};

}  // namespace leat::cli
