#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include "base/types.h"

namespace leat::record {

/// What a follower may append of a fetch's answer: the whole and sound batches at its front, up to one of a leader newer
/// than `leader_epoch` (behaviours.md F18). corrupt_message when one of them is damaged.
Result<Bytes> usable_batches(Bytes batches, LeaderEpoch leader_epoch);

}  // namespace leat::record
