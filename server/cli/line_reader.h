#pragma once

#include <leat/result.h>

#include <string>
#include <string_view>

namespace leat::cli {

class Interrupt;

/// The lines of a file or a pipe, of any length and with any bytes in them.
class LineReader {
 public:
  /// Takes over `descriptor`. An interrupt ends it like the end of the file.
  LineReader(int descriptor, const Interrupt& interrupt) : descriptor_(descriptor), interrupt_(interrupt) {}
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// False at the end. `line`, without its end ("\n"), is valid until the next call; the last may lack it.
  Result<bool> next(std::string_view& line);

 private:
  Result<bool> fill();

  const int descriptor_;
  const Interrupt& interrupt_;
  std::string buffer_;
  std::size_t at_ = 0;
  bool has_ended_ = false;
};

}  // namespace leat::cli
