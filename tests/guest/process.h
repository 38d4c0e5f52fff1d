#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>

#include "../io/temporary_directory.h"

namespace leat::test {

using io::TemporaryDirectory;

// What the kernel says of this process.

std::size_t thread_count();
std::size_t descriptor_count();
/// The descriptors of files and folders at `path` and below it.
std::size_t descriptors_below(const std::string& path);
/// Resident memory.
std::size_t resident_bytes();
/// A sanitizer keeps freed memory, and has threads of its own.
constexpr bool is_sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
  return false;
#endif
}

/// The exit status of a child once it has ended; minus the signal that ended it.
int wait_for(pid_t child);
/// The exit status of `body` in a forked child, as above. One that hangs is ended after 20 s.
int in_child(const std::function<int()>& body);

}  // namespace leat::test
