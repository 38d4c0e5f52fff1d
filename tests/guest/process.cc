#include "process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

namespace leat::test {
namespace {

template <class Predicate>
std::size_t count_entries(const char* folder, Predicate counts) {
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) found += counts(entry);
  return found;
}

}  // namespace

std::size_t thread_count() {
  return count_entries("/proc/self/task", [](const auto&) { return true; });
}

std::size_t descriptor_count() {
  return count_entries("/proc/self/fd", [](const auto&) { return true; });
}

std::size_t descriptors_below(const std::string& path) {
  return count_entries("/proc/self/fd", [&](const auto& entry) {
    std::error_code closed_meanwhile;
    return std::filesystem::read_symlink(entry, closed_meanwhile).string().starts_with(path);
  });
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    ::_exit(body());
  }
  return wait_for(child);
}

}  // namespace leat::test
