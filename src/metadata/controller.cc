#include "metadata/controller.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "base/assert.h"
#include "base/errors.h"
#include "metadata/alter_configs.h"
#include "metadata/alter_partition.h"
#include "metadata/assign_replicas.h"
#include "metadata/bootstrap.h"
#include "metadata/broker_fencing.h"
#include "metadata/broker_heartbeat.h"
#include "metadata/broker_registration.h"
#include "metadata/broker_sessions.h"
#include "metadata/controller_registration.h"
#include "metadata/create_partitions.h"
#include "metadata/create_topics.h"
#include "metadata/delete_topics.h"
#include "metadata/elect_leaders.h"
#include "metadata/features.h"
#include "metadata/image_builder.h"
#include "metadata/producer_ids.h"
#include "metadata/reassignment.h"
#include "protocol/messages/metadata_records.h"
#include "quorum/directories.h"
#include "quorum/fetch_service.h"
#include "quorum/metadata_log.h"

namespace leat::metadata {
namespace {

constexpr auto idle_wait_max = std::chrono::seconds(60);
/// How often silent brokers are looked for, within their session (F5).
constexpr int session_checks = 8;

std::string log_directory(const Controller::Options& options) { return options.directory + "/__cluster_metadata-0"; }
std::string founding_path(const Controller::Options& options) {
  return log_directory(options) + "/" + quorum::snapshot_name({});
}
std::string bootstrap_path(const Controller::Options& options) { return options.directory + "/bootstrap.checkpoint"; }

std::vector<quorum::VoterEndpoint> voter_endpoints(const std::vector<Endpoint>& endpoints) {
  std::vector<quorum::VoterEndpoint> out;
  for (const Endpoint& endpoint : endpoints)
    out.push_back({endpoint.listener, endpoint.host, static_cast<std::uint16_t>(endpoint.port)});
  return out;
}

/// Where no metadata log was ever begun: nothing is there but what an interrupted format leaves.
Result<bool> is_unformatted(io::Volume& volume, const Controller::Options& options) {
  LEAT_TRY(const bool has_bootstrap, volume.exists(bootstrap_path(options)));
  if (has_bootstrap) return false;
  LEAT_TRY(const bool has_log, volume.exists(log_directory(options)));
  if (!has_log) return true;
  LEAT_TRY(const auto entries, volume.list(log_directory(options)));
  return std::all_of(entries.begin(), entries.end(), [](const io::DirectoryEntry& entry) {
    return entry.name.ends_with(".tmp") || entry.name == quorum::snapshot_name({});
  });
}

}  // namespace

/// The shell around the decisions. One thread at a time, the drainer, owns the head image and the log; it
/// takes what is queued, decides and appends it, and one sync later publishes and answers. `busy_` says
/// that there is a drainer; the mutex is never held while anything is called.
struct Controller::Core : std::enable_shared_from_this<Controller::Core> {
  Core(Environment environment, Options options)
      : env_(std::move(environment)), options_(std::move(options)), sessions_(options_.broker_session_timeout) {}

  /// An operation that waits its turn: what it decides, then how it is answered.
  struct Operation {
    std::move_only_function<Result<Records>(const Image& head)> decide;
    std::move_only_function<void(Result<void>)> finish;
  };
  struct Answer {
    std::move_only_function<void(Result<void>)> finish;
    Result<void> outcome;
  };

  Result<void> start();
  void submit(Operation operation);
  template <class Request, class Decide, class Failed, class Response>
  void carry_out(Request request, Decide decide, Failed failed, Done<Response> done);
  /// The same where all fails or nothing: `decide` gives Result<Decision<Response>>.
  template <class Request, class Decide, class Response>
  void carry_out_for_broker(Request request, Decide decide, Done<Response> done);
  Result<Decision<protocol::BrokerRegistrationResponse>> decide_registration(
      const Image& head, const protocol::BrokerRegistrationRequest& request);
  Result<Decision<protocol::BrokerHeartbeatResponse>> decide_heartbeat(const Image& head,
                                                                       const protocol::BrokerHeartbeatRequest& request,
                                                                       Instant arrival);
  Result<void> close();
  void abandon();

  LeadershipDefaults leadership() const { return {.min_insync_replicas = options_.min_insync_replicas}; }

  Environment env_;
  Options options_;
  std::int64_t broker_epoch_ = -1;
  LeaderEpoch quorum_epoch_ = 0;

