#pragma once

#include <leat/result.h>

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "metadata/image_builder.h"
#include "metadata/images.h"
#include "quorum/metadata_follower.h"

namespace leat::metadata {

/// The metadata of a node that is no controller: a copy of the active controller's log, and the image of what is committed
/// in it. Safe from any thread.
class Follower {
 public:
  struct Environment {
    Executor& executor;
    const Clock& clock;
    Entropy& entropy;
    io::Volume& volume;
    protocol::Connector& connector;
    Images& images;  ///< where it publishes
    Diagnostics diagnostics;
  };
  struct Options {
    std::string directory;  ///< the metadata log directory; the copy is in its __cluster_metadata-0
    quorum::MetadataFollower::Options copy;
  };
  /// Opens the copy; nothing is asked before start().
  static Result<std::unique_ptr<Follower>> open(Environment environment, Options options);

  /// Closes.
  ~Follower();

  void start();
  /// Set once all that was committed when the controller was first reached has been published.
  Event& caught_up();
  /// Where the active controller is, as far as this node knows.
  std::optional<quorum::MetadataFollower::Leader> controller() const;
  /// All that was committed then is in the image that has been published last, or in an earlier one.
  Instant as_of() const;
  /// Of the image that has been published last.
  Offset applied() const;
  Result<void> close();

 private:
  struct Core;
  explicit Follower(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace leat::metadata
