#include "broker/broker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>

#include "base/errors.h"
#include "broker/effective_config.h"
#include "broker/frame_connection.h"
#include "broker/local_channel.h"
#include "broker/membership.h"
#include "broker/services.h"
#include "config/broker_settings.h"
#include "config/cluster_settings.h"
#include "config/log_settings.h"

namespace leat::broker {
namespace {

using storage::LogDirectory;

/// How often deleted files are looked for.
constexpr auto purge_interval = std::chrono::seconds(60);
/// How often at least logs that sync by time are looked at.
constexpr auto flush_interval_max = std::chrono::milliseconds(1000);

std::vector<metadata::Endpoint> as_endpoints(const std::vector<config::Listener>& advertised) {
  std::vector<metadata::Endpoint> endpoints;
  for (const auto& listener : advertised)
    endpoints.push_back({.listener = listener.name, .host = listener.host, .port = listener.port});
  return endpoints;
}

std::size_t memory_limit(const Environment& environment, const config::BrokerConfig& config) {
  const std::int64_t configured = config.get(config::queued_max_request_bytes);
  return configured > 0 ? static_cast<std::size_t>(configured) : environment.memory_limit;
}

class Core final : public Broker, public std::enable_shared_from_this<Core> {
 public:
  Core(Environment environment, config::BrokerConfig config)
      : environment_(std::move(environment)),
        config_(std::move(config)),
        node_id_(config_.get(config::node_id)),
        memory_(memory_limit(environment_, config_)),
        endpoints_(own_endpoints()),
        fetch_sessions_(
            static_cast<std::size_t>(config_.get(config::max_incremental_fetch_session_cache_slots)),
            environment_.entropy),
        partitions_(environment_, config_, node_id_),
        groups_(environment_, config_, node_id_, partitions_) {}
  ~Core() override {
    (void)close();
    // What the controller still answers refers to the services.
    controller_.reset();
  }

  Result<void> open() {
    LEAT_CHECK(check_reach());
    LEAT_TRY(auto directories, open_directories());
    LEAT_CHECK(format_missing(directories));
    const auto membership = membership_options(directories);
    if (config_.is_controller()) {
      LEAT_TRY(controller_, open_controller(directories));
    }
    become_member(membership);
    if (!controller_) LEAT_CHECK(membership_->copy_metadata());
    LEAT_TRY(auto partition_directories, with_rounds(std::move(directories)));
    LEAT_CHECK(follow_metadata(std::move(partition_directories)));
    if (!controller_) LEAT_CHECK(membership_->enter([this] { return partitions_.offline_directories(); }));
    start_timers();
    return {};
  }

  std::shared_ptr<protocol::Channel> channel(std::string client_id) override {
    const auto& listeners = config_.is_broker() ? config_.advertised_listeners() : config_.advertised_controller_listeners();
    return std::make_shared<LocalChannel>(shared_from_this(), *services_, std::move(client_id), listeners.front().name);
  }

  std::shared_ptr<Connection> connect(ConnectionInfo info, Connection::Sink sink) override {
    auto connection = std::make_shared<FrameConnection>(shared_from_this(), *services_, std::move(info),
                                                        std::move(sink));
    std::lock_guard lock(mutex_);
    std::erase_if(connections_, [](const auto& weak) { return weak.expired(); });
    connections_.push_back(connection);
    return connection;
  }

  Result<void> set_endpoints(std::vector<metadata::Endpoint> endpoints) override {
    endpoints_.set(endpoints);
    if (!config_.is_broker()) return {};
    if (!controller_) {
      membership_->set_endpoints(endpoints);
      return {};
    }
    Event registered;
    Result<void> outcome;
    controller_->set_endpoints(std::move(endpoints), [&](Result<void> result) {
      outcome = std::move(result);
      registered.set();
    });
    environment_.executor.wait(registered, Instant::max());
    return outcome;
  }

  const std::string& cluster_id() const override { return cluster_id_; }
  const std::string& data_dir() const override { return config_.metadata_log_dir(); }
  const config::BrokerConfig& config() const override { return config_; }
  MemoryBudget& memory() override { return memory_; }
  Executor& blocking() override { return environment_.blocking; }

