#include "client/embedded_host.h"

#include <algorithm>

#include "base/errors.h"
#include "io/caller_driven_executor.h"
#include "io/hosted_executor.h"
#include "io/thread_pool.h"

namespace leat::client {

Machine::Machine(const BrokerOptions& options) : system_clock(options.wall_clock) {
  if (options.executor) {
    owned_executor = std::make_unique<io::HostedExecutor>(options.executor);
  } else if (options.threading == Threading::caller_driven) {
    auto executor = std::make_unique<io::CallerDrivenExecutor>(system_clock);
    caller_driven = executor.get();
    owned_executor = std::move(executor);
  } else {
    owned_executor = std::make_unique<io::ThreadPool>(std::max<std::size_t>(options.threads, 1));
  }
}
Machine::~Machine() = default;

EmbeddedHost::EmbeddedHost(const BrokerOptions& options)
    : Machine(options), Host(*owned_executor, system_clock, system_entropy),
      volume_(executor, {.max_open_descriptors = std::max<std::size_t>(options.max_open_files, 2)}) {
  on_fatal = options.on_fatal;
}

EmbeddedHost::~EmbeddedHost() {
  // Before what the broker runs on goes, and with the threads still there.
  if (core_) (void)core_->close();
  core_.reset();
  // Whatever still refers to the broker or its files goes with the tasks.
  owned_executor.reset();
}

Result<std::shared_ptr<EmbeddedHost>> EmbeddedHost::open(const BrokerOptions& options) {
  std::vector<config::Property> properties;
  for (const auto& [key, value] : options.settings) properties.push_back({key, value, "BrokerOptions::settings"});
  if (options.data_dir.empty()) return Error{Errc::invalid_argument, "BrokerOptions::data_dir is empty"};
  properties.push_back({"log.dirs", options.data_dir, "BrokerOptions::data_dir"});
  LEAT_TRY(auto config, config::BrokerConfig::parse(properties, config::Face::embedded));

  std::shared_ptr<EmbeddedHost> host(new EmbeddedHost(options));
  FatalScope scope(host->on_fatal);
  LEAT_TRY(host->core_, broker::Broker::open({.executor = host->executor,
                                              .blocking = host->executor,
                                              .clock = host->clock,
                                              .entropy = host->entropy,
                                              .volume = host->volume_,
                                              .diagnostics = {options.log, options.progress},
                                              .on_fatal = options.on_fatal,
                                              .memory_limit = options.memory_limit},
                                             std::move(config)));
  return host;
}

std::size_t EmbeddedHost::run_once() {
  if (!caller_driven) return 0;
  std::size_t runs = 0;
  while (caller_driven->run_once(clock.now())) ++runs;
  return runs;
}

std::shared_ptr<protocol::Channel> EmbeddedChannels::to_any() {
  const auto core = core_.lock();
  return core ? core->channel(client_id_) : nullptr;
}

std::shared_ptr<protocol::Channel> EmbeddedChannels::to(const NodeAddress&) { return to_any(); }

}  // namespace leat::client
