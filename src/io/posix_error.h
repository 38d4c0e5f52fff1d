#pragma once

#include <leat/error.h>

#include <string_view>

namespace leat::io {

/// "fdatasync of a/b: No space left on device", with the Errc that fits `error` (an errno).
Error posix_error(int error, std::string_view call, std::string_view path);

}  // namespace leat::io
