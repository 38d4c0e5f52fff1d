#include "broker/membership.h"

#include <utility>

#include "base/errors.h"
#include "config/broker_settings.h"
#include "config/cluster_settings.h"
#include "metadata/features.h"
#include "protocol/messages/describe_cluster.h"

namespace leat::broker {
namespace {

using std::chrono::milliseconds;

replication::FetchLoop::Options loop_options(const config::BrokerConfig& config, NodeId self) {
  return {.fetch = {.self = self,
                    .backoff = milliseconds(config.get(config::replica_fetch_backoff_ms)),
                    .max_wait_ms = config.get(config::replica_fetch_wait_max_ms),
                    .min_bytes = config.get(config::replica_fetch_min_bytes),
                    .max_bytes = config.get(config::replica_fetch_response_max_bytes),
                    .partition_max_bytes = config.get(config::replica_fetch_max_bytes)},
          .request_timeout = milliseconds(config.get(config::replica_socket_timeout_ms)),
          .client_id = "leat-replica-" + std::to_string(self)};
}

std::string names_of(const std::vector<config::Listener>& servers) {
  std::string text;
  for (const auto& server : servers)
    text.append(text.empty() ? "" : ", ").append(server.host).append(":").append(std::to_string(server.port));
  return text;
}

Error nobody_answers(const config::BrokerConfig& config, const std::string& what) {
  return {Errc::timed_out, "no controller at " + names_of(config.quorum_servers()) + " " + what + " within " +
                               std::to_string(config.get(config::initial_broker_registration_timeout_ms)) +
                               " ms (initial.broker.registration.timeout.ms)"};
}

}  // namespace

Membership::Membership(const Environment& environment, const config::BrokerConfig& config, metadata::Images& images,
                       Options options, OwnController own, std::weak_ptr<const void> owner)
    : environment_(environment),
      config_(config),
      images_(images),
      options_(std::move(options)),
      own_(std::move(own)),
      owner_(std::move(owner)),
      peers_(images),
      give_up_at_(environment.executor.now() + milliseconds(config.get(config::initial_broker_registration_timeout_ms))),
      forwarding_(link("forwarding")),
      reports_(link("reports")),
      isr_link_(link("isr")),
      producer_ids_(std::make_shared<ProducerIds>(forwarding_, options_.node_id, broker_epoch_while_alive())) {
  if (!environment_.connector) return;
  isr_changes_ = std::make_shared<IsrChanges>(environment_.executor, isr_link_, options_.node_id,
                                              broker_epoch_while_alive());
  fetchers_ = std::make_unique<ReplicaFetchers>(
      replication::FetchLoop::Environment{environment_.executor, environment_.blocking, environment_.diagnostics},
      ReplicaFetchers::Options{loop_options(config_, options_.node_id), config_.inter_broker_listener()}, images_,
      *environment_.connector, owner_);
  if (is_own_controller()) fetchers_->set_broker_epoch(broker_epoch());
}

Membership::~Membership() { (void)close(); }

std::shared_ptr<ControllerLink> Membership::link(const std::string& purpose) const {
  return std::make_shared<ControllerLink>(
      environment_.executor,
      ControllerLink::Options{.client_id = "leat-" + purpose + "-" + std::to_string(options_.node_id),
                              .request_timeout = milliseconds(config_.get(config::controller_socket_timeout_ms))},
      [this, owner = owner_]() -> std::shared_ptr<protocol::Channel> {
        const auto alive = owner.lock();
        return alive ? connect() : nullptr;
      });
}

std::function<std::int64_t()> Membership::broker_epoch_while_alive() const {
  return [this, owner = owner_]() -> std::int64_t {
    const auto alive = owner.lock();
    return alive ? broker_epoch() : -1;
  };
}

std::shared_ptr<protocol::Channel> Membership::connect() const {
  if (is_own_controller()) return own_.channel();
  const auto leader = metadata_ ? metadata_->controller() : std::nullopt;
  return leader ? environment_.connector->connect(leader->address.host, leader->address.port) : nullptr;
}

bool Membership::wait(Event& event) const { return environment_.executor.wait(event, give_up_at_); }

Result<void> Membership::copy_metadata() {
  metadata::Follower::Options options{.directory = config_.metadata_log_dir(), .copy = {}};
  options.copy.id = options_.node_id;
  options.copy.directory_id = options_.directory_id;
  options.copy.cluster_id = options_.cluster_id;
  options.copy.request_timeout = milliseconds(config_.get(config::controller_quorum_request_timeout_ms));
  options.copy.backoff = milliseconds(config_.get(config::controller_quorum_retry_backoff_ms));
  options.copy.fetch_bytes_max = config_.get(config::controller_quorum_fetch_max_bytes);
  for (const auto& server : config_.quorum_servers()) options.copy.servers.push_back({server.host, server.port});
  LEAT_TRY(metadata_, metadata::Follower::open({.executor = environment_.executor,
                                                .clock = environment_.clock,
                                                .entropy = environment_.entropy,
                                                .volume = environment_.volume,
                                                .connector = *environment_.connector,
                                                .images = images_,
                                                .diagnostics = environment_.diagnostics},
                                               std::move(options)));
  metadata_->start();
  if (wait(metadata_->caught_up())) return {};
  return nobody_answers(config_, "gave the cluster's metadata");
}

protocol::BrokerRegistrationRequest Membership::registration() const {
  protocol::BrokerRegistrationRequest request;
  request.broker_id = options_.node_id;
  request.cluster_id = options_.cluster_id;
  request.incarnation_id = Uuid::random(environment_.entropy);
  for (const auto& endpoint : options_.endpoints)
    request.listeners.push_back({endpoint.listener, endpoint.host, static_cast<std::uint16_t>(endpoint.port),
                                 endpoint.security_protocol});
  for (const auto& [name, levels] : metadata::declared_features())
    request.features.push_back({name, levels.first, levels.second});
  request.rack = config_.find(config::broker_rack);
  request.log_dirs = options_.log_directories;
  request.previous_broker_epoch = options_.clean_broker_epoch.value_or(-1);
  return request;
}

Result<void> Membership::enter(std::function<std::vector<Uuid>()> offline_directories) {
  struct Entry {
    Event over;
    Error refusal{Errc::none, {}};
  };
  const auto entry = std::make_shared<Entry>();
  lifecycle_ = std::make_shared<BrokerLifecycle>(
      environment_.executor, reports_,
      BrokerLifecycle::Options{.heartbeat_interval = milliseconds(config_.get(config::broker_heartbeat_interval_ms))},
      registration(),
      BrokerLifecycle::Facts{.applied =
                                 [this, owner = owner_] {
                                   const auto alive = owner.lock();
                                   return alive ? metadata_->applied() : no_offset;
                                 },
                             .offline_directories =
                                 [owner = owner_, offline = std::move(offline_directories)] {
                                   const auto alive = owner.lock();
                                   return alive ? offline() : std::vector<Uuid>();
                                 }},
      BrokerLifecycle::Listener{.registered =
                                    [this, owner = owner_](std::int64_t epoch) {
                                      if (const auto alive = owner.lock()) fetchers_->set_broker_epoch(epoch);
                                    },
                                .unfenced = [entry] { entry->over.set(); },
                                .refused =
                                    [entry](Error error) {
                                      if (entry->over.is_set()) return;
                                      entry->refusal = std::move(error);
                                      entry->over.set();
                                    }},
      environment_.diagnostics);
  lifecycle_->start();
  if (!wait(entry->over)) return nobody_answers(config_, "took this broker in");
  if (entry->refusal.code != Errc::none) return entry->refusal;
  return {};
}

void Membership::leave() {
  if (!lifecycle_) return;
  const auto granted = std::make_shared<Event>();
  lifecycle_->shut_down([granted] { granted->set(); });
  environment_.executor.wait(*granted, environment_.executor.now() + milliseconds(config_.get(config::broker_session_timeout_ms)));
}

Result<void> Membership::close() {
  if (lifecycle_) lifecycle_->close();
  for (const auto& link : {forwarding_, reports_, isr_link_}) link->close();
  if (fetchers_) fetchers_->close();
  return metadata_ ? metadata_->close() : Result<void>();
}

bool Membership::is_out_of_touch() const {
  const milliseconds session(config_.get(config::broker_session_timeout_ms));
  return metadata_ && environment_.executor.now() > metadata_->as_of() + session / 2;
}

std::int64_t Membership::broker_epoch() const {
  if (is_own_controller()) return own_.broker_epoch();
  return lifecycle_ ? lifecycle_->broker_epoch() : -1;
}

void Membership::set_endpoints(const std::vector<metadata::Endpoint>& endpoints) {
  if (lifecycle_) lifecycle_->set_endpoints(endpoints);
}

Partitions::Replication Membership::replication() {
  if (!fetchers_) return {};
  return {.peers = {.view = &peers_,
                    .isr_changer = isr_changes_.get(),
                    .lag_max = milliseconds(config_.get(config::replica_lag_time_max_ms))},
          .fetchers = fetchers_.get()};
}

Result<std::string> find_cluster_id(const Environment& environment, const config::BrokerConfig& config) {
  struct Question {
    Event over;
    std::string cluster_id;
  };
  const Instant give_up_at =
      environment.executor.now() + milliseconds(config.get(config::initial_broker_registration_timeout_ms));
  for (std::size_t next = 0;; ++next) {
    const auto& servers = config.quorum_servers();
    const auto& server = servers[next % servers.size()];
    auto link = std::make_shared<protocol::NodeLink>(
        environment.executor, environment.connector->connect(server.host, server.port), "leat-join");
    const Instant deadline =
        environment.executor.now() + milliseconds(config.get(config::controller_quorum_request_timeout_ms));
    link->open(deadline);
    const auto question = std::make_shared<Question>();
    protocol::Call call;
    call.schema = &protocol::DescribeClusterRequest::schema();
    call.deadline = deadline;
    call.build = [](std::int16_t) {
      protocol::DescribeClusterRequest request;
      request.endpoint_type = 2;  // controllers
      return protocol::AnyMessage(std::move(request));
    };
    call.done = [question](Result<protocol::Reply> reply) {
      if (const auto* response = reply ? reply->get<protocol::DescribeClusterResponse>() : nullptr)
        question->cluster_id = response->cluster_id;
      question->over.set();
    };
    link->send(std::move(call));
    if (!environment.executor.wait(question->over, give_up_at)) break;
    link->close();
    if (!question->cluster_id.empty()) return question->cluster_id;
    Event pause;
    environment.executor.wait(pause, environment.executor.now() + std::chrono::milliseconds(200));
    if (environment.executor.now() >= give_up_at) break;
  }
  return nobody_answers(config, "told its cluster's id");
}

}  // namespace leat::broker