 private:
  Result<void> append(const Records& records);
  Result<void> activate();
  Result<void> register_broker();
  /// The brokers hear of it, and then of nothing more.
  Result<void> leave();
  RegistrationRules registration_rules() const { return {options_.cluster_id, 0, leadership()}; }
  void watch_sessions();
  /// Under the mutex.
  void stop_watching() {
    if (session_timer_ != TimerId::none) env_.executor.cancel(std::exchange(session_timer_, TimerId::none));
  }
  Records decide_expired(const Image& head);
  void drain();
  void committed(std::vector<Answer> answers, Result<void> synced);
  static void finish(std::vector<Answer>& answers) {
    for (Answer& answer : answers) answer.finish(std::move(answer.outcome));
  }
  void post_drain() {
    env_.executor.post([self = shared_from_this()] { self->drain(); });
  }
  /// Waits until there is no drainer; expects that nothing is queued any more.
  bool wait_idle(std::unique_lock<std::mutex>& lock);
  Error refusal() const;

  // The drainer's:
  std::unique_ptr<quorum::MetadataLog> log_;
  std::shared_ptr<quorum::FetchService> copies_;
  ImageBuilder head_;
  BrokerSessions sessions_;

  mutable std::mutex mutex_;
  std::deque<Operation> queue_;
  std::vector<std::shared_ptr<Event>> idle_waiters_;
  std::optional<Error> failure_;
  TimerId session_timer_ = TimerId::none;
  bool busy_ = false;
  bool closed_ = false;

