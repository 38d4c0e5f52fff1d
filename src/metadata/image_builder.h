#pragma once

#include <leat/result.h>

#include <memory>
#include <optional>
#include <unordered_set>

#include "metadata/image.h"
#include "metadata/records.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {

/// What the record makes of a partition. A leader that is present, the same one too, is a new term.
void merge(PartitionImage& partition, const protocol::PartitionChangeRecord& record);

/// Replays records into images; the only way to make one.
///
/// Topics that a batch does not touch are shared between the images published before and after it. A
/// metadata transaction shows when its EndTransactionRecord is applied and vanishes at an
/// AbortTransactionRecord. Records of features that have no place in the image are accepted and ignored.
/// Not thread-safe; what publish() gave is.
class ImageBuilder {
 public:
  ImageBuilder() = default;
  /// Goes on from `image`.
  explicit ImageBuilder(Image image) : image_(std::move(image)) {}

  /// `corrupt` when the record does not fit what came before (a partition of an unknown topic): the log
  /// then does not describe a cluster.
  Result<void> apply(Record record);
  /// The same outside of transactions, for a record that is still needed: to decide on what a decision leaves.
  Result<void> apply_now(const Record& record);
  /// All of one batch of framed values, then where it ended.
  Result<void> apply_batch(const std::vector<Bytes>& values, Offset last_offset, LeaderEpoch epoch);
  void set_end(Offset last_offset, LeaderEpoch epoch) {
    image_.offset = last_offset;
    image_.epoch = epoch;
  }

  /// Everything applied so far. A view that the next apply changes.
  const Image& image() const { return image_; }
  bool in_transaction() const { return transaction_.has_value(); }
  std::shared_ptr<const Image> publish();

 private:
  Result<TopicImage*> mutable_topic(const Uuid& id);
  void put_topic(std::shared_ptr<const TopicImage> topic);

  Image image_;
  /// Topics made since the last publish(): nobody else sees them yet, so they are changed in place.
  std::unordered_set<Uuid, UuidHash> fresh_;
  std::optional<Records> transaction_;
};

}  // namespace leat::metadata
