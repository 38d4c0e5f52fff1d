#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace leat::cli {

/// How far long work is: a line at the bottom of the terminal, rewritten once a second and gone at the end. Silent
/// when standard error is no terminal.
class Progress {
 public:
  /// `wanted` false: silent in any case, as when results on the same terminal would mix with it.
  explicit Progress(bool wanted = true);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Calls `line` only when it is time to.
  void tick(const std::function<std::string()>& line) {
    if (is_shown_) show(line);
  }

 private:
  void show(const std::function<std::string()>& line);

  const bool is_shown_;
  bool has_line_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace leat::cli
