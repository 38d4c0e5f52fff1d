#include <algorithm>
#include <chrono>

#include "base/errors.h"
#include "broker/handlers.h"
#include "broker/leader_hint.h"
#include "config/broker_settings.h"
#include "config/cluster_settings.h"

namespace leat::broker {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using PartitionData = FetchResponse::PartitionData;
using Entry = FetchSession::Entry;
using replication::Isolation;

constexpr std::int16_t first_version_from_followers = 11;

/// One Fetch: reads what is ready, and waits for more until there is enough or the time is over.
///
/// One thread at a time runs it: the handler first, then whoever was woken: the session's wake function or
/// the deadline's timer, of which `is_waiting_` lets one in. While it waits the timer owns it; the wake
/// function must not, since it is let go of under partitions' locks.
class FetchOperation : public std::enable_shared_from_this<FetchOperation> {
 public:
  FetchOperation(Services& services, const RequestContext& context, const FetchRequest& request,
                 FetchSessions::Opened opened, Respond respond)
      : services_(services),
        context_(context),
        session_(std::move(opened.session)),
        is_incremental_(opened.is_incremental),
        replica_(fetching_replica(request, context.version)),
        isolation_(replication::isolation_of(request.isolation_level)),
        max_bytes_(static_cast<std::size_t>(std::clamp(
            request.max_bytes, 0, services.config.get(config::fetch_max_bytes)))),
        min_bytes_(std::min(static_cast<std::size_t>(std::max(request.min_bytes, 0)), max_bytes_)),
        deadline_(services.environment.executor.now() +
                  std::chrono::milliseconds(std::max(request.max_wait_ms, 0))),
        can_wait_(request.max_wait_ms > 0),
        rack_(services.config.find(config::replica_selector_class) ? request.rack_id : std::string()),
        respond_(std::move(respond)) {}

  void run() {
    for (;;) {
      read_ready();
      if (!can_wait_ || is_urgent_ || bytes_ >= min_bytes_ || (read_.empty() && session_->size() == 0))
        return answer();
      set_aside();
      start_timer();
      // Whoever wakes us may do so before this returns, so nothing of ours is touched afterwards.
      if (wait()) return;
      take_up();
    }
  }

 private:
  struct Read {
    Entry* entry;
    replication::ReadResult result;
    NodeId read_rather_at = no_node;  ///< where it is as well, and nearer: then nothing is read here (I11)
  };

  void read_ready() {
    bool first = true;
    std::size_t left = max_bytes_;
    auto ready = session_->take_ready();
    // What changed while a full fetch waited stands in front; its order is the request's all the same.
    if (!is_incremental_) std::ranges::sort(ready, {}, &Entry::cookie);
    for (Entry* entry : ready) {
      const NodeId elsewhere = attach(*entry) ? nearer_replica(*entry) : no_node;
      const std::size_t most = std::min(left, static_cast<std::size_t>(std::max(entry->max_bytes, 0)));
      auto result = elsewhere == no_node ? read(*entry, most, first) : read(*entry, 0, false);
      is_urgent_ |= elsewhere != no_node;
      const std::size_t got = result.range.bytes;
      if (got > 0) first = false;
      left -= std::min(left, got);
      bytes_ += got;
      is_urgent_ |= result.error != Errc::none || result.diverging.has_value();
      read_.push_back({entry, std::move(result), elsewhere});
    }
  }

  /// False when there is no such partition here.
  bool attach(Entry& entry) {
    if (entry.partition && !entry.partition->is_retired()) return true;
    auto found = session_->uses_topic_ids() ? services_.partitions.find(entry.topic_id, entry.index)
                                            : services_.partitions.find(entry.topic, entry.index);
    if (found) session_->attach(entry, std::move(found));
    return entry.partition && !entry.partition->is_retired();
  }

  NodeId nearer_replica(const Entry& entry) const {
    if (rack_.empty() || replica_) return no_node;
    return entry.partition->preferred_read_replica(rack_, entry.fetch_offset).value_or(no_node);
  }

  replication::ReadResult read(Entry& entry, std::size_t max_bytes, bool at_least_one) {
    if (!entry.partition || entry.partition->is_retired()) return {.error = missing(entry)};
    if (replica_)
      return entry.partition->read_for_replica({.replica = replica_->id,
                                                .broker_epoch = replica_->broker_epoch,
                                                .from = entry.fetch_offset,
                                                .max_bytes = max_bytes,
                                                .at_least_one_batch = at_least_one,
                                                .current_leader_epoch = entry.current_leader_epoch,
                                                .last_fetched_epoch = entry.last_fetched_epoch,
                                                .log_start = entry.log_start});
    return entry.partition->read({.from = entry.fetch_offset,
                                  .max_bytes = max_bytes,
                                  .at_least_one_batch = at_least_one,
                                  .isolation = isolation_,
                                  .current_leader_epoch = entry.current_leader_epoch,
                                  .last_fetched_epoch = entry.last_fetched_epoch,
                                  .also_from_follower = context_.version >= first_version_from_followers});
  }

  /// Why there is no such partition here (B8, F4).
  Errc missing(const Entry& entry) const {
    const auto image = services_.images.current();
    const auto* topic = session_->uses_topic_ids() ? image->topic(entry.topic_id) : image->topic(entry.topic);
    if (!topic && session_->uses_topic_ids()) return Errc::unknown_topic_id;
    return services_.partitions.why_missing(topic, entry.index);
  }

