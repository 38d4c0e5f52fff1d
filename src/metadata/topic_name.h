#pragma once

#include <leat/result.h>

#include <string_view>

#include "metadata/image.h"

namespace leat::metadata {

/// invalid_topic_exception, with a sentence, unless 1 to 249 of [a-zA-Z0-9._-] and neither "." nor "..".
Result<void> check_topic_name(std::string_view name);
/// The existing topic that differs from `name` only in '.' and '_', which metrics cannot tell apart.
const TopicImage* colliding_topic(const Image& image, std::string_view name);
/// Whether the two names differ only so.
bool names_collide(std::string_view a, std::string_view b);

}  // namespace leat::metadata
