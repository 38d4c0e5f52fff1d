#include "base/assert.h"

#include <cstdlib>

namespace leat {
namespace {
thread_local const FatalHandler* current = nullptr;
}

FatalScope::FatalScope(const FatalHandler& handler) noexcept : previous_(current) {
  current = &handler;
}
FatalScope::~FatalScope() { current = previous_; }

void fatal(std::string_view message, std::source_location where) {
  if (current && *current) {
    (*current)(std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": " +
               std::string(message));
  }
  std::abort();
}

}  // namespace leat