  /// Too little: what has something to say, or must be answered in any case, is read again later.
  void set_aside() {
    for (const Read& read : read_)
      if (!is_incremental_ || is_news(read)) pending_.push_back(read.entry);
    read_.clear();
    bytes_ = 0;
  }

  void take_up() {
    for (Entry* entry : std::exchange(pending_, {})) session_->put_back(*entry);
  }

  /// False when there is something to do at once.
  bool wait() {
    std::lock_guard lock(mutex_);
    if (is_over_) {
      can_wait_ = false;
      return false;
    }
    is_waiting_ = session_->wait([weak = weak_from_this(), &executor = services_.environment.executor] {
      executor.post([weak] {
        if (auto self = weak.lock()) self->resume();
      });
    });
    return is_waiting_;
  }

  void resume() {
    {
      std::lock_guard lock(mutex_);
      if (!std::exchange(is_waiting_, false)) return;
    }
    go_on();
  }

  void time_out() {
    {
      std::lock_guard lock(mutex_);
      is_over_ = true;  // for the one who runs it right now and may want to wait again
      if (!std::exchange(is_waiting_, false)) return;
    }
    can_wait_ = false;
    go_on();
  }

  void go_on() {
    session_->stop_waiting();
    take_up();
    run();
  }

  void start_timer() {
    if (timer_ != TimerId::none) return;
    timer_ = services_.environment.executor.at(deadline_, [self = shared_from_this()] { self->time_out(); });
  }

  void answer() {
    if (timer_ != TimerId::none) services_.environment.executor.cancel(timer_);
    FetchResponse response;
    for (const bool refused : {false, true})
      for (Read& read : read_)
        if (is_refused(read.result.error) == refused) add(response, read);
    if (context_.version >= 16) add_leader_endpoints(services_, context_, response);
    response.session_id = services_.fetch_sessions.close(*session_);
    respond_({.message = std::move(response)});
  }

  /// Kafka finds these before it reads, and answers them behind what it read.
  static bool is_refused(Errc error) {
    return error == Errc::unknown_topic_id || error == Errc::unknown_topic_or_partition;
  }

  static bool is_news(const Read& read) {
    const replication::ReadResult& result = read.result;
    return result.error != Errc::none || result.diverging || result.range.bytes > 0 || read.read_rather_at != no_node ||
           result.high_watermark != read.entry->sent_high_watermark ||
           result.log_start != read.entry->sent_log_start;
  }

  void add(FetchResponse& response, Read& read) {
    Entry& entry = *read.entry;
    replication::ReadResult& result = read.result;
    const bool failed = result.error != Errc::none;
    // There may be more than fitted, or the same error again: the next fetch looks here too.
    if (failed || result.diverging || entry.fetch_offset < result.end) session_->put_back(entry);
    if (is_incremental_ && !is_news(read)) return;
    // After an error the next clean answer is news again.
    entry.sent_high_watermark = failed ? no_offset : result.high_watermark;
    entry.sent_log_start = failed ? no_offset : result.log_start;

    if (response.responses.empty() || response.responses.back().topic != entry.topic ||
        response.responses.back().topic_id != entry.topic_id) {
      auto& topic = response.responses.emplace_back();
      topic.topic = entry.topic;
      topic.topic_id = entry.topic_id;
    }
    auto& data = response.responses.back().partitions.emplace_back();
    data.partition_index = entry.index;
    data.error_code = wire_code(result.error);
    data.high_watermark = result.high_watermark;
    data.last_stable_offset = result.last_stable_offset;
    data.log_start_offset = result.log_start;
    if (isolation_ == Isolation::read_committed)
      for (const auto& aborted : result.range.aborted)
        data.aborted_transactions->push_back({aborted.producer_id, aborted.first_offset});
    else
      data.aborted_transactions = std::nullopt;
    if (result.diverging) data.diverging_epoch = {result.diverging->epoch, result.diverging->end};
    if (context_.version >= 16 && entry.partition &&
        (result.error == Errc::not_leader_or_follower || result.error == Errc::fenced_leader_epoch)) {
      const auto state = entry.partition->state();
      data.current_leader = {state.leader, state.leader_epoch};
    }
    data.preferred_read_replica = failed ? no_node : read.read_rather_at;
    data.records = Payload::of(std::move(result.range.slices));
  }

  Services& services_;
  const RequestContext context_;
  const std::shared_ptr<FetchSession> session_;
  const bool is_incremental_;
  const std::optional<FetchingReplica> replica_;
  const replication::Isolation isolation_;
  const std::size_t max_bytes_;
  const std::size_t min_bytes_;
  const Instant deadline_;
  bool can_wait_;
  const std::string rack_;  // of a consumer that is to read near it; empty: anywhere
  const Respond respond_;

  std::vector<Read> read_;
  std::size_t bytes_ = 0;
  bool is_urgent_ = false;
  std::vector<Entry*> pending_;
  TimerId timer_ = TimerId::none;

  std::mutex mutex_;  // before the session's: guards what follows
  bool is_waiting_ = false;
  bool is_over_ = false;
};

}  // namespace

void handle_fetch(Services& services, const RequestContext& context, FetchRequest& request, Respond respond) {
  auto opened = services.fetch_sessions.open(request, context.version, services.environment.executor.now());
  if (!opened) {
    FetchResponse response;
    response.error_code = wire_code(opened.error().code);
    return respond({.message = std::move(response)});
  }
  std::make_shared<FetchOperation>(services, context, request, std::move(*opened), std::move(respond))->run();
}

}  // namespace leat::broker
