#include "io/posix_error.h"

#include <cerrno>
#include <system_error>

namespace leat::io {

namespace {

Errc code_of(int error) {
  switch (error) {
    case ENOENT: return Errc::not_found;
    case ENOSPC:
    case EDQUOT: return Errc::disk_full;
    default: return Errc::io_error;
  }
}

}  // namespace

Error posix_error(int error, std::string_view call, std::string_view path) {
  std::string context(call);
  context.append(" of ").append(path).append(": ");
  context.append(std::generic_category().message(error));  // strerror is not safe from every thread
  return {code_of(error), std::move(context)};
}

}  // namespace leat::io
