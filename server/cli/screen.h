#pragma once

#include <leat/result.h>

#include <string>

#include "output.h"

namespace leat::cli {

/// A text that is shown over and over: on a terminal in the same place, cut to what fits; elsewhere one below the other,
/// with an empty line between.
class Screen {
 public:
  Result<void> show(const std::string& text);

 private:
  const bool is_terminal_ = Output::is_terminal(1);
  bool is_first_ = true;
  Output output_;
};

/// `text` cut to so many lines and columns, each line with `line_end` behind it.
std::string fitted(const std::string& text, std::size_t lines, std::size_t columns, const std::string& line_end);

}  // namespace leat::cli
