#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "base/errors.h"
#include "broker/broker.h"
#include "config/broker_settings.h"
#include "config/properties.h"
#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "io/real_entropy.h"
#include "io/thread_pool.h"
#include "logging.h"
#include "net/broker_server.h"
#include "net/tcp_connector.h"
#include "options.h"

namespace leat::daemon {
namespace {

constexpr int cannot_start = 2;

int refuse(const Error& error) {
  std::fprintf(stderr, "leatd: %s\n", error.context.c_str());
  return cannot_start;
}

Result<config::BrokerConfig> configure(const Options& options) {
  std::vector<config::Property> properties;
  if (!options.file.empty()) {
    std::ifstream file(options.file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open() || file.bad())
      return Error{Errc::not_found, "cannot read " + options.file + ": give the path of a properties file, or none"};
    properties = config::parse_properties(text, options.file);
  }
  properties.insert(properties.end(), options.settings.begin(), options.settings.end());
  return config::BrokerConfig::parse(properties, config::Face::daemon);
}

// A daemon may have all descriptors that the system allows it. Half of them are for files, half for clients.
std::size_t descriptors_for_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return std::clamp<std::size_t>(limit.rlim_cur / 2, 64, 65'536);
}

sigset_t stopping_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

std::string joined(std::span<const net::ListeningSocket> sockets) {
  std::string text;
  for (const auto& socket : sockets) text.append(text.empty() ? "" : ",").append(socket.listener().to_string());
  return text;
}

std::string joined(const config::StringList& directories) {
  std::string text;
  for (const auto& directory : directories) {
    std::error_code ignored;
    text.append(text.empty() ? "" : ",").append(std::filesystem::absolute(directory, ignored).lexically_normal().string());
  }
  return text;
}

int run(const Options& options, std::chrono::steady_clock::time_point started) {
  const char* environment_level = std::getenv("LEAT_LOG");
  if (auto logging = start_logging(!options.log_level.empty() ? options.log_level
                                   : environment_level        ? environment_level
                                                              : "info");
      !logging)
    return refuse(logging.error());
  const Diagnostics diagnostics = daemon::diagnostics();

  auto config = configure(options);
  if (!config) return refuse(config.error());
  const int backlog = config->get(config::socket_listen_backlog_size);
  auto sockets = net::open_listeners(config->listeners(), backlog);
  if (!sockets) return refuse(sockets.error());
  auto controller_sockets = net::open_listeners(config->controller_listeners(), backlog);
  if (!controller_sockets) return refuse(controller_sockets.error());
  const auto endpoints =
      net::endpoints_of(net::complete_advertised(config->advertised_listeners(), *sockets, diagnostics));
  const auto controller_endpoints = net::endpoints_of(
      net::complete_advertised(config->advertised_controller_listeners(), *controller_sockets, diagnostics));

  io::ThreadPool blocking(static_cast<std::size_t>(config->get(config::num_io_threads)), "leat-io");
  io::ThreadPool executor(std::clamp(std::thread::hardware_concurrency(), 2u, 8u));
  io::PosixVolume volume(blocking, {.max_open_descriptors = descriptors_for_files(), .prefer_syncfs = true});
  io::SystemClock clock;
  io::SystemEntropy entropy;
  net::TcpConnector connector;
  auto opened = broker::Broker::open({.executor = executor,
                                      .blocking = blocking,
                                      .clock = clock,
                                      .entropy = entropy,
                                      .volume = volume,
                                      .diagnostics = diagnostics,
                                      .on_fatal = log_fatal,
                                      .connector = &connector,
                                      .endpoints = endpoints,
                                      .controller_endpoints = controller_endpoints},
                                     *config);
  if (!opened) return refuse(opened.error());
  const std::shared_ptr<broker::Broker> broker = std::move(*opened);
  for (const std::string& warning : config->warnings()) diagnostics.say(LogLevel::warning, warning);

  std::ranges::move(*controller_sockets, std::back_inserter(*sockets));
  const std::string listening = joined(*sockets);
  const auto server =
      net::make_server(broker, static_cast<std::size_t>(config->get(config::num_network_threads)), diagnostics);
  server->serve(std::move(*sockets));

  // Until here a signal ends the process at once, which no log minds; from here on it is waited for.
  const sigset_t signals = stopping_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started).count();
  std::printf("leatd ready: listeners=%s cluster.id=%s log.dirs=%s in %lld ms\n", listening.c_str(),
              broker->cluster_id().c_str(), joined(config->log_dirs()).c_str(), static_cast<long long>(took));
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  diagnostics.say(LogLevel::info, std::string("stopping: SIG") + sigabbrev_np(signal));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);  // a second one does not wait
  broker->give_up_leaderships();
  server->close();
  if (auto closed = broker->close(); !closed) {
    diagnostics.say(LogLevel::error, "stopping: " + closed.error().to_string());
    return 1;
  }
  return 0;
}

int start(int count, char** arguments, std::chrono::steady_clock::time_point started) {
  auto options = parse_options(std::span<const char* const>(arguments + 1, static_cast<std::size_t>(count - 1)));
  if (!options) return refuse(options.error());
  if (options->help) return std::fputs(usage, stdout) < 0 ? 1 : 0;
  if (options->version) return std::puts("leatd " LEAT_VERSION) < 0 ? 1 : 0;
  return run(*options, started);
}

}  // namespace
}  // namespace leat::daemon

int main(int count, char** arguments) {
  const auto started = std::chrono::steady_clock::now();
  try {
    return leat::daemon::start(count, arguments, started);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "leatd: %s\n", failure.what());
    return 1;
  }
}
