#include <leat/result.h>

#include <cstdio>
#include <cstdlib>

namespace leat::detail {

void value_of_error(const Error& error) {
  std::fprintf(stderr, "leat: value() of an error: %s\n", error.to_string().c_str());
  std::abort();
}

}  // namespace leat::detail
