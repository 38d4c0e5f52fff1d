#include "logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <mutex>

namespace leat::daemon {

namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

// Long work says where it is, short work nothing.
class Progress {
 public:
  void operator()(std::string_view what, std::size_t done, std::size_t total) {
    using namespace std::chrono;
    std::lock_guard lock(mutex_);
    const auto now = steady_clock::now();
    if (now - told_at_ < seconds(1)) return;
    told_at_ = now;
    spdlog::info("{}: {} of {}", fmt::string_view(what.data(), what.size()), done, total);
  }

 private:
  std::mutex mutex_;
  std::chrono::steady_clock::time_point told_at_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<void> start_logging(const std::string& level) {
  const auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off")
    return Error{Errc::invalid_argument,
                 "log level " + level + ": it must be one of debug, info, warning, error and off"};
  auto logger = spdlog::stderr_logger_mt("leatd");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

Diagnostics diagnostics() {
  auto progress = std::make_shared<Progress>();
  return {.log = [](LogLevel level,
                    std::string_view message) { spdlog::log(level_of(level), "{}", fmt::string_view(message.data(), message.size())); },
          .progress = [progress](std::string_view what, std::size_t done,
                                 std::size_t total) { (*progress)(what, done, total); }};
}

void log_fatal(std::string_view message) {
  spdlog::critical("{}", fmt::string_view(message.data(), message.size()));
}

}  // namespace leat::daemon
