#pragma once

#include <cstddef>
#include <vector>

namespace leat::record {

/// Borrows the calling thread's buffer for inflating, empty, and gives it back at the end of the scope.
/// A nested one has a buffer of its own. What a thread keeps afterwards is bounded (4 MiB).
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::vector<std::byte>& buffer() noexcept { return buffer_; }

 private:
  std::vector<std::byte> buffer_;
};

}  // namespace leat::record