  Result<void> close() override {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(closed_, true)) return {};
      is_closed_ = true;
      for (TimerId timer : timers_) environment_.executor.cancel(timer);
    }
    if (!membership_) return {};
    const std::int64_t epoch = membership_->broker_epoch();
    groups_.close();
    // As Kafka's single node: leaderships are given up in the metadata first, the marker comes last.
    Result<void> outcome = controller_ ? controller_->close() : Result<void>();
    if (auto left = membership_->close(); !left) outcome = left;
    if (auto closed = partitions_.close(epoch); !closed) outcome = closed;
    return outcome;
  }

  void give_up_leaderships() override { membership_->leave(); }

 private:
  using Directories = std::vector<std::unique_ptr<LogDirectory>>;

  Result<void> check_reach() const {
    if (config_.is_controller() || environment_.connector) return {};
    return Error{Errc::invalid_config, "process.roles is broker, and this broker has no way to other nodes: run leatd, or "
                                       "leave process.roles out"};
  }

  Result<Directories> open_directories() {
    Directories opened;
    std::vector<std::string> paths(config_.log_dirs().begin(), config_.log_dirs().end());
    if (std::ranges::find(paths, config_.metadata_log_dir()) == paths.end())
      return Error{Errc::invalid_config, "metadata.log.dir must be one of log.dirs, and " +
                                             config_.metadata_log_dir() + " is not"};
    for (const std::string& path : paths) {
      auto directory = LogDirectory::open(environment_.volume, environment_.clock,
                                          {.path = path,
                                           .recovery_threads = config_.get(config::num_recovery_threads_per_data_dir)},
                                          environment_.diagnostics);
      if (directory) {
        opened.push_back(std::move(*directory));
      } else if (path != config_.metadata_log_dir() && is_of_disk(directory.error().code)) {
        environment_.diagnostics.say(LogLevel::error, "going on without the log directory " + path + ": " +
                                                          directory.error().to_string() +
                                                          ". Repair its disk and start the broker again");
      } else {
        return std::move(directory).error();
      }
    }
    return opened;
  }
  static bool is_of_disk(Errc code) {
    return code == Errc::io_error || code == Errc::disk_full || code == Errc::not_found;
  }

  LogDirectory& metadata_directory(const Directories& directories) const {
    return **std::ranges::find(directories, config_.metadata_log_dir(),
                               [](const auto& directory) { return directory->path(); });
  }

  /// Gives every directory that has none an identity, the metadata directory first.
  Result<void> format_missing(const Directories& directories) {
    for (const auto& directory : directories) {
      if (!directory->meta()) continue;
      const auto& meta = *directory->meta();
      if (meta.node_id != node_id_)
        return Error{Errc::invalid_config, directory->path() + " belongs to node.id " +
                                               std::to_string(meta.node_id) + ", and the configuration says " +
                                               std::to_string(node_id_)};
      if (!cluster_id_.empty() && meta.cluster_id != cluster_id_)
        return Error{Errc::inconsistent_cluster_id, directory->path() + " belongs to cluster " +
                                                        meta.cluster_id + ", another directory to " + cluster_id_};
      cluster_id_ = meta.cluster_id;
    }
    const bool is_new = cluster_id_.empty();
    if (is_new && config_.is_controller()) cluster_id_ = Uuid::random(environment_.entropy).to_string();
    if (is_new && !config_.is_controller()) {
      LEAT_TRY(cluster_id_, find_cluster_id(environment_, config_));
    }
    LogDirectory& metadata = metadata_directory(directories);
    if (!is_new && !metadata.meta())
      return Error{Errc::invalid_config, "the metadata directory " + metadata.path() +
                                             " is empty, while other log directories belong to cluster " +
                                             cluster_id_};
    for (const auto& directory : directories)
      identities_[directory->path()] =
          directory->meta() ? directory->meta()->directory_id : Uuid::random(environment_.entropy);
    if (is_new && config_.is_controller())
      LEAT_CHECK(metadata::Controller::format(environment_.volume, environment_.clock,
                                              controller_options(directories)));
    for (const auto& directory : directories)
      if (!directory->meta())
        LEAT_CHECK(directory->format({cluster_id_, node_id_, identities_[directory->path()]}));
    return {};
  }

  std::vector<metadata::Endpoint> own_endpoints() const {
    return environment_.endpoints.empty() ? as_endpoints(config_.advertised_listeners()) : environment_.endpoints;
  }

