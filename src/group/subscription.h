#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <string>
#include <vector>

namespace leat::group {

/// The topics that a consumer's protocol metadata names. Only what all versions begin with is read, so that it need
/// not be known which there are; `corrupt_message` where it is not that.
Result<std::vector<std::string>> subscribed_topics(Bytes metadata);

}  // namespace leat::group
