#pragma once

#include <memory>

#include "group/settings.h"
#include "group/step.h"

namespace leat::group {

class Groups;

/// All groups of one partition of `__consumer_offsets`: pure, deterministic, without I/O.
///
///   G1 a state that records hold changes only in apply(), so that replaying the log gives it again.
///   G2 every ticket is answered exactly once, at once or in a later step; what is not answered any more when
///      the coordinator is dropped, is the owner's to answer.
///   G3 an answer depends on no record written after it was handed out.
///   G4 a partition is assigned to the members of one generation only; nobody of an older one may commit.
///
/// Threads: none; its owner's one at a time.
class Coordinator final : private Step::State {
 public:
  explicit Coordinator(const Settings& settings);
  ~Coordinator() override;

  /// One event. Its records must be written, in order, before any later step's; if they cannot be, this
  /// coordinator is to be dropped and replayed from the log.
  Actions step(Event event, const Now& now);

  /// One record of the log: on replay, in order. Total: any record that decodes is taken.
  void apply(const Record& record) override;
  /// Replay is over: members have a whole session time-out from now (I26), deadlines begin.
  void begin(const Now& now);

  /// When a Tick is due next. A Tick that comes early does nothing.
  Instant next_deadline() const;
  /// About so much memory is held: members' metadata and assignments, offsets. Costs nothing to ask.
  std::size_t memory_bytes() const;
  std::size_t group_count() const;

 private:
  void on(Join event, Step& step);
  void on(Sync event, Step& step);
  void on(const Heartbeat& event, Step& step);
  void on(const Leave& event, Step& step);
  void on(const CommitOffsets& event, Step& step);
  void on(const FetchOffsets& event, Step& step);
  void on(const DeleteOffsets& event, Step& step);
  void on(const ListGroups& event, Step& step);
  void on(const DescribeGroup& event, Step& step);
  void on(const DeleteGroup& event, Step& step);
  void on(const TopicsDeleted& event, Step& step);
  void on(const Tick& event, Step& step);

  Errc commit_to(const CommitOffsets& event, Step& step);
  void create(const std::string& group, Step& step);
  void remove_expired(Step& step);

  const Settings settings_;
  std::unique_ptr<Groups> groups_;
  /// When expired offsets and groups are looked for next.
  Instant next_expiry_ = Instant::max();
};

}  // namespace leat::group