  Membership::Options membership_options(const Directories& directories) const {
    Membership::Options options{.cluster_id = cluster_id_,
                                .node_id = node_id_,
                                .directory_id = identities_.at(config_.metadata_log_dir()),
                                .log_directories = {},
                                .endpoints = own_endpoints(),
                                .clean_broker_epoch = clean_epoch(directories)};
    for (const auto& directory : directories) options.log_directories.push_back(identities_.at(directory->path()));
    return options;
  }

  void become_member(const Membership::Options& options) {
    Membership::OwnController own;
    if (controller_) {
      own.broker_epoch = [this] { return controller_->broker_epoch(); };
      // It keeps nothing alive: the broker's own way to its controller goes with the broker.
      own.channel = [this] {
        return std::make_shared<LocalChannel>(nullptr, *services_, "leat", config_.controller_listener_name());
      };
    }
    membership_ = std::make_unique<Membership>(environment_, config_, images_, options, std::move(own), weak_from_this());
    partitions_.replicate(membership_->replication());
    services_ = std::make_unique<Services>(Services{environment_, config_, cluster_id_, node_id_, images_,
                                                    controller_.get(), *membership_, partitions_, fetch_sessions_,
                                                    endpoints_, groups_, is_closed_});
  }

  metadata::Controller::Options controller_options(const Directories& directories) const {
    metadata::Controller::Options options;
    options.directory = config_.metadata_log_dir();
    options.cluster_id = cluster_id_;
    options.node_id = node_id_;
    options.directory_id = identities_.at(config_.metadata_log_dir());
    options.is_broker = config_.is_broker();
    options.endpoints = own_endpoints();
    options.controller_endpoints = environment_.controller_endpoints.empty()
                                       ? as_endpoints(config_.advertised_controller_listeners())
                                       : environment_.controller_endpoints;
    options.rack = config_.find(config::broker_rack);
    for (const auto& directory : directories) options.log_directories.push_back(identities_.at(directory->path()));
    options.clean_broker_epoch = clean_epoch(directories);
    options.default_partitions = config_.get(config::num_partitions);
    options.default_replication_factor =
        static_cast<std::int16_t>(config_.get(config::default_replication_factor));
    options.min_insync_replicas = config_.get(config::min_insync_replicas);
    options.broker_session_timeout = std::chrono::milliseconds(config_.get(config::broker_session_timeout_ms));
    options.delete_topic_enable = config_.get(config::delete_topic_enable);
    options.config_rules = config_rules(config_, node_id_);
    return options;
  }

  /// The stop was clean if every directory has the marker of the same run.
  static std::optional<std::int64_t> clean_epoch(const Directories& directories) {
    std::set<std::optional<std::int64_t>> epochs;
    for (const auto& directory : directories) epochs.insert(directory->clean_broker_epoch());
    return epochs.size() == 1 ? *epochs.begin() : std::nullopt;
  }

  Result<std::unique_ptr<metadata::Controller>> open_controller(const Directories& directories) {
    return metadata::Controller::open({.executor = environment_.executor,
                                       .clock = environment_.clock,
                                       .entropy = environment_.entropy,
                                       .volume = environment_.volume,
                                       .images = images_,
                                       .diagnostics = environment_.diagnostics},
                                      controller_options(directories));
  }

  Result<void> follow_metadata(std::vector<Partitions::Directory> directories) {
    images_.on_change([this](const metadata::Image&, std::shared_ptr<const metadata::Image> image) {
      std::lock_guard lock(applying_);
      if (applied_) apply(std::move(image));
    });
    const bool all_are_there = directories.size() == config_.log_dirs().size();
    const auto first = images_.current();
    LEAT_CHECK(partitions_.open(std::move(directories), all_are_there, *first));
    groups_.apply(metadata::Image{}, *first);
    std::lock_guard lock(applying_);
    applied_ = first;
    apply(images_.current());
    return {};
  }
  void apply(std::shared_ptr<const metadata::Image> image) {
    if (image == applied_) return;
    partitions_.apply(*applied_, *image);
    groups_.apply(*applied_, *image);
    applied_ = std::move(image);
  }

  Result<std::vector<Partitions::Directory>> with_rounds(Directories directories) {
    std::vector<Partitions::Directory> all;
    for (auto& directory : directories) {
      const Uuid id = identities_.at(directory->path());
      all.push_back({.files = std::move(directory),
                     .id = id,
                     .rounds = std::make_unique<storage::SyncRounds>(environment_.volume)});
    }
    return all;
  }

