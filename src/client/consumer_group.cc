#include "client/consumer_group.h"

#include <algorithm>
#include <iterator>

#include "base/errors.h"
#include "client/batch_outcome.h"
#include "client/consumer_core.h"

namespace leat::client {
namespace {

/// What a closing consumer waits for an answer; a coordinator that is not told learns by the session timeout.
constexpr Duration leave_patience = std::chrono::seconds(5);

std::vector<TopicPartition> without(const std::vector<TopicPartition>& all, const std::vector<TopicPartition>& some) {
  std::vector<TopicPartition> rest;
  std::ranges::set_difference(all, some, std::back_inserter(rest));
  return rest;
}

}  // namespace

ConsumerGroup::ConsumerGroup(ConsumerCore& consumer, std::shared_ptr<Cluster> cluster, const ConsumerOptions& options,
                             std::function<void()> on_change)
    : consumer_(consumer), options_(options), cluster_(std::move(cluster)), executor_(cluster_->executor()),
      on_change_(std::move(on_change)), coordinator_(std::make_shared<GroupCoordinator>(cluster_, options.group)),
      offsets_(std::make_shared<GroupOffsets>(coordinator_)),
      member_(std::make_shared<GroupMember>(coordinator_,
                                            GroupMemberOptions{.instance_id = options.group_instance_id,
                                                               .assignors = options.assignors,
                                                               .session_timeout = options.session_timeout,
                                                               .heartbeat_interval = options.heartbeat_interval,
                                                               .max_poll_interval = options.max_poll_interval},
                                            on_change_)),
      next_auto_commit_(executor_.now() + options.auto_commit_interval), watching_(options.retry_backoff) {}

ConsumerGroupMetadata ConsumerGroup::metadata() const {
  const CommitAs as = member_->identity();
  return {options_.group, options_.group_instance_id, as.member_id, as.generation};
}

void ConsumerGroup::subscribe(std::set<std::string> topics, RebalanceListener listener) {
  if (!is_subscribed()) consumer_.set_assigned({});
  topics_ = std::move(topics);
  listener_ = std::move(listener);
  cluster_->want(std::vector(topics_.begin(), topics_.end()));
}

void ConsumerGroup::unsubscribe() {
  if (!is_subscribed()) return consumer_.set_assigned({});
  if (options_.auto_commit) (void)commit(consumer_.positions(), executor_.now() + leave_patience);
  part(consumer_.assignment(), !commit_as());
  forget_membership();
  member_->leave(nullptr);
  topics_.clear();
}

void ConsumerGroup::forget_membership() {
  phase_ = Phase::outside;
  must_rejoin_ = false;
  accepted_.reset();
  handover_.reset();
}

// --- Following the membership -------------------------------------------------------------------------------------

Result<void> ConsumerGroup::step() {
  tell_commits();
  if (is_subscribed()) {
    watch_topics();
    LEAT_CHECK(follow());
  }
  auto_commit();
  return {};
}

Instant ConsumerGroup::next_step() const {
  Instant next = Instant::max();
  if (options_.auto_commit) next = std::min(next, next_auto_commit_);
  if (is_subscribed()) {
    // Waiting in poll is polling.
    next = std::min(next, executor_.now() + options_.max_poll_interval / 2);
    if (member_->misses_topics()) next = std::min(next, next_watch_);
  }
  return next;
}

/// The leader looks for topics of the group that are not there yet.
void ConsumerGroup::watch_topics() {
  if (!member_->misses_topics()) return watching_.reset();
  if (executor_.now() < next_watch_) return;
  cluster_->refresh();
  next_watch_ = executor_.now() + std::max(watching_.next(), options_.retry_backoff);
}

Result<void> ConsumerGroup::follow() {
  auto news = member_->take();
  if (news.is_lost) {
    forget_membership();
    part(consumer_.assignment(), true);
  }
  if (news.error) return *std::move(news.error);
  if (news.assignment) accepted_ = std::move(news.assignment);
  if (accepted_ && !accept()) return {};
  if (phase_ == Phase::member && topics_ != joined_topics_) must_rejoin_ = true;
  if (!news.wants_join && !(phase_ == Phase::member && must_rejoin_)) return {};
  if (!prepare()) return {};
  joined_topics_ = topics_;
  must_rejoin_ = false;
  phase_ = Phase::joining;
  member_->join(std::vector(topics_.begin(), topics_.end()), consumer_.assignment());
  return {};
}

/// Gives up what is not kept while joining. False while a commit is under way.
bool ConsumerGroup::prepare() {
  auto leaving = consumer_.assignment();
  if (member_->is_cooperative())
    std::erase_if(leaving, [this](const TopicPartition& partition) { return topics_.contains(partition.topic); });
  if (!hand_over(leaving)) return false;
  part(leaving, false);
  return true;
}

/// Puts an assignment into effect. False while a commit is under way.
bool ConsumerGroup::accept() {
  const bool is_ours = std::ranges::all_of(
      *accepted_, [this](const TopicPartition& partition) { return topics_.contains(partition.topic); });
  const auto owned = consumer_.assignment();
  const auto leaving = is_ours ? without(owned, *accepted_) : std::vector<TopicPartition>();
  if (!hand_over(leaving)) return false;
  const auto next = *std::exchange(accepted_, std::nullopt);
  phase_ = Phase::member;
  if (!is_ours) {
    // Subscribed to something else since.
    must_rejoin_ = true;
    return true;
  }
  if (!leaving.empty()) {
    // Now they can be others'.
    must_rejoin_ = true;
    part(leaving, false);
  }
  next_auto_commit_ = executor_.now() + options_.auto_commit_interval;
  consumer_.set_assigned(next);
  call(listener_.on_assigned, without(next, owned));
  return true;
}

/// With auto_commit, commits what these have returned (G2). True when there is nothing to wait for.
bool ConsumerGroup::hand_over(const std::vector<TopicPartition>& partitions) {
  if (handover_) {
    if (!handover_->is_done) return false;
    handover_.reset();
    return true;
  }
  if (!options_.auto_commit || partitions.empty()) return true;
  auto as = member_->commit_as();
  Offsets offsets = consumer_.positions();
  std::erase_if(offsets, [&](const auto& each) { return !std::ranges::binary_search(partitions, each.first); });
  if (!as || offsets.empty()) return true;
  consumer_.hold(partitions);
  handover_ = std::make_shared<Handover>();
  const Instant deadline = executor_.now() + std::min(options_.request_timeout, options_.max_poll_interval);
  offsets_->commit(*as, std::move(offsets), deadline,
                   report_to_member(*as, [handover = handover_, on_change = on_change_](Result<void>) {
                     handover->is_done = true;
                     on_change();
                   }));
  return false;
}

void ConsumerGroup::part(const std::vector<TopicPartition>& partitions, bool is_lost) {
  if (partitions.empty()) return;
  call(is_lost && listener_.on_lost ? listener_.on_lost : listener_.on_revoked, partitions);
  consumer_.set_assigned(without(consumer_.assignment(), partitions));
}

void ConsumerGroup::call(const std::function<void(const std::vector<TopicPartition>&)>& callback,
                         const std::vector<TopicPartition>& partitions) {
  if (!callback) return;
  struct Calling {
    bool& flag;
    explicit Calling(bool& flag) : flag(flag) { flag = true; }
    ~Calling() { flag = false; }
  } calling(is_calling_);
  callback(partitions);
}

// --- Commits ------------------------------------------------------------------------------------------------------

Result<CommitAs> ConsumerGroup::commit_as() const {
  // Who assigns by itself is nobody to the group.
  return is_subscribed() ? member_->commit_as() : Result<CommitAs>(CommitAs{});
}

std::function<void(Result<void>)> ConsumerGroup::report_to_member(CommitAs as,
                                                                  std::function<void(Result<void>)> done) const {
  return [member = std::weak_ptr(member_), as = std::move(as), done = std::move(done)](Result<void> outcome) {
    if (const auto told = member.lock(); told && !outcome && as.generation >= 0)
      told->on_commit_error(as, outcome.error().code);
    done(std::move(outcome));
  };
}

Result<void> ConsumerGroup::commit(const Offsets& offsets, Instant deadline) {
  if (offsets.empty()) return {};
  LEAT_TRY(auto as, commit_as());
  struct Answer {
    Event arrived;
    Result<void> outcome;
  };
  auto answer = std::make_shared<Answer>();
  offsets_->commit(as, offsets, deadline, report_to_member(as, [answer](Result<void> outcome) {
                     answer->outcome = std::move(outcome);
                     answer->arrived.set();
                   }));
  if (!executor_.wait(answer->arrived, deadline + std::chrono::seconds(1)))
    return Error{Errc::timed_out, "committing offsets"};
  return answer->outcome;
}

void ConsumerGroup::commit_async(const Offsets& offsets, CommitCallback done) {
  const auto finish = [finished = finished_, done = std::move(done), on_change = on_change_](Result<void> outcome) {
    std::shared_ptr<Event> all_done;
    {
      std::lock_guard lock(finished->mutex);
      if (done) finished->results.emplace_back(done, std::move(outcome));
      if (--finished->pending == 0) all_done = finished->all_done;
    }
    if (all_done) all_done->set();
    on_change();
  };
  {
    std::lock_guard lock(finished_->mutex);
    ++finished_->pending;
  }
  auto as = commit_as();
  if (!as || offsets.empty()) return finish(as ? Result<void>() : Result<void>(std::move(as).error()));
  offsets_->commit_once(*as, offsets, deadline_after(executor_.now(), options_.default_api_timeout),
                        report_to_member(*as, finish));
}

void ConsumerGroup::tell_commits() {
  for (;;) {
    std::pair<CommitCallback, Result<void>> next;
    {
      std::lock_guard lock(finished_->mutex);
      if (finished_->results.empty()) return;
      next = std::move(finished_->results.front());
      finished_->results.pop_front();
    }
    call([&](const auto&) { next.first(next.second); }, {});
  }
}

void ConsumerGroup::await_commits(Instant deadline) {
  auto all_done = std::make_shared<Event>();
  {
    std::lock_guard lock(finished_->mutex);
    if (finished_->pending == 0) return;
    finished_->all_done = all_done;
  }
  executor_.wait(*all_done, deadline);
}

/// What earlier polls have returned is done: its caller has come back for more.
void ConsumerGroup::auto_commit() {
  const Instant now = executor_.now();
  if (!options_.auto_commit) return;
  if (auto_commit_failed_->exchange(false)) next_auto_commit_ = std::min(next_auto_commit_, now + options_.retry_backoff);
  if (now < next_auto_commit_) return;
  auto as = commit_as();
  if (!as || handover_) {
    next_auto_commit_ = now + options_.retry_backoff;
    return;
  }
  next_auto_commit_ = now + options_.auto_commit_interval;
  Offsets offsets = consumer_.positions();
  if (offsets.empty()) return;
  offsets_->commit_once(*as, std::move(offsets), next_auto_commit_,
                        report_to_member(*as, [failed = auto_commit_failed_](Result<void> outcome) {
                          *failed = !outcome && is_retriable(outcome.error().code);
                        }));
}

Result<Offsets> ConsumerGroup::committed(const std::vector<TopicPartition>& partitions, Instant deadline) {
  if (partitions.empty()) return Offsets();
  // The question goes another way, so that it never waits for a JoinGroup.
  await_commits(deadline);
  struct Answer {
    Event arrived;
    Result<Offsets> offsets = Error{Errc::timed_out, {}};
  };
  auto answer = std::make_shared<Answer>();
  offsets_->fetch(partitions, deadline, [answer](Result<Offsets> offsets) {
    answer->offsets = std::move(offsets);
    answer->arrived.set();
  });
  if (!executor_.wait(answer->arrived, deadline + std::chrono::seconds(1)))
    return Error{Errc::timed_out, "asking for committed offsets"};
  return std::move(answer->offsets);
}

// --- The end ------------------------------------------------------------------------------------------------------

void ConsumerGroup::close(bool is_told) {
  if (is_told) {
    const Instant deadline =
        deadline_after(executor_.now(), std::min(options_.default_api_timeout, options_.request_timeout));
    if (options_.auto_commit) (void)commit(consumer_.positions(), deadline);
    await_commits(deadline);
    tell_commits();
    if (is_subscribed()) part(consumer_.assignment(), !commit_as());
  }
  if (is_subscribed()) {
    auto left = std::make_shared<Event>();
    member_->leave([left] { left->set(); });
    executor_.wait(*left, executor_.now() + leave_patience);
  }
}

void ConsumerGroup::end() {
  member_->close();
  coordinator_->close();
}

}  // namespace leat::client
