#pragma once

#include <leat/diagnostics.h>

#include <source_location>
#include <string>
#include <string_view>

namespace leat {



/// Makes `handler` the one that broken invariants on this thread are told to, for the guard's lifetime.
/// Entered by every public call and every task a broker runs; nests. The handler must outlive it.
class FatalScope {
 public:
  explicit FatalScope(const FatalHandler& handler) noexcept;
  ~FatalScope();
  FatalScope(const FatalScope&) = delete;
  FatalScope& operator=(const FatalScope&) = delete;

 private:
  const FatalHandler* previous_;
};

/// Tells the handler in scope, then aborts.
[[noreturn]] void fatal(std::string_view message,
                        std::source_location where = std::source_location::current());

}  // namespace leat

/// Guards an invariant, in release builds too. Never used on bytes from a disk or a peer.
#define LEAT_ASSERT(condition, message)                                     \
  do {                                                                      \
    if (!(condition)) [[unlikely]]                                          \
      ::leat::fatal(std::string("broken invariant: " #condition ": ") + (message)); \
  } while (false)