  /// Runs `work` every `interval` until the broker closes, the first time after `delay`. An interval of 0 is never.
  void repeat(std::chrono::milliseconds interval, std::function<void()> work) {
    repeat(interval, interval, std::move(work));
  }
  void repeat(std::chrono::milliseconds delay, std::chrono::milliseconds interval, std::function<void()> work) {
    std::lock_guard lock(mutex_);
    if (closed_ || interval.count() == 0) return;
    const std::size_t slot = timers_.size();
    timers_.push_back(TimerId::none);
    repeat(slot, delay, interval, std::make_shared<std::function<void()>>(std::move(work)));
  }
  void repeat(std::size_t slot, std::chrono::milliseconds delay, std::chrono::milliseconds interval,
              std::shared_ptr<std::function<void()>> work) {
    timers_[slot] = environment_.executor.at(
        environment_.executor.now() + delay, [weak = weak_from_this(), slot, interval, work] {
          auto self = weak.lock();
          if (!self || self->is_closed_) return;
          const FatalScope fatal(self->environment_.on_fatal);
          (*work)();
          std::lock_guard lock(self->mutex_);
          if (!self->closed_) self->repeat(slot, interval, interval, work);
        });
  }

  void start_timers() {
    using std::chrono::milliseconds;
    repeat(milliseconds(config_.get(config::replica_high_watermark_checkpoint_interval_ms)),
           [this] { partitions_.checkpoint_high_watermarks(); });
    repeat(milliseconds(config_.get(config::log_flush_offset_checkpoint_interval_ms)),
           [this] { partitions_.checkpoint(weak_from_this()); });
    repeat(milliseconds(config_.get(config::log_flush_start_offset_checkpoint_interval_ms)),
           [this] { partitions_.checkpoint_log_starts(); });
    repeat(milliseconds(config_.get(config::log_initial_task_delay_ms)),
           milliseconds(config_.get(config::log_retention_check_interval_ms)), [this] { partitions_.retain(); });
    repeat(milliseconds(std::clamp<std::int64_t>(config_.get(config::log_flush_scheduler_interval_ms), 1,
                                                 flush_interval_max.count())),
           [this] { partitions_.flush_due(); });
    repeat(milliseconds(config_.get(config::producer_id_expiration_check_interval_ms)),
           [this] { partitions_.expire_producers(); });
    if (environment_.connector)
      repeat(milliseconds(config_.get(config::replica_lag_time_max_ms)) / 2, [this] { partitions_.review_isrs(); });
    repeat(purge_interval, [this] { partitions_.purge_deleted(); });
    partitions_.on_round_end([weak = weak_from_this()] {
      if (auto self = weak.lock()) self->reconsider_connections();
    });
  }

  /// A sync round ended: connections that were not read because of unsynced bytes may go on.
  void reconsider_connections() {
    std::vector<std::shared_ptr<FrameConnection>> connections;
    {
      std::lock_guard lock(mutex_);
      for (const auto& weak : connections_)
        if (auto connection = weak.lock()) connections.push_back(std::move(connection));
    }
    for (const auto& connection : connections) connection->reconsider();
  }

  const Environment environment_;
  const config::BrokerConfig config_;
  const NodeId node_id_;
  std::string cluster_id_;
  std::map<std::string, Uuid> identities_;  // of the log directories, by path
  MemoryBudget memory_;
  Endpoints endpoints_;
  metadata::Images images_;
  FetchSessions fetch_sessions_;
  std::unique_ptr<Membership> membership_;  // the partitions refer to it
  Partitions partitions_;
  GroupCoordinator groups_;
  std::mutex applying_;  // one image after the other; before every other lock
  std::shared_ptr<const metadata::Image> applied_;  // null until all logs are loaded; guarded by applying_
  std::unique_ptr<metadata::Controller> controller_;
  std::unique_ptr<Services> services_;
  std::atomic<bool> is_closed_ = false;  // for requests

  std::mutex mutex_;  // guards all below; taken under no other lock
  std::vector<std::weak_ptr<FrameConnection>> connections_;
  std::vector<TimerId> timers_;
  bool closed_ = false;
};

}  // namespace

Result<std::shared_ptr<Broker>> Broker::open(Environment environment, config::BrokerConfig config) {
  auto core = std::make_shared<Core>(std::move(environment), std::move(config));
  LEAT_CHECK(core->open());
  return std::shared_ptr<Broker>(std::move(core));
}

}  // namespace leat::broker
