#pragma once

#include <cstdint>

namespace leat {

/// The only source of randomness in the core. Safe from any thread.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::uint64_t next() = 0;
};

}  // namespace leat