  friend class Controller;
};

Result<void> Controller::Core::append(const Records& records) {
  if (records.empty()) return {};
  LEAT_TRY(const auto values, encode_records(records));
  LEAT_TRY(const Offset last, log_->append(values));
  const std::vector<Bytes> views(values.begin(), values.end());
  return head_.apply_batch(views, last, log_->epoch());
}

Result<void> Controller::Core::start() {
  LEAT_TRY(log_, quorum::MetadataLog::open(env_.volume, env_.clock,
                                           {.directory = log_directory(options_),
                                            .node_id = options_.node_id,
                                            .directory_id = options_.directory_id,
                                            .endpoints = voter_endpoints(options_.controller_endpoints)},
                                           env_.diagnostics));
  LEAT_CHECK(log_->replay(log_->end(), [&](const quorum::MetadataLog::Batch& batch) {
    return head_.apply_batch(batch.values, batch.last_offset, batch.epoch);
  }));
  LEAT_CHECK(check_features(head_.image()));
  LEAT_TRY(const Offset term_start, log_->lead());
  head_.set_end(term_start, log_->epoch());
  quorum_epoch_ = log_->epoch();
  LEAT_CHECK(activate());
  if (options_.is_broker) LEAT_CHECK(register_broker());
  LEAT_CHECK(log_->sync_now());
  env_.images.publish(head_.publish());
  copies_ = std::make_shared<quorum::FetchService>(
      env_.executor, env_.clock, *log_,
      quorum::FetchService::Options{.cluster_id = options_.cluster_id,
                                    .node_id = options_.node_id,
                                    .endpoint = options_.controller_endpoints.empty()
                                                    ? quorum::VoterEndpoint{}
                                                    : voter_endpoints(options_.controller_endpoints).front()});
  sessions_.begin(head_.image(), env_.executor.now(), options_.node_id);
  watch_sessions();
  return {};
}

Result<void> Controller::Core::activate() {
  if (head_.in_transaction()) {
    protocol::AbortTransactionRecord abort;
    abort.reason = "Controller failover";
    Records records;
    records.push_back(make_record(std::move(abort)));
    LEAT_CHECK(append(records));
  }
  if (!head_.image().features.contains(std::string(feature::metadata_version))) {
    LEAT_TRY(auto bootstrap, read_bootstrap(env_.volume, options_.directory));
    LEAT_CHECK(append(activation_records(std::move(bootstrap), options_.min_insync_replicas)));
  }
  std::vector<Endpoint> endpoints = options_.controller_endpoints;
  if (endpoints.empty())
    for (const quorum::Voter& voter : log_->voters())
      for (const auto& endpoint : voter.endpoints) endpoints.push_back({endpoint.listener, endpoint.host, endpoint.port, 0});
  return append(decide_controller_registration(
                    head_.image(), controller_registration(options_.node_id, Uuid::random(env_.entropy), endpoints))
                    .records);
}

Result<void> Controller::Core::register_broker() {
  const NodeId self = options_.node_id;
  const LeadershipDefaults defaults = leadership();
  LEAT_CHECK(append(decide_fence(head_.image(), self, defaults)));
  LEAT_TRY(const auto registration, decide_register(head_.image(),
                                                    {.id = self,
                                                     .cluster_id = options_.cluster_id,
                                                     .incarnation = Uuid::random(env_.entropy),
                                                     .endpoints = options_.endpoints,
                                                     .rack = options_.rack,
                                                     .log_directories = options_.log_directories,
                                                     .features = declared_features(),
                                                     .previous_broker_epoch = options_.clean_broker_epoch},
                                                    log_->end(), false, registration_rules()));
  broker_epoch_ = registration.response;
  LEAT_CHECK(append(registration.records));
  LEAT_CHECK(append(decide_unfence(head_.image(), self, defaults)));
  return append(decide_cordoned_directories(head_.image(), self, {}));
}

/// Sleeps while all others are fenced: they come back by a heartbeat.
void Controller::Core::watch_sessions() {
  const auto image = env_.images.current();
  std::lock_guard lock(mutex_);
  const bool has_others = std::ranges::any_of(image->brokers, [this](const auto& entry) {
    return entry.first != options_.node_id && !entry.second.fenced;
  });
  if (!has_others || closed_ || failure_ || session_timer_ != TimerId::none) return;
  session_timer_ = env_.executor.at(
      env_.executor.now() + options_.broker_session_timeout / session_checks, [weak = weak_from_this()] {
        auto self = weak.lock();
        if (!self) return;
        self->submit({[self](const Image& head) -> Result<Records> { return self->decide_expired(head); },
                      [self](const Result<void>&) {
                        {
                          std::lock_guard lock(self->mutex_);
                          self->session_timer_ = TimerId::none;
                        }
                        self->watch_sessions();
                      }});
      });
}

Records Controller::Core::decide_expired(const Image& head) {
  const auto expired = sessions_.expired(head, env_.executor.now());
  if (!expired) return {};
  env_.diagnostics.say(LogLevel::warning, "broker " + std::to_string(*expired) + " is fenced: it was silent for longer "
                                              "than broker.session.timeout.ms");
  sessions_.fenced(*expired);
  return decide_fence(head, *expired, leadership());
}

Result<Decision<protocol::BrokerRegistrationResponse>> Controller::Core::decide_registration(
    const Image& head, const protocol::BrokerRegistrationRequest& request) {
  const Instant now = env_.executor.now();
  LEAT_TRY(auto registered, decide_register(head, Registration::of(request), log_->end(),
                                            sessions_.is_alive(head, request.broker_id, now), registration_rules()));
  Decision<protocol::BrokerRegistrationResponse> decision{.records = std::move(registered.records), .response = {}};
  decision.response.broker_epoch = registered.response;
  sessions_.registered(request.broker_id, log_->end() + static_cast<Offset>(decision.records.size()) - 1, now);
  return decision;
}

Result<Decision<protocol::BrokerHeartbeatResponse>> Controller::Core::decide_heartbeat(
    const Image& head, const protocol::BrokerHeartbeatRequest& request, Instant arrival) {
  const NodeId id = request.broker_id;
  LEAT_CHECK(registered_broker(head, id, request.broker_epoch));
  sessions_.contact(id, request.current_metadata_offset, arrival);
  LEAT_TRY(auto decided, metadata::decide_heartbeat(head, request,
                                                    {.registration_offset = sessions_.registration_offset(id),
                                                     .shutdown_offset = sessions_.shutdown_offset(id),
                                                     .lowest_active_offset = sessions_.lowest_active_offset(head)},
                                                    leadership()));
  if (decided.response.is_fenced) sessions_.fenced(id);
  if (decided.next == BrokerState::controlled_shutdown)
    sessions_.shuts_down(id, log_->end() + static_cast<Offset>(decided.records.size()) - 1);
  return Decision<protocol::BrokerHeartbeatResponse>{std::move(decided.records), decided.response};
}

Error Controller::Core::refusal() const {
  if (failure_) return {Errc::not_controller, "the metadata log has failed: " + failure_->to_string()};
  return {Errc::not_controller, "the controller is closed"};
}

void Controller::Core::submit(Operation operation) {
  std::unique_lock lock(mutex_);
  if (closed_ || failure_) {
    env_.executor.post([finish = std::move(operation.finish), error = refusal()]() mutable { finish(std::move(error)); });
    return;
  }
  queue_.push_back(std::move(operation));
  if (std::exchange(busy_, true)) return;
  lock.unlock();
  post_drain();
}

void Controller::Core::drain() {
  std::deque<Operation> taken;
  {
    std::lock_guard lock(mutex_);
    taken.swap(queue_);
    if (taken.empty()) {
      busy_ = false;
      for (const auto& waiter : std::exchange(idle_waiters_, {})) waiter->set();
      return;
    }
  }
  const Offset before = log_->end();
  std::vector<Answer> answers;
  std::optional<Error> broken;
  for (Operation& operation : taken) {
    Result<void> outcome;
    if (broken) {
      outcome = *broken;
    } else if (auto records = operation.decide(head_.image()); !records) {
      outcome = std::move(records).error();
    } else if (outcome = append(*records); !outcome) {
      // What the log and the head hold is no longer the same thing for sure.
      broken = Error{Errc::not_controller, "the metadata log has failed: " + outcome.error().to_string()};
      outcome = *broken;
    }
    answers.push_back({std::move(operation.finish), std::move(outcome)});
  }
  if (broken) return committed(std::move(answers), std::move(*broken));
  if (log_->end() == before) {
    finish(answers);
    return post_drain();
  }
  auto held = std::make_shared<std::vector<Answer>>(std::move(answers));
  log_->sync([self = shared_from_this(), held](Result<void> synced) {
    self->committed(std::move(*held), std::move(synced));
  });
}

void Controller::Core::committed(std::vector<Answer> answers, Result<void> synced) {
  if (synced) {
    env_.images.publish(head_.publish());
    copies_->advanced();
  } else {
    std::lock_guard lock(mutex_);
    failure_ = synced.error();
    env_.diagnostics.say(LogLevel::error, "metadata log: " + failure_->to_string());
    for (Answer& answer : answers)
      if (answer.outcome) answer.outcome = refusal();
    for (Operation& operation : std::exchange(queue_, {})) answers.push_back({std::move(operation.finish), refusal()});
  }
  finish(answers);
  drain();
}

bool Controller::Core::wait_idle(std::unique_lock<std::mutex>& lock) {
  while (busy_) {
    auto idle = std::make_shared<Event>();
    idle_waiters_.push_back(idle);
    lock.unlock();
    const bool happened = env_.executor.wait(*idle, env_.executor.now() + idle_wait_max);
    lock.lock();
    if (!happened) return false;
  }
  return true;
}

Result<void> Controller::Core::close() {
  std::unique_lock lock(mutex_);
  if (std::exchange(closed_, true)) return {};
  stop_watching();
  const bool is_idle = wait_idle(lock);
  const auto failure = failure_;
  lock.unlock();
  Result<void> outcome = !is_idle ? Error{Errc::timed_out, "closing the metadata log: operations are still under way"}
                         : failure ? Result<void>(*failure)
                                   : leave();
  // Whoever waits keeps the connection that it came by, and so all of this.
  copies_->close();
  return outcome ? log_->close() : outcome;
}

Result<void> Controller::Core::leave() {
  if (options_.is_broker) {
    LEAT_CHECK(append(decide_controlled_shutdown(head_.image(), options_.node_id, leadership())));
    LEAT_CHECK(append(decide_fence(head_.image(), options_.node_id, leadership())));
  }
  LEAT_CHECK(log_->sync_now());
  env_.images.publish(head_.publish());
  copies_->advanced();
  return {};
}

void Controller::Core::abandon() {
  std::deque<Operation> dropped;
  std::unique_lock lock(mutex_);
  closed_ = true;
  stop_watching();
  dropped.swap(queue_);
  wait_idle(lock);
  lock.unlock();
  if (copies_) copies_->close();
}

Controller::Controller(std::shared_ptr<Core> core) : core_(std::move(core)) {}
Controller::~Controller() { core_->abandon(); }

Result<void> Controller::format(io::Volume& volume, const Clock& clock, const Options& options) {
  LEAT_CHECK(quorum::make_directories(volume, options.directory));
  LEAT_CHECK(volume.create_directories(log_directory(options)));
  const TimestampMs now = clock.wall_ms();
  quorum::Voter self{.id = options.node_id, .directory_id = options.directory_id};
  self.endpoints = options.controller_endpoints.empty() ? std::vector<quorum::VoterEndpoint>{{"CONTROLLER", "localhost", 9093}}
                                                        : voter_endpoints(options.controller_endpoints);
  LEAT_TRY(const auto founding, quorum::founding_snapshot({self}, now));
  LEAT_CHECK(quorum::write_batches_file(volume, founding_path(options), founding));
  // Last: it says that the rest is there, and its directory sync covers the log directory's name.
  LEAT_TRY(const auto bootstrap, bootstrap_batches(feature_records(fresh_features()), now));
  return quorum::write_batches_file(volume, bootstrap_path(options), bootstrap);
}

Result<std::unique_ptr<Controller>> Controller::open(Environment environment, Options options) {
  LEAT_TRY(const bool unformatted, is_unformatted(environment.volume, options));
  if (unformatted) LEAT_CHECK(format(environment.volume, environment.clock, options));
  auto core = std::make_shared<Core>(std::move(environment), std::move(options));
  if (auto ok = core->start(); !ok) return wrap(std::move(ok).error(), "opening the metadata log");
  return std::unique_ptr<Controller>(new Controller(std::move(core)));
}

std::int64_t Controller::broker_epoch() const { return core_->broker_epoch_; }
LeaderEpoch Controller::quorum_epoch() const { return core_->quorum_epoch_; }

/// Queues a request. `decide(head, request)` gives the records and the answer that is held until they are durable; when
/// they do not get that far, `failed(request, error)` is answered.
template <class Request, class Decide, class Failed, class Response>
void Controller::Core::carry_out(Request request, Decide decide, Failed failed, Done<Response> done) {
  auto asked = std::make_shared<const Request>(std::move(request));
  auto held = std::make_shared<std::optional<Response>>();
  submit({[asked, held, decide = std::move(decide)](const Image& head) -> Result<Records> {
            Decision<Response> decision = decide(head, *asked);
            *held = std::move(decision.response);
            return std::move(decision.records);
          },
          [asked, held, failed = std::move(failed), done = std::move(done)](Result<void> outcome) {
            done(outcome ? std::move(**held) : failed(*asked, outcome.error()));
          }});
}

void Controller::create_topics(protocol::CreateTopicsRequest request, std::int16_t /*version*/,
                               Done<protocol::CreateTopicsResponse> done) {
  const Options& options = core_->options_;
  core_->carry_out(
      std::move(request),
      [core = core_.get(), rules = CreateTopicsRules{options.default_partitions, options.default_replication_factor,
                                                     options.config_rules}](const Image& head, const auto& asked) {
        return decide_create_topics(head, asked, rules, core->env_.entropy);
      },
      create_topics_failed, std::move(done));
}

void Controller::create_partitions(protocol::CreatePartitionsRequest request, std::int16_t /*version*/,
                                   Done<protocol::CreatePartitionsResponse> done) {
  core_->carry_out(
      std::move(request),
      [core = core_.get()](const Image& head, const auto& asked) {
        return decide_create_partitions(head, asked, core->env_.entropy);
      },
      create_partitions_failed, std::move(done));
}

void Controller::delete_topics(protocol::DeleteTopicsRequest request, std::int16_t version,
                               Done<protocol::DeleteTopicsResponse> done) {
  core_->carry_out(
      std::move(request),
      [core = core_.get(), version](const Image& head, const auto& asked) {
        return decide_delete_topics(head, asked, version, core->options_.delete_topic_enable);
      },
      [version](const auto& asked, const Error& error) { return delete_topics_failed(asked, version, error); },
      std::move(done));
}

void Controller::incremental_alter_configs(protocol::IncrementalAlterConfigsRequest request,
                                           Done<protocol::IncrementalAlterConfigsResponse> done) {
  core_->carry_out(
      std::move(request),
      [core = core_.get()](const Image& head, const auto& asked) {
        return decide_incremental_alter_configs(head, asked, core->options_.config_rules);
      },
      incremental_alter_configs_failed, std::move(done));
}

void Controller::alter_configs(protocol::AlterConfigsRequest request, Done<protocol::AlterConfigsResponse> done) {
  core_->carry_out(
      std::move(request),
      [core = core_.get()](const Image& head, const auto& asked) {
        return decide_alter_configs(head, asked, core->options_.config_rules);
      },
      alter_configs_failed, std::move(done));
}

void Controller::elect_leaders(protocol::ElectLeadersRequest request, Done<protocol::ElectLeadersResponse> done) {
  core_->carry_out(
      std::move(request),
      [core = core_.get()](const Image& head, const auto& asked) {
        return decide_elect_leaders(head, asked, core->leadership());
      },
      elect_leaders_failed, std::move(done));
}

void Controller::alter_partition_reassignments(protocol::AlterPartitionReassignmentsRequest request,
                                               Done<protocol::AlterPartitionReassignmentsResponse> done) {
  core_->carry_out(
      std::move(request),
      [core = core_.get()](const Image& head, const auto& asked) {
        return decide_alter_reassignments(head, asked, core->leadership());
      },
      alter_reassignments_failed, std::move(done));
}

void Controller::unregister_broker(protocol::UnregisterBrokerRequest request,
                                   Done<protocol::UnregisterBrokerResponse> done) {
  core_->carry_out(
      std::move(request),
      [core = core_.get()](const Image& head, const auto& asked) {
        return decide_unregister(head, asked.broker_id, core->leadership());
      },
      unregister_failed, std::move(done));
}

/// A failure is the answer's error code.
template <class Request, class Decide, class Response>
void Controller::Core::carry_out_for_broker(Request request, Decide decide, Done<Response> done) {
  auto held = std::make_shared<Response>();
  submit({[request = std::move(request), held, decide = std::move(decide)](const Image& head) -> Result<Records> {
            LEAT_TRY(Decision<Response> decision, decide(head, request));
            *held = std::move(decision.response);
            return std::move(decision.records);
          },
          [held, done = std::move(done)](Result<void> outcome) {
            if (!outcome) {
              *held = {};
              held->error_code = wire_code(outcome.error().code);
            }
            done(std::move(*held));
          }});
}

void Controller::register_broker(protocol::BrokerRegistrationRequest request,
                                 Done<protocol::BrokerRegistrationResponse> done) {
  core_->carry_out_for_broker(
      std::move(request),
      [core = core_.get()](const Image& head, const auto& asked) { return core->decide_registration(head, asked); },
      std::move(done));
}

void Controller::broker_heartbeat(protocol::BrokerHeartbeatRequest request,
                                  Done<protocol::BrokerHeartbeatResponse> done) {
  core_->carry_out_for_broker(
      std::move(request),
      [core = core_.get(), arrival = core_->env_.executor.now()](const Image& head, const auto& asked) {
        return core->decide_heartbeat(head, asked, arrival);
      },
      Done<protocol::BrokerHeartbeatResponse>([weak = std::weak_ptr(core_), done = std::move(done)](auto response) {
        done(std::move(response));
        if (auto core = weak.lock()) core->watch_sessions();
      }));
}

void Controller::alter_partition(protocol::AlterPartitionRequest request, std::int16_t version,
                                 Done<protocol::AlterPartitionResponse> done) {
  core_->carry_out_for_broker(
      std::move(request),
      [core = core_.get(), version](const Image& head, const auto& asked) {
        return decide_alter_partition(head, asked, version, core->leadership());
      },
      std::move(done));
}

void Controller::assign_replicas(protocol::AssignReplicasToDirsRequest request,
                                 Done<protocol::AssignReplicasToDirsResponse> done) {
  core_->carry_out_for_broker(
      std::move(request),
      [core = core_.get()](const Image& head, const auto& asked) {
        return decide_assign_replicas(head, asked, core->leadership());
      },
      std::move(done));
}

void Controller::allocate_producer_ids(protocol::AllocateProducerIdsRequest request,
                                       Done<protocol::AllocateProducerIdsResponse> done) {
  core_->carry_out_for_broker(std::move(request), decide_allocate_producer_ids, std::move(done));
}

void Controller::fetch(const protocol::FetchRequest& request, Done<protocol::FetchResponse> done) {
  core_->copies_->fetch(request, std::move(done));
}
protocol::FetchSnapshotResponse Controller::fetch_snapshot(const protocol::FetchSnapshotRequest& request) {
  return core_->copies_->fetch_snapshot(request);
}
protocol::DescribeQuorumResponse Controller::describe_quorum(const protocol::DescribeQuorumRequest& request,
                                                             std::int16_t version) {
  return core_->copies_->describe(request, version);
}

void Controller::set_endpoints(std::vector<Endpoint> endpoints, Done<Result<void>> done) {
  core_->submit({[core = core_.get(), endpoints = std::move(endpoints)](const Image& head) {
                   return decide_new_endpoints(head, core->options_.node_id, endpoints);
                 },
                 std::move(done)});
}

Result<void> Controller::close() { return core_->close(); }

}  // namespace leat::metadata
