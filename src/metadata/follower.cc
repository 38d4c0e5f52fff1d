#include "metadata/follower.h"

#include <atomic>
#include <utility>

#include "base/errors.h"
#include "quorum/metadata_log.h"

namespace leat::metadata {

/// What the copy calls, one call at a time.
struct Follower::Core {
  explicit Core(Images& images) : images_(images) {}

  Result<void> apply(const quorum::MetadataLog::Batch& batch) {
    return builder_.apply_batch(batch.values, batch.last_offset, batch.epoch);
  }
  void publish() {
    if (builder_.image().offset == applied_.load()) return;
    const auto image = builder_.publish();
    images_.publish(image);
    applied_ = image->offset;
  }

  Images& images_;
  ImageBuilder builder_;
  std::atomic<Offset> applied_ = no_offset;
  Event caught_up_;
  std::shared_ptr<quorum::MetadataFollower> copy_;
};

Result<std::unique_ptr<Follower>> Follower::open(Environment environment, Options options) {
  LEAT_TRY(auto log, quorum::MetadataLog::open(environment.volume, environment.clock,
                                               {.directory = options.directory + "/__cluster_metadata-0",
                                                .node_id = options.copy.id,
                                                .directory_id = options.copy.directory_id},
                                               environment.diagnostics));
  auto core = std::make_unique<Core>(environment.images);
  core->copy_ = std::make_shared<quorum::MetadataFollower>(
      quorum::MetadataFollower::Environment{environment.executor, environment.entropy, environment.volume,
                                            environment.connector, environment.diagnostics},
      std::move(options.copy), std::move(log),
      quorum::MetadataFollower::Listener{
          .restarted = [core = core.get()] { core->builder_ = {}; },
          .committed = [core = core.get()](const auto& batch) { return core->apply(batch); },
          .caught_up = [core = core.get()](Offset) {
            core->publish();
            if (!core->caught_up_.is_set()) core->caught_up_.set();
          }});
  return std::unique_ptr<Follower>(new Follower(std::move(core)));
}

Follower::Follower(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Follower::~Follower() { (void)close(); }

void Follower::start() { core_->copy_->start(); }
Event& Follower::caught_up() { return core_->caught_up_; }
std::optional<quorum::MetadataFollower::Leader> Follower::controller() const { return core_->copy_->leader(); }
Instant Follower::as_of() const { return core_->copy_->as_of(); }
Offset Follower::applied() const { return core_->applied_; }
Result<void> Follower::close() { return core_->copy_->close(); }

}  // namespace leat::metadata
